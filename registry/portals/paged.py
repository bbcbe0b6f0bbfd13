"""Bring a data set in, page by page, and believe it only when the portal's own count agrees before and after."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
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
    """What to ask the next page for: how many rows are here already, the identity of the last one, the page's size, the query.

    The query is "" where the whole data set is read.
    """

    received: int
    last: str
    page: int
    query: str = ""


class Wire(NamedTuple):
    """One kind of portal: the form of its replies, how to survey what a query finds in a data set, and the address of the next page."""

    form: Form
    survey: Callable[[Source, Fetcher, str], Survey]
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
    """What the portal has, checked against the source file; and one row, to see that rows come. Of several queries, the first is tried."""
    query = _queries(fetcher)[0]
    found = wire.survey(source, fetcher, query)
    _must_fit(source, found)
    _, body = fetcher.page(wire.address(source, found, Asked(0, "", 1, query)))
    identities(source, RECORDS[wire.form](body, source.url), found)
    return found


def fetch(wire: Wire, source: Source, fetcher: Fetcher) -> None:
    """Archive every page of every query and then their list. SourceError where the rows of a query do not add up, twice."""
    fetch_parts(wire, source, [source], fetcher)


def fetch_parts(wire: Wire, source: Source, places: Sequence[Source], fetcher: Fetcher) -> None:
    """As `fetch`, for a data set that lies in several places of one portal; `places` are the source as it lies in each."""
    parts = [_part(wire, place, fetcher, query).marked(at) for at, place in enumerate(places) for query in _queries(fetcher)]
    received = sum(part.received for part in parts)
    _enough(source, received)
    asked = fetcher.asking
    manifest = Manifest(
        form=wire.form, rows=received, columns=parts[0].found.columns, pages=tuple(page for part in parts for page in part.pages),
        identity=parts[0].found.identity if asked.queries else "",
        searched_for=None if asked.searched_for is None else dict(sorted(asked.searched_for.items())),
    )  # fmt: skip
    archive_manifest(source.id, fetcher.folder, manifest)


def _queries(fetcher: Fetcher) -> tuple[str, ...]:
    return fetcher.asking.queries or ("",)


class _Part(NamedTuple):
    """What one query brought: the portal's survey, the pages, how many rows they hold and how many of those are different."""

    found: Survey
    pages: list[Page]
    received: int
    distinct: int

    def marked(self, place: int) -> _Part:
        """The same with its pages marked: what tells rows apart does so only within one place."""
        return self._replace(pages=[msgspec.structs.replace(page, place=place) for page in self.pages])


def _part(wire: Wire, source: Source, fetcher: Fetcher, query: str) -> _Part:
    """The pages of one query, believed when the portal counts the same before and after; read a second time where it does not."""
    trouble = ""
    for attempt in (1, 2):
        before = wire.survey(source, fetcher, query)
        _must_fit(source, before)
        part = _take(wire, source, fetcher, before, query, attempt == 1)
        trouble = disagreement(before, wire.survey(source, fetcher, query), part.received, part.distinct)
        if not trouble:
            return part
    raise SourceError(f"{source.id}: {source.url}: {trouble}, also when read again from the start. Nothing was changed; load again later.")


def _must_fit(source: Source, found: Survey) -> None:
    unknown_columns(source, [*found.columns, found.identity], source.url)
    if source.asks is None:
        _enough(source, found.rows)


def _enough(source: Source, rows: int) -> None:
    if rows < source.expect.rows_at_least:
        raise SourceError(
            f"{source.id}: {source.url} now has {rows:,} rows; at least {source.expect.rows_at_least:,} are expected. "
            f"Nothing was changed. If the publisher really has fewer now, change expect: in data/sources/{source.id}.yml."
        )


def _take(wire: Wire, source: Source, fetcher: Fetcher, found: Survey, query: str, conditional: bool) -> _Part:
    """Read the pages of one query."""
    taken: list[Page] = []
    received = 0
    with closing(_Seen()) as seen:
        for page, body in _pages(wire, source, fetcher, found, query, conditional):
            names = identities(source, RECORDS[wire.form](body, page.url), found)
            received += len(names)
            seen.add(names)
            taken.append(Page(url=page.url, sha256=page.sha256, bytes=page.size))
        return _Part(found, taken, received, seen.count())


def _pages(
    wire: Wire, source: Source, fetcher: Fetcher, found: Survey, query: str, conditional: bool
) -> Iterator[tuple[Taken, Any]]:
    """Page after page, advancing by the rows that came and not by those asked for, until all are here or none comes."""
    asked = Asked(0, "", found.page, query)
    while asked.received < found.rows:
        taken, body = fetcher.page(wire.address(source, found, asked), conditional)
        records = RECORDS[wire.form](body, taken.url)
        if not records:
            return
        yield taken, body
        asked = asked._replace(received=asked.received + len(records), last=str(records[-1].get(found.identity, "")))


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
