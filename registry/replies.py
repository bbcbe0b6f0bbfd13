"""What a reply must be before it is believed: its status, its first bytes, its length, its end. Everything else is refused.

What may pass (a busy portal, a broken connection) is told apart from what will not, so that only the first is asked again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from . import archive
from .errors import SourceError

LONGEST_WAIT = 120.0  # seconds a Retry-After may ask for; a portal that wants more is tried again at the next load
LONGEST_REPLY = 1_800.0  # seconds one reply may take as a whole
HEAD = 2_048
TRANSIENT = frozenset({202, 408, 425, 429, 500, 502, 503, 504})
TRY_AGAIN = "Nothing was changed; load again later, and look at the address in a browser if it stays so."

Guard = Callable[[bytes], str]  # the first bytes of a body -> what is wrong with it, or ""


class AgainError(Exception):
    """A failure that may pass: what came, and the seconds the portal asked to wait (None: it did not say)."""

    def __init__(self, story: str, wait: float | None = None) -> None:
        super().__init__(story)
        self.wait = wait


def whether_again(error: Exception) -> bool | float:
    """The back-off hook: whether to ask again, or after how many seconds the portal said to."""
    if isinstance(error, AgainError):
        return True if error.wait is None else error.wait
    return isinstance(error, httpx.RequestError)


def refuse_status(url: str, reply: httpx.Response, hopeless: tuple[str, ...]) -> None:
    """Raise unless the status is 200: `AgainError` for what may pass, SourceError for what will not.

    A reply that holds one of the `hopeless` words will not pass, whatever its status.
    """
    if reply.status_code == httpx.codes.OK:
        return
    words = _words(reply)
    told = f"status {reply.status_code}, " + (f"saying {words[:200]!r}" if words else "with an empty body")
    if reply.status_code in TRANSIENT and not any(one in words for one in hopeless):
        raise AgainError(told, retry_after(reply.headers.get("Retry-After", "")))
    token = " If the portal gives its data to those with a token only, get one." if reply.status_code in (401, 403) else ""
    raise SourceError(f"{url}: {told}. Has the data set moved or been closed?{token} Look at the address, and correct the source file.")


def retry_after(header: str) -> float | None:
    """Seconds a Retry-After header (seconds or a date) asks for, at most LONGEST_WAIT; None where it cannot be read."""
    if header.strip().isdecimal():
        return min(float(header), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _words(reply: httpx.Response) -> str:
    """The first words of a reply that is not what was asked for."""
    head = b""
    for chunk in reply.iter_bytes(HEAD):
        head += chunk
        if len(head) >= HEAD:
            break
    return _plain(head)


def _plain(raw: bytes) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", raw.decode("utf-8", "replace")).split())


def checked(url: str, reply: httpx.Response, guard: Guard, most: int) -> Iterator[bytes]:
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
            raise AgainError(f"the reply took longer than {LONGEST_REPLY:.0f} s")
        yield chunk
    if not size:
        _refuse(url, guard(b""))
    framed = "Content-Length" in reply.headers or "Transfer-Encoding" in reply.headers
    if not framed and not last.endswith((b"\n", b"\r", b"]", b"}")):
        raise SourceError(f"{url}: the reply may be cut short: it says no length and does not end a line. {TRY_AGAIN}")


def long_enough(url: str, chunks: Iterator[bytes], at_least: int) -> Iterator[bytes]:
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
        raise SourceError(f"{url}: {trouble}. {TRY_AGAIN}")


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


def xlsx_trouble(head: bytes) -> str:
    """What is wrong with a body that should be a workbook, which is a zip file, from its first bytes."""
    return "" if head.startswith(b"PK\x03\x04") else _not_wanted(head.lstrip(), "an XLSX workbook")


def _not_wanted(start: bytes, wanted: str) -> str:
    if not start:
        return f"status 200 with an empty body instead of {wanted}"
    kind = "an HTML page" if start[:1] == b"<" else "something else"
    return f"status 200 with {kind} instead of {wanted}, saying {_plain(start)[:120]!r}"
