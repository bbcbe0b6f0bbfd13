"""One way out to the network: paced, patient, distrustful of what comes back, and archived before it is parsed.

A portal that fails, lies or changes ends in a SourceError that names the address, the status, what came and
what to do; it never ends in fewer rows.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import stamina

from . import __version__, archive
from .asking import EVERYTHING, Asking
from .errors import RegistryError, SourceError
from .pages import parse_json
from .visits import Visit, Visits

ATTEMPTS = 5
LONGEST_WAIT = 120.0  # seconds a Retry-After may ask for; a portal that wants more is tried again at the next load
LONGEST_REPLY = 1_800.0  # seconds one reply may take as a whole
MOST_BYTES = 4 << 30  # of one file; a page of JSON is held in memory, so it may be far smaller only
MOST_PAGE_BYTES = 256 << 20
MOST_REDIRECTS = 5
HEAD = 2_048
TIMEOUT = httpx.Timeout(60.0, connect=20.0)
TRANSIENT = frozenset({202, 408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})

LOG = logging.getLogger("registry")
Guard = Callable[[bytes], str]  # the first bytes of a body -> what is wrong with it, or ""


class _AgainError(Exception):
    """A failure that may pass: what came, and the seconds the portal asked to wait (None: it did not say)."""

    def __init__(self, story: str, wait: float | None = None) -> None:
        super().__init__(story)
        self.wait = wait


class Taken(NamedTuple):
    """A reply whose bytes are in the archive."""

    url: str
    sha256: str
    size: int


@dataclass
class Web:
    """One HTTP client for a whole run, and when each host was last asked, so that none is asked too often."""

    client: httpx.Client
    pace: float
    asked: dict[str, float] = field(default_factory=dict)

    def wait_for(self, host: str) -> None:
        """Sleep until `pace` seconds have gone by since this host was last asked."""
        due = self.asked.get(host, 0.0) + self.pace
        time.sleep(max(0.0, due - time.monotonic()))
        self.asked[host] = time.monotonic()


@contextmanager
def open_web() -> Iterator[Web]:
    """The way out for one run. REGISTRY_CONTACT says whom a portal may write to, REGISTRY_PACE the seconds between requests."""
    contact = os.environ.get("REGISTRY_CONTACT", "no contact given")
    headers = {"User-Agent": f"surveillance-procurement-registry/{__version__} ({contact})"}
    pace = _seconds(os.environ.get("REGISTRY_PACE", "1"))
    stamina.instrumentation.set_on_retry_hooks([_tell])
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
    """What one source needs of the web: its archive folder, the hosts it may be led to, headers only its own host sees, its queries."""

    web: Web
    folder: Path
    home: str
    hosts: frozenset[str]
    secret: dict[str, str]
    visits: Visits
    asking: Asking = EVERYTHING

    def page(self, url: str, conditional: bool = False) -> tuple[Taken, Any]:
        """Archive one JSON reply and return it parsed (numbers as the text that was sent). SourceError for anything else."""
        known = self.visits.known(url) if conditional else None
        if known and not archive.page_path(self.folder, known.sha256).exists():
            known = None
        sha256, size = self._reply(url, known, json_trouble, lambda chunks: archive.receive_page(chunks, self.folder), MOST_PAGE_BYTES)
        raw = archive.read_page(self.folder, sha256)
        try:
            return Taken(url, sha256, size), parse_json(raw)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{url}: the JSON is cut short or malformed ({error}). {_TRY_AGAIN}") from error

    def file(self, url: str, guard: Guard, origin: str, at_least: int) -> archive.Archived | None:
        """Archive one file of at least so many lines as the source's newest load; None where that is unchanged."""
        known, newest = self.visits.known(url), archive.newest(self.folder)
        if known and (newest is None or newest.sha256 != known.sha256):
            known = None
        kept: list[archive.Archived] = []

        def keep(chunks: Iterator[bytes]) -> tuple[str, int]:
            kept.append(archive.receive(_long_enough(url, chunks, at_least), self.folder, origin))
            return kept[0].sha256, kept[0].size

        self._reply(url, known, guard, keep, MOST_BYTES)
        return kept[0] if kept else None

    def _reply(
        self, url: str, known: Visit | None, guard: Guard, keep: Callable[[Iterator[bytes]], tuple[str, int]], most: int
    ) -> tuple[str, int]:
        """Ask until a whole, well-shaped reply is archived; the sha256 and size of its bytes."""
        try:
            for attempt in stamina.retry_context(on=_whether_again, attempts=ATTEMPTS, timeout=None, wait_initial=1.0, wait_max=60.0):
                with attempt, self._asked(url, known) as reply:
                    if reply.status_code == httpx.codes.NOT_MODIFIED and known:
                        self.visits.note(url, known)
                        return known.sha256, known.size
                    _refuse_status(url, reply)
                    sha256, size = keep(_checked(url, reply, guard, most))
                    self.visits.note(
                        url, Visit(sha256, size, _now(), reply.headers.get("ETag", ""), reply.headers.get("Last-Modified", ""))
                    )
                    return sha256, size
        except (_AgainError, httpx.RequestError, httpx.InvalidURL) as error:
            told = str(error) or type(error).__name__
            raise SourceError(f"{url}: gave up after {ATTEMPTS} attempts; the last: {told}. {_TRY_AGAIN}") from error
        raise AssertionError("the loop above returns or raises")

    @contextmanager
    def _asked(self, url: str, known: Visit | None) -> Iterator[httpx.Response]:
        """The reply to `url`, having followed redirects by hand to hosts of the source's list only."""
        at = self._allowed(httpx.URL(url), url)
        for _ in range(MOST_REDIRECTS + 1):
            self.web.wait_for(at.host)
            with self.web.client.stream("GET", at, headers=self._headers(at, known)) as reply:
                if reply.status_code not in REDIRECTS:
                    yield reply
                    return
                at = self._led_to(at, reply)
        raise SourceError(
            f"{url}: redirected more than {MOST_REDIRECTS} times. Look at the address in a browser and correct the source file."
        )

    def _headers(self, at: httpx.URL, known: Visit | None) -> dict[str, str]:
        own = self.secret if at.netloc.decode() == self.home else {}
        return {**own, **(known.conditions() if known else {})}

    def _led_to(self, at: httpx.URL, reply: httpx.Response) -> httpx.URL:
        to = at.join(reply.headers.get("Location", ""))
        if (at.scheme, to.scheme) == ("https", "http"):
            raise SourceError(
                f"{at}: the portal redirects to {to}, where nothing is encrypted. Look at the address, and correct the source file."
            )
        return self._allowed(to, str(at))

    def _allowed(self, to: httpx.URL, led_by: str) -> httpx.URL:
        if to.netloc.decode() not in self.hosts:
            raise SourceError(
                f"{led_by}: leads to {to.scheme}://{to.netloc.decode()}, which is not among the source's hosts. "
                "If that is the publisher's new home, add it under hosts: in the source file."
            )
        return to


_TRY_AGAIN = "Nothing was changed; load again later, and look at the address in a browser if it stays so."


def _whether_again(error: Exception) -> bool | float:
    """The back-off hook: whether to ask again, or after how many seconds the portal said to."""
    if isinstance(error, _AgainError):
        return True if error.wait is None else error.wait
    return isinstance(error, httpx.RequestError)


def _refuse_status(url: str, reply: httpx.Response) -> None:
    """Raise unless the status is 200: `_AgainError` for what may pass, SourceError for what will not."""
    if reply.status_code == httpx.codes.OK:
        return
    told = f"status {reply.status_code}, {_excerpt(reply)}"
    if reply.status_code in TRANSIENT:
        raise _AgainError(told, _retry_after(reply.headers.get("Retry-After", "")))
    raise SourceError(f"{url}: {told}. Has the data set moved or been closed? Look at the address, and correct the source file.")


def _retry_after(header: str) -> float | None:
    """Seconds a Retry-After header (seconds or a date) asks for, at most LONGEST_WAIT; None where it cannot be read."""
    if header.strip().isdecimal():
        return min(float(header), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _excerpt(reply: httpx.Response) -> str:
    """The first words of a reply that is not what was asked for."""
    head = b""
    for chunk in reply.iter_bytes(HEAD):
        head += chunk
        if len(head) >= HEAD:
            break
    words = " ".join(re.sub(r"<[^>]*>", " ", head.decode("utf-8", "replace")).split())
    return f"saying {words[:200]!r}" if words else "with an empty body"


def _checked(url: str, reply: httpx.Response, guard: Guard, most: int) -> Iterator[bytes]:
    """The body as it comes, its first bytes looked at, its size and time limited, its end known to be its end."""
    size, last, began, looked = 0, b"", time.monotonic(), False
    for chunk in reply.iter_bytes(archive.CHUNK):
        size, last = size + len(chunk), chunk
        if not looked:
            _refuse(url, guard(chunk[:HEAD]))
            looked = True
        if size > most:
            raise SourceError(f"{url}: the reply is longer than {most:,} bytes. Ask for smaller pages with `page:` in the source file.")
        if time.monotonic() - began > LONGEST_REPLY:
            raise _AgainError(f"the reply took longer than {LONGEST_REPLY:.0f} s")
        yield chunk
    if not size:
        _refuse(url, guard(b""))
    framed = "Content-Length" in reply.headers or "Transfer-Encoding" in reply.headers
    if not framed and not last.endswith((b"\n", b"\r", b"]", b"}")):
        raise SourceError(f"{url}: the reply may be cut short: it says no length and does not end a line. {_TRY_AGAIN}")


def _long_enough(url: str, chunks: Iterator[bytes], at_least: int) -> Iterator[bytes]:
    """The chunks of a file; at their end SourceError where it has fewer lines than the data set ever had."""
    lines = 0
    for chunk in chunks:
        lines += chunk.count(b"\n") or chunk.count(b"\r")
        yield chunk
    if lines < at_least:
        raise SourceError(
            f"{url}: {lines:,} lines came, fewer than the {at_least:,} rows of a whole file. Nothing was changed. "
            "If the publisher really has fewer now, change expect: in the source file."
        )


def _refuse(url: str, trouble: str) -> None:
    if trouble:
        raise SourceError(f"{url}: {trouble}. {_TRY_AGAIN}")


def json_trouble(head: bytes) -> str:
    """What is wrong with a body that should be JSON, from its first bytes."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"[", b"{"):
        return ""
    return _not_wanted(start, "JSON")


def csv_trouble(head: bytes) -> str:
    """What is wrong with a body that should be a delimited file, from its first bytes."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return _not_wanted(start, "a delimited file") if not start or start[:1] in b"<{" else ""


def _not_wanted(start: bytes, wanted: str) -> str:
    if not start:
        return f"status 200 with an empty body instead of {wanted}"
    kind = "an HTML page" if start[:1] == b"<" else "something else"
    words = " ".join(re.sub(r"<[^>]*>", " ", start.decode("utf-8", "replace")).split())
    return f"status 200 with {kind} instead of {wanted}, saying {words[:120]!r}"


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
