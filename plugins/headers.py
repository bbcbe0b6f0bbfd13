"""The headers of every answer: how long it may be kept, what a page may load, and no cookies.

This site only reads and is the same for everyone, so a request's cookies are dropped at the door and none is ever set.
The entity tag is made of the registry's hash, the site's own files and the day (answers speak of "today"), so a page that
has not changed is answered with 304 before anything is rendered.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.version import __version__

SECURITY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}
READING = ("GET", "HEAD", "OPTIONS")
# Protocols that ask by POST; their questions change nothing either. The length of a question is bounded.
POSTED = re.compile(r"/(reconcile/\w+|mcp)")
POSTED_BYTES = 64 * 1024
SHARED_DATA = re.compile(r".*\.(json|csv|db|xlsx)|/reconcile/.*")  # what pages of other sites may read
# Seconds. A browser asks again after five minutes (a 304 costs almost nothing); a shared cache keeps a page for an hour
# but not past midnight UTC, because answers are for "today"; while it asks again it may serve the old page for ten minutes.
BROWSER, SHARED, WHILE_ASKING, MISSING = 300, 3600, 600, 60
STATIC = "public, max-age=86400, s-maxage=31536000, stale-while-revalidate=604800"
STATIC_FOREVER = "public, max-age=31536000, immutable"  # the address itself carries the file's hash
OURS = {b"set-cookie", b"vary", b"cache-control", b"etag", b"referrer-policy", b"access-control-allow-origin"}
DROPPED = {b"cookie", b"authorization"}
Header = tuple[bytes, bytes]


def say(text: str) -> str:
    """Mark a sentence of ours for translation; it is told in the language of the address (see languages.py)."""
    return text


def _files(datasette: Any) -> Iterator[Path]:
    """Every file of the site's own behaviour and looks, in a fixed order."""
    folders = [datasette.plugins_dir, datasette.template_dir, *(folder for _, folder in datasette.static_mounts)]
    files = {path for folder in folders if folder for path in Path(folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    yield from sorted(files)


def site_stamp(datasette: Any) -> str:
    """16 hexadecimal digits that change when the database, the words, the settings or the site's files do."""
    told = [__version__, json.dumps([datasette.metadata(), datasette.settings_dict()], sort_keys=True, default=str)]
    told += [str(database.hash) for database in datasette.databases.values() if not database.is_mutable]
    digest = hashlib.sha256("\n".join(told).encode())
    for path in _files(datasette):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def entity_tag(stamp: str, day: str, host: str, target: str) -> str:
    """A weak tag: compressed and plain bodies of one address are the same page."""
    return f'W/"{stamp}-{day}-{hashlib.sha256(f"{host} {target}".encode()).hexdigest()[:12]}"'


def page_life(now: datetime) -> str:
    """Cache-Control of a page or of data at this moment (UTC)."""
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    shared = max(1, min(SHARED, int((midnight - now).total_seconds())))
    return f"public, max-age={min(BROWSER, shared)}, s-maxage={shared}, stale-while-revalidate={WHILE_ASKING}"


def life(status: int, target: str, given: str, now: datetime) -> str:
    """Cache-Control by status and address; what the page itself marked `no-store` (half a page) stays so."""
    if status in (301, 302, 404):
        return f"public, max-age={MISSING}, s-maxage={MISSING}"
    if status not in (200, 304) or "no-store" in given:
        return "no-store"
    path, _, query = target.partition("?")
    if path.startswith(("/-/static", "/static/")):
        return STATIC_FOREVER if query else STATIC
    return page_life(now)


def _target(scope: Any) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string") or b""
    return (raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


def _dressed(message: Any, method: str, target: str, tag: str, now: datetime) -> Any:
    """The first message of an answer with our headers in place of those we decide."""
    given = {key.lower(): value for key, value in message["headers"]}
    asked = given.get(b"cache-control", b"").decode("latin-1")
    control = life(message["status"], target, asked, now) if method in READING else "no-store"
    added = {**SECURITY, "cache-control": control, "vary": "Accept-Encoding"}
    if message["status"] in (200, 304) and control != "no-store":
        added["etag"] = tag
    if SHARED_DATA.fullmatch(target.partition("?")[0]):
        added["access-control-allow-origin"] = "*"
    kept = [(key, value) for key, value in message["headers"] if key.lower() not in OURS and key.lower().decode() not in SECURITY]
    return {**message, "headers": kept + [(key.encode(), value.encode("latin-1")) for key, value in added.items()]}


async def _answer(send: Callable[..., Any], status: int, words: str, headers: list[Header]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


def _refusal(method: str, path: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
    """Status and words for a question that is asked in a way we do not answer; None for any other."""
    if method in READING:
        return None
    if method != "POST" or not POSTED.fullmatch(path):
        return 405, say("This site only answers questions (GET).")
    length = headers.get(b"content-length", b"").decode("latin-1")
    if not length.isdecimal() or int(length) > POSTED_BYTES:
        return 413, say(f"A question sent by POST says its length and has at most {POSTED_BYTES:,} bytes.")
    return None


def _matches(headers: dict[bytes, bytes], tag: str) -> bool:
    given = headers.get(b"if-none-match", b"").decode("latin-1")
    return tag.removeprefix("W/") in (one.strip().removeprefix("W/") for one in given.split(","))


@hookimpl(trylast=True)
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Outermost, so that nothing leaves without these headers and an unchanged page costs nothing."""
    known: dict[str, str] = {}

    def wrap(app: Any) -> Any:
        async def site(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            stamp = known.setdefault("stamp", known.get("stamp") or site_stamp(datasette))
            now, target = datetime.now(UTC), _target(scope)
            headers = {key.lower(): value for key, value in scope["headers"]}
            tag = entity_tag(stamp, now.strftime("%Y%m%d"), headers.get(b"host", b"").decode("latin-1"), target)

            async def dressed(message: Any) -> None:
                await send(_dressed(message, scope["method"], target, tag, now) if message["type"] == "http.response.start" else message)

            refused = _refusal(scope["method"], scope["path"], headers)
            if refused:
                plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"allow", ", ".join(READING).encode())]
                await datasette.invoke_startup()  # the very first request may be one that is refused
                words = datasette.jinja_env.globals["tongue"].told_at(scope["path"], refused[1])
                await _answer(dressed, refused[0], words, plain)
            elif scope["method"] in READING and _matches(headers, tag):
                await _answer(dressed, 304, "", [])
            else:
                clean = [(key, value) for key, value in scope["headers"] if key.lower() not in DROPPED]
                await app({**scope, "headers": clean}, receive, dressed)

        return site

    return wrap
