"""Limits, so that one reader's question cannot take the site away from the others.

Datasette's own settings limit the time of a statement and its rows; this adds what they leave open: the memory one
statement may take, how many such statements run at once, and how large a page may be asked for.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary

from datasette import hookimpl
from datasette.database import Results

# Of one SQLite connection: bytes of a value and of a statement, columns, parts of a compound select, bytes of a LIKE pattern.
SQLITE_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 50_000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
HEAP_BYTES = 256 * 1024 * 1024  # of all of SQLite in this process
# Of all the text in the rows of one statement: a thousand rows of a table take a few megabytes.
ANSWER_BYTES = 32 * 1024 * 1024
# A site has three threads for SQL. Readers' own SQL and downloads of whole tables share one, so two are always for pages.
AT_ONCE = 1
WAITING = 8
PATIENCE = 3.0  # seconds a reader's own SQL waits for its turn
# Of four pages made at once each waits at every statement for the work of the three others; of two at once as many are made in a second,
# and the slowest takes half as long. Who asks first is served first.
PAGES_AT_ONCE = 2
HTML_ROWS = 200
FACETS = 6
ADDRESS_BYTES = 30_000
ASKS_FOR_A_PAGE: ContextVar[bool] = ContextVar("asks_for_a_page", default=False)
TABLE_CSV = re.compile(r"/[^/]+/[^/]+\.csv")
ALL_ROWS = "_stream=on&_size=max"


def say(text: str) -> str:
    """Mark a sentence of ours for translation; it is told in the language of the address (see languages.py)."""
    return text


BUSY = say("Other people's SQL is running. Try again in a few seconds; the pages and the ready questions are not affected.")
TOO_LARGE = say("the answer is too large: ask for fewer rows or columns")


def counting_rows() -> Callable[[sqlite3.Cursor, tuple[Any, ...]], sqlite3.Row]:
    """A row factory of one connection that refuses to read on when a statement's rows hold more text than an answer may."""
    reading: list[Any] = [None, 0]

    def row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        if cursor is not reading[0]:
            reading[:] = cursor, 0
        reading[1] += sum(len(value) for value in values if isinstance(value, (str, bytes)))
        if reading[1] > ANSWER_BYTES:
            raise sqlite3.OperationalError(TOO_LARGE)
        return sqlite3.Row(cursor, values)

    return row


def page_of(execute: Callable[..., Awaitable[Results]]) -> Callable[..., Awaitable[Results]]:
    """`Database.execute`, of which a page gets no more rows than it may show: a question has no `_size` that could be refused."""

    async def cut(sql: str, params: Any = None, truncate: bool = False, **given: Any) -> Results:
        found = await execute(sql, params, truncate=truncate, **given)
        if not truncate or given.get("page_size") or not ASKS_FOR_A_PAGE.get() or len(found.rows) <= HTML_ROWS:
            return found
        return Results(found.rows[:HTML_ROWS], True, found.description)

    return cut


@hookimpl
def startup(datasette: Any) -> None:
    """Questions are answered on a page with at most so many rows; as data with as many as the settings allow."""
    for database in datasette.databases.values():
        database.execute = page_of(database.execute)


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Bound what one statement can take before its time is up."""
    conn.row_factory = counting_rows()
    for name, most in SQLITE_LIMITS.items():
        conn.setlimit(name, most)
    conn.execute(f"PRAGMA hard_heap_limit = {HEAP_BYTES}")


def is_html(path: str) -> bool:
    """Whether the address is that of a page, not of data."""
    return "." not in path.rpartition("/")[2]


def refusal(path: str, query: str) -> tuple[int, str] | None:
    """Status and words for an address that asks for more than a page may hold; None for any other."""
    given = parse_qsl(query)
    if len(query) > ADDRESS_BYTES:
        return 414, say(f"The address is longer than {ADDRESS_BYTES:,} characters.")
    if sum(name.startswith("_facet") and not name.startswith("_facet_size") for name, _ in given) > FACETS:
        return 400, say(f"At most {FACETS} facets are counted at once.")
    sizes = [value for name, value in given if name == "_size"]
    if is_html(path) and any(size == "max" or (size.isdigit() and int(size) > HTML_ROWS) for size in sizes):
        return 400, say(f"A page shows at most {HTML_ROWS} rows. Ask for .json or .csv to have more at once.")
    return None


def lean(path: str, query: str) -> str:
    """The query of a JSON address without counts that nobody asked for: they take longer than the rows."""
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    if not path.endswith(".json") or any(name.startswith(("_facet", "_nofacet")) for name in names):
        return query
    return f"{query}&_nofacet=1" if query else "_nofacet=1"


def whole(path: str, query: str) -> str:
    """The query of a table's CSV so that all its rows come, unless one page of them was asked for."""
    names = [name for name, value in parse_qsl(query, keep_blank_values=True) if (name, value) != ("_size", "max")]
    if not TABLE_CSV.fullmatch(path) or {"_size", "_next", "_stream"} & set(names):
        return query
    return f"{query}&{ALL_ROWS}" if query else ALL_ROWS


def heavy(path: str, query: str) -> bool:
    """Whether the reader brings SQL of their own, or takes a whole table or a spreadsheet."""
    return path.endswith(".xlsx") or any(name in ("sql", "_where", "_stream") for name, _ in parse_qsl(query, keep_blank_values=True))


class Turns:
    """At most so many at once, so many waiting, and nobody waits for ever."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self.free, self.seats, self.patience = at_once, waiting, patience

    async def take(self) -> bool:
        """True when it is our turn (give it back), False when the queue is full or the wait too long."""
        if not self.free and not self.seats:
            return False
        self.seats -= 1
        deadline = asyncio.get_running_loop().time() + self.patience
        while not self.free and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        self.seats += 1
        if not self.free:
            return False
        self.free -= 1
        return True

    def give(self) -> None:
        """The next one may go."""
        self.free += 1


def lanes() -> Callable[[Any], AbstractAsyncContextManager[Any]]:
    """For each address: the lane of the pages, or none. Data goes by it, since a slow reader may take a long while to fetch that."""
    of_loop: WeakKeyDictionary[Any, asyncio.Semaphore] = WeakKeyDictionary()

    def lane(scope: Any) -> AbstractAsyncContextManager[Any]:
        if scope["method"] != "GET" or not is_html(scope["path"]):
            return nullcontext()
        return of_loop.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(PAGES_AT_ONCE))

    return lane


async def _told(datasette: Any, scope: Any, words: str) -> str:
    await datasette.invoke_startup()  # the very first request may be one that is refused
    return str(datasette.jinja_env.globals["tongue"].told_at(scope["path"], words))


async def _refuse(send: Any, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    headers += [(b"retry-after", b"5")] if status == 503 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


@hookimpl(tryfirst=True)
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Innermost: what is already kept in memory is given without a turn."""
    turns, lane = Turns(), lanes()

    def wrap(app: Any) -> Any:
        async def limited(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            query = (scope.get("query_string") or b"").decode("latin-1")
            refused = refusal(scope["path"], query)
            ASKS_FOR_A_PAGE.set(is_html(scope["path"]))
            query = whole(scope["path"], lean(scope["path"], query))
            scope = {**scope, "query_string": query.encode("latin-1")}
            if refused:
                await _refuse(send, refused[0], await _told(datasette, scope, refused[1]))
            elif not heavy(scope["path"], query):
                async with lane(scope):
                    await app(scope, receive, send)
            elif not await turns.take():
                await _refuse(send, 503, await _told(datasette, scope, BUSY))
            else:
                try:
                    await app(scope, receive, send)
                finally:
                    turns.give()

        return limited

    return wrap
