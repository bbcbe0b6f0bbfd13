"""Keep the pages last asked for in memory, compressed: the registry cannot change under a running site.

A front-page day is one page asked for thousands of times. A cache in front of the site does the most; this makes the
same true on one small machine without one. Bounded in bytes; the least recently used page leaves first.
"""

from __future__ import annotations

import re
import zlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from datasette import hookimpl

KEEP_BYTES = 32 * 1024 * 1024  # of compressed pages: some three thousand
LARGEST = 2 * 1024 * 1024  # a page larger than this is answered but not kept
WORTH_COMPRESSING = 1024
LEVEL = 5  # a page of 100 KB takes about 2 ms; higher levels cost more than they save
COMPRESSED = ("text/", "application/json", "application/javascript", "image/svg")
# Half a page must not be kept as if it were the whole: counts that took too long are left out of it.
HALF = (b'class="notice late"', b'"facets_timed_out": ["')
REFUSED = re.compile(rb"q=0(\.0*)?")
Page = tuple[dict[str, Any], bytes]


class Kept:
    """Pages by what was asked, least recently used first, with their size in bytes."""

    def __init__(self, limit: int = KEEP_BYTES) -> None:
        self.pages: OrderedDict[Any, Page] = OrderedDict()
        self.limit, self.size = limit, 0

    def get(self, key: Any) -> Page | None:
        """The page, which thereby becomes the most recently used one."""
        if key in self.pages:
            self.pages.move_to_end(key)
        return self.pages.get(key)

    def put(self, key: Any, page: Page) -> None:
        """Keep a page; others leave until all fit."""
        if key in self.pages:
            return
        self.pages[key] = page
        self.size += len(page[1])
        while self.size > self.limit:
            self.size -= len(self.pages.popitem(last=False)[1][1])


def wants_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding header asks for gzip; a weight of nought refuses it."""
    weights = {name.strip().lower(): weight.replace(b" ", b"") for name, _, weight in (one.partition(b";") for one in accepted.split(b","))}
    return b"gzip" in weights and not REFUSED.fullmatch(weights[b"gzip"])


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)  # 31: with a gzip header, which then holds no time of day
    return packer.compress(body) + packer.flush()


def _half(start: dict[str, Any], body: bytes) -> bool:
    return start["status"] == 200 and any(mark in body for mark in HALF)


def packed(start: dict[str, Any], body: bytes, gzip: bool) -> Page:
    """The answer as it is sent: compressed where that is wanted and worth it, with its length; half a page is marked."""
    headers = [(key, value) for key, value in start["headers"] if key.lower() != b"content-length"]
    kind = dict(headers).get(b"content-type", b"").decode("latin-1")
    if _half(start, body):
        headers = [(key, value) for key, value in headers if key.lower() != b"cache-control"] + [(b"cache-control", b"no-store")]
    if gzip and len(body) >= WORTH_COMPRESSING and kind.startswith(COMPRESSED):
        body = _gzip(body)
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    return {**start, "headers": headers}, body


class _Collecting:
    """One answer on its way: held back until it is whole, or passed on as it comes once it is too large to keep."""

    def __init__(self, send: Callable[[Any], Any]) -> None:
        self.send, self.passed_on, self.size = send, False, 0
        self.start: dict[str, Any] = {}
        self.parts: list[bytes] = []

    async def __call__(self, message: Any) -> None:
        if self.passed_on:
            await self.send(message)
        elif message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))
            self.size += len(self.parts[-1])
            if self.size > LARGEST and message.get("more_body"):
                await self._pass_on()

    async def _pass_on(self) -> None:
        self.passed_on = True
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": b"".join(self.parts), "more_body": True})


def _streams(scope: Any) -> bool:
    """Answers that may be as large as the database are passed on as they come."""
    return (
        scope["path"].endswith(".db")
        or scope["path"].startswith("/export/")
        or b"_stream" in scope["query_string"]
        or scope["method"] != "GET"
    )


def _worth_keeping(start: dict[str, Any], body: bytes, path: str) -> bool:
    """Whole good pages; what `/-/` tells of the running process is told anew each time."""
    live = path.startswith("/-/") and not path.startswith("/-/static")
    return start["status"] == 200 and len(body) <= LARGEST and not live and (b"cache-control", b"no-store") not in start["headers"]


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Between the headers (outside) and the limits (inside): a kept page is given whatever is being asked meanwhile."""
    kept = Kept()

    def wrap(app: Any) -> Any:
        async def pages(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or _streams(scope):
                await app(scope, receive, send)
                return
            headers = {key.lower(): value for key, value in scope["headers"]}
            gzip = wants_gzip(headers.get(b"accept-encoding", b""))
            asked = (datetime.now(UTC).date(), gzip, headers.get(b"host"), scope.get("raw_path") or scope["path"], scope["query_string"])
            page = kept.get(asked)
            if page is None:
                whole = _Collecting(send)
                await app(scope, receive, whole)
                if whole.passed_on:
                    return
                page = packed(whole.start, b"".join(whole.parts), gzip)
                if _worth_keeping(*page, scope["path"]):
                    kept.put(asked, page)
            await send(page[0])
            await send({"type": "http.response.body", "body": page[1]})

        return pages

    return wrap
