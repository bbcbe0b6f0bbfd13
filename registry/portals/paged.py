"""Bring a data set in, page by page, and believe it only when the portal's own count agrees before and after."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

import msgspec

from ..errors import SourceError
from ..fetch import Fetcher, Taken
from ..incoming import unknown_columns
from ..pages import RECORDS, Form, Manifest, Page, Record, WireColumn, archive_manifest
from ..source import Source

T = TypeVar("T")


class Survey(NamedTuple):
    """What a portal says of a data set: its columns, how many rows, when they last changed, and what tells rows apart."""

    columns: dict[str, WireColumn]
    rows: int
    changed: str
    identity: str
    page: int


class Asked(NamedTuple):
    """What to ask the next page for: how many rows are here already, the identity of the last one, the page's size."""

    received: int
    last: str
    page: int


class Wire(NamedTuple):
    """One kind of portal: the form of its replies, how to survey a data set, and the address of the next page."""

    form: Form
    survey: Callable[[Source, Fetcher], Survey]
    address: Callable[[Source, Survey, Asked], str]


def shaped(body: Any, kind: type[T], url: str) -> T:
    """A reply as the struct it should be; SourceError says where it is another shape."""
    try:
        return msgspec.convert(body, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SourceError(
            f"{url}: status 200, but the answer is not what it should be ({error}). The portal says: {json.dumps(body)[:200]}. "
            "Nothing was changed; has the data set moved? Then correct the source file."
        ) from error


def survey(wire: Wire, source: Source, fetcher: Fetcher) -> Survey:
    """What the portal has, checked against the source file; and one row, to see that rows come."""
    found = wire.survey(source, fetcher)
    _must_fit(source, found)
    _, body = fetcher.page(wire.address(source, found, Asked(0, "", 1)))
    identities(source, RECORDS[wire.form](body, source.url), found)
    return found


def fetch(wire: Wire, source: Source, fetcher: Fetcher) -> None:
    """Archive every page and then their list. SourceError where the rows do not add up, twice."""
    trouble = ""
    for attempt in (1, 2):
        before = wire.survey(source, fetcher)
        _must_fit(source, before)
        taken, received, distinct = _take(wire, source, fetcher, before, attempt == 1)
        trouble = disagreement(before, wire.survey(source, fetcher), received, distinct)
        if not trouble:
            manifest = Manifest(form=wire.form, rows=received, columns=before.columns, pages=tuple(taken))
            archive_manifest(source.id, fetcher.folder, manifest)
            return
    raise SourceError(f"{source.id}: {source.url}: {trouble}, also when read again from the start. Nothing was changed; load again later.")


def _must_fit(source: Source, found: Survey) -> None:
    unknown_columns(source, [*found.columns, found.identity], source.url)
    if found.rows < source.expect.rows_at_least:
        raise SourceError(
            f"{source.id}: {source.url} now has {found.rows:,} rows; at least {source.expect.rows_at_least:,} are expected. "
            f"Nothing was changed. If the publisher really has fewer now, change expect: in data/sources/{source.id}.yml."
        )


def _take(wire: Wire, source: Source, fetcher: Fetcher, found: Survey, conditional: bool) -> tuple[list[Page], int, int]:
    """The pages, how many rows they hold, and how many of those are different rows."""
    taken: list[Page] = []
    received = 0
    with closing(_Seen()) as seen:
        for page, body in _pages(wire, source, fetcher, found, conditional):
            names = identities(source, RECORDS[wire.form](body, page.url), found)
            received += len(names)
            seen.add(names)
            taken.append(Page(url=page.url, sha256=page.sha256, bytes=page.size))
        return taken, received, seen.count()


def _pages(wire: Wire, source: Source, fetcher: Fetcher, found: Survey, conditional: bool) -> Iterator[tuple[Taken, Any]]:
    """Page after page, advancing by the rows that came and not by those asked for, until all are here or none comes."""
    asked = Asked(0, "", found.page)
    while asked.received < found.rows:
        taken, body = fetcher.page(wire.address(source, found, asked), conditional)
        records = RECORDS[wire.form](body, taken.url)
        if not records:
            return
        yield taken, body
        asked = Asked(asked.received + len(records), str(records[-1].get(found.identity, "")), found.page)


def identities(source: Source, records: list[Record], found: Survey) -> list[str]:
    """What tells the rows of a page apart; SourceError where the portal left it out."""
    if any(not record.get(found.identity) for record in records):
        raise SourceError(
            f"{source.id}: {source.url} sent rows without `{found.identity}`, so they cannot be counted. Nothing was changed."
        )
    return [str(record[found.identity]) for record in records]


def disagreement(before: Survey, after: Survey, received: int, distinct: int) -> str:
    """Why the rows that came are not the data set, or "". Pure."""
    if (before.rows, before.changed) != (after.rows, after.changed):
        return f"the data set changed while it was read (from {before.rows:,} rows to {after.rows:,})"
    if received != before.rows:
        return f"the portal counts {before.rows:,} rows and sent {received:,}"
    if distinct != received:
        return f"the portal sent {received:,} rows, but only {distinct:,} different ones"
    return ""


class _Seen:
    """A set of texts that grows on disk, so that memory stays flat however many rows a portal has."""

    def __init__(self) -> None:
        self.db = sqlite3.connect("")
        self.db.execute("CREATE TABLE seen (name TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, names: Iterable[str]) -> None:
        """Add texts; those seen before are counted once."""
        self.db.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((name,) for name in names))

    def count(self) -> int:
        """How many different texts were added."""
        return int(self.db.execute("SELECT count(*) FROM seen").fetchone()[0])

    def close(self) -> None:
        """Throw the set away."""
        self.db.close()
