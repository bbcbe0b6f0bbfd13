"""One way out to the network: paced, patient, distrustful of what comes back, and archived before it is parsed.

A portal that fails, lies or changes ends in a SourceError that names the address, the status, what came and
what to do; it never ends in fewer rows.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import stamina

from . import __version__, archive
from .asking import EVERYTHING, Asking
from .errors import RegistryError, SourceError
from .pages import parse_json
from .replies import TRY_AGAIN, AgainError, Guard, checked, json_trouble, refuse_status, whether_again
from .visits import Visit, Visits

ATTEMPTS = 5
MOST_BYTES = 4 << 30  # of one file; a page of JSON is held in memory, so it may be far smaller only
MOST_PAGE_BYTES = 256 << 20
MOST_REDIRECTS = 5
TIMEOUT = httpx.Timeout(60.0, connect=20.0)
REDIRECTS = frozenset({301, 302, 303, 307, 308})

LOG = logging.getLogger("registry")


class Ask(NamedTuple):
    """What a portal is asked: an address, and the JSON that is posted to it ("": it is simply got)."""

    url: str
    body: str = ""

    @property
    def name(self) -> str:
        """What tells one question from another: in the list of a load's pages, and among the visits."""
        return f"{self.url} {self.body}".rstrip()


class Taken(NamedTuple):
    """A reply whose bytes are in the archive; `unchanged` where the portal said that it is what it sent at the last load."""

    name: str
    sha256: str
    size: int
    unchanged: bool


class Secret(NamedTuple):
    """What only a source's own host is told: headers, and parameters of the address. Neither is archived or printed."""

    headers: dict[str, str]
    parameters: dict[str, str]

    def hidden(self, text: str) -> str:
        """The text without what is secret."""
        for value in (*self.headers.values(), *self.parameters.values()):
            text = text.replace(value, "(token)").replace(quote(value), "(token)")
        return text


NO_SECRET = Secret({}, {})


@dataclass
class Web:
    """One HTTP client for a whole run, and when each host was last asked, so that none is asked too often."""

    client: httpx.Client
    pace: float
    asked: dict[str, float] = field(default_factory=dict)

    def wait_for(self, host: str, at_least: float) -> None:
        """Sleep until `pace` seconds, and `at_least` so many, have gone by since this host was last asked."""
        due = self.asked.get(host, 0.0) + max(self.pace, at_least)
        time.sleep(max(0.0, due - time.monotonic()))
        self.asked[host] = time.monotonic()


@contextmanager
def open_web() -> Iterator[Web]:
    """The way out for one run. REGISTRY_CONTACT says whom a portal may write to, REGISTRY_PACE the seconds between requests."""
    contact = os.environ.get("REGISTRY_CONTACT", "no contact given")
    headers = {"User-Agent": f"surveillance-procurement-registry/{__version__} ({contact})"}
    pace = _seconds(os.environ.get("REGISTRY_PACE", "1"))
    stamina.instrumentation.set_on_retry_hooks([_tell])
    logging.getLogger("httpx").setLevel(logging.WARNING)  # below that it writes whole addresses, which may hold a token
    with httpx.Client(headers=headers, timeout=TIMEOUT, follow_redirects=False) as client:
        yield Web(client, pace)


def _tell(details: stamina.instrumentation.RetryDetails) -> None:
    LOG.warning("A portal did not answer (%s); asking again in %.0f s.", details.caused_by, details.wait_for)


def _seconds(told: str) -> float:
    try:
        return float(told)
    except ValueError as error:
        raise RegistryError(f"REGISTRY_PACE is `{told}`, which is not a number of seconds. Write e.g. 1 or 0.5.") from error


@dataclass
class Fetcher:
    """What one source needs of the web: its archive folder, the hosts it may be led to, and what only its own host is told, its queries.

    `hopeless` are words of an error page that say that asking again is of no use; `pace` is at least so many seconds between
    requests, where this portal wants more than others do.
    """

    web: Web
    folder: Path
    home: str
    hosts: frozenset[str]
    secret: Secret
    visits: Visits
    asking: Asking = EVERYTHING
    hopeless: tuple[str, ...] = ()
    pace: float = 0.0

    def page(self, ask: Ask) -> tuple[Taken, Any]:
        """Archive one JSON reply and return it parsed (numbers as the text that was sent). SourceError for anything else."""
        taken = self.take(ask)
        return taken, self.read(taken)

    def take(self, ask: Ask, conditional: bool = False) -> Taken:
        """Archive one JSON reply, which is not parsed yet. What is posted is always sent anew."""
        known = self.visits.known(ask.name) if conditional and not ask.body else None
        if known and not archive.page_path(self.folder, known.sha256).exists():
            known = None
        return self._reply(ask, known, json_trouble, lambda chunks: archive.receive_page(chunks, self.folder), MOST_PAGE_BYTES)

    def read(self, taken: Taken) -> Any:
        """An archived reply, parsed; SourceError where it is not whole JSON."""
        raw = archive.read_page(self.folder, taken.sha256)
        try:
            return parse_json(raw)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{taken.name}: the JSON is cut short or malformed ({error}). {TRY_AGAIN}") from error

    def file(
        self, url: str, guard: Guard, origin: str, through: Callable[[Iterator[bytes]], Iterator[bytes]], look: Callable[[Path], None]
    ) -> archive.Archived | None:
        """Archive one file as the source's newest load, once its bytes went `through` and `look` saw it; None where it is unchanged."""
        known, newest = self.visits.known(url), archive.newest(self.folder)
        if known and (newest is None or newest.sha256 != known.sha256):
            known = None
        kept: list[archive.Archived] = []

        def keep(chunks: Iterator[bytes]) -> tuple[str, int]:
            kept.append(archive.receive(through(chunks), self.folder, origin, look))
            return kept[0].sha256, kept[0].size

        self._reply(Ask(url), known, guard, keep, MOST_BYTES)
        return kept[0] if kept else None

    def _reply(
        self, ask: Ask, known: Visit | None, guard: Guard, keep: Callable[[Iterator[bytes]], tuple[str, int]], most: int
    ) -> Taken:
        """Ask until a whole, well-shaped reply is archived; what came, or that it is as it was."""
        try:
            for attempt in stamina.retry_context(on=whether_again, attempts=ATTEMPTS, timeout=None, wait_initial=1.0, wait_max=60.0):
                with attempt, self._secretly(), self._asked(ask, known) as reply:
                    if reply.status_code == httpx.codes.NOT_MODIFIED and known:
                        self.visits.note(ask.name, known)
                        return Taken(ask.name, known.sha256, known.size, True)
                    refuse_status(ask.url, reply, self.hopeless)
                    sha256, size = keep(checked(ask.url, reply, guard, most))
                    self.visits.note(ask.name, _visit(sha256, size, reply))
                    return Taken(ask.name, sha256, size, False)
        except (AgainError, httpx.RequestError, httpx.InvalidURL) as error:
            told = str(error) or type(error).__name__
            raise SourceError(f"{ask.url}: gave up after {ATTEMPTS} attempts; the last: {told}. {TRY_AGAIN}") from error
        raise AssertionError("the loop above returns or raises")

    @contextmanager
    def _secretly(self) -> Iterator[None]:
        """Take what is secret out of every message: a portal may send it back in an error page or a redirect."""
        try:
            yield
        except (AgainError, SourceError) as error:
            error.args = (self.secret.hidden(str(error)),)
            raise

    @contextmanager
    def _asked(self, ask: Ask, known: Visit | None) -> Iterator[httpx.Response]:
        """The reply, having followed redirects by hand to hosts of the source's list only."""
        at = self._allowed(httpx.URL(ask.url), ask.url)
        for _ in range(MOST_REDIRECTS + 1):
            self.web.wait_for(at.host, self.pace)
            with self._sent(at, ask, known) as reply:
                if reply.status_code not in REDIRECTS:
                    yield reply
                    return
                at = self._led_to(at, reply)
        raise SourceError(
            f"{ask.url}: redirected more than {MOST_REDIRECTS} times. Look at the address in a browser and correct the source file."
        )

    def _sent(self, at: httpx.URL, ask: Ask, known: Visit | None) -> AbstractContextManager[httpx.Response]:
        """One request, to a source's own host with what only that is told."""
        secret = self.secret if at.netloc.decode() == self.home else NO_SECRET
        headers = {**secret.headers, **(known.conditions() if known else {})}
        to = at.copy_merge_params(secret.parameters) if secret.parameters else at
        if not ask.body:
            return self.web.client.stream("GET", to, headers=headers)
        return self.web.client.stream("POST", to, headers={**headers, "Content-Type": "application/json"}, content=ask.body.encode())

    def _led_to(self, at: httpx.URL, reply: httpx.Response) -> httpx.URL:
        to = at.join(reply.headers.get("Location", ""))
        if (at.scheme, to.scheme) == ("https", "http"):
            raise SourceError(
                f"{at}: the portal redirects to {to}, where nothing is encrypted. Look at the address, and correct the source file."
            )
        for name in self.secret.parameters:  # a portal may repeat what it was asked, token and all, for another host
            to = to.copy_remove_param(name) if name in to.params else to
        return self._allowed(to, str(at))

    def _allowed(self, to: httpx.URL, led_by: str) -> httpx.URL:
        if to.netloc.decode() not in self.hosts:
            raise SourceError(
                f"{led_by}: leads to {to.scheme}://{to.netloc.decode()}, which is not among the source's hosts. "
                "If that is the publisher's new home, add it under hosts: in the source file."
            )
        return to


def _visit(sha256: str, size: int, reply: httpx.Response) -> Visit:
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Visit(sha256, size, moment, reply.headers.get("ETag", ""), reply.headers.get("Last-Modified", ""))
