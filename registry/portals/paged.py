"""Bring a data set in, page by page, and believe it only when the portal's own count agrees before and after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple, TypeVar

import msgspec

from .. import archive
from ..access import NARROWING
from ..errors import SourceError
from ..fetch import Ask, Fetcher, Taken
from ..incoming import unknown_columns
from ..pages import RECORDS, Form, Manifest, Page, Record, WireColumn, archive_manifest, name_of, read_manifest
from ..source import Source
from .seen import Seen

T = TypeVar("T")


class Survey(NamedTuple):
    """What a portal says of a data set: its columns, how many rows, when they last changed, and what tells rows apart.

    `rows` is None where the portal does not count; then it is read until a page is empty, but not past the row that is `until`
    when it is asked, or it might never end. `first` is the reply that holds the first page already, where the count came with it.
    """

    columns: dict[str, WireColumn]
    rows: int | None
    changed: str
    identity: str
    page: int
    first: Taken | None = None
    until: str = ""


class Asked(NamedTuple):
    """What to ask the next page for: how many rows are here already, the identity of the last one, the page's size, the query.

    The query is "" where the whole data set is read. `onward` is what the last reply said of the next one. `sent` is the size
    of the first page as it came (0 before): a portal may send smaller pages than it is asked for.
    """

    received: int
    last: str
    page: int
    query: str = ""
    onward: str = ""
    sent: int = 0


class Wire(NamedTuple):
    """One kind of portal: the form of its replies, how to survey what a query finds in a data set, and what to ask for the next page.

    `onward` takes from a reply what it says of the next (None: there is none), where a portal must be followed.
    `complete` says that every row names every column, so that one that does not shows a column that is gone.
    """

    form: Form
    survey: Callable[[Source, Fetcher, str], Survey]
    address: Callable[[Source, Survey, Asked], Ask]
    onward: Callable[[Any], str | None] | None = None
    complete: bool = False


def shaped(body: Any, kind: type[T], url: str) -> T:
    """A reply as the struct it should be; SourceError says where it is another shape."""
    try:
        return msgspec.convert(body, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SourceError(
            f"{url}: status 200, but the answer is not what it should be ({error}). The portal says: {json.dumps(body)[:200]}. "
            "Nothing was changed; has the data set moved? Then correct the source file."
        ) from error


def answer(fetcher: Fetcher, ask: Ask, kind: type[T]) -> T:
    """One reply as the struct it should be; SourceError for anything else."""
    return shaped(fetcher.page(ask)[1], kind, ask.url)


def survey(wire: Wire, source: Source, fetcher: Fetcher) -> Survey:
    """What the portal has, checked against the source file; and one row, to see that rows come. Of several queries, the first is tried."""
    query = _queries(source, fetcher)[0]
    found = wire.survey(source, fetcher, query)
    _must_fit(source, found)
    taken = found.first or fetcher.take(wire.address(source, found, Asked(0, "", 1, query)))
    _records(wire, source, found, taken, fetcher.read(taken))
    return found


def fetch(wire: Wire, source: Source, fetcher: Fetcher) -> None:
    """Archive every page of every query and then their list. SourceError where the rows of a query do not add up, twice."""
    archive_manifest(source.id, fetcher.folder, gather(wire, source, [source], fetcher))


def gather(wire: Wire, source: Source, places: Sequence[Source], fetcher: Fetcher) -> Manifest:
    """Archive every page of every query; the list of them is yet to be archived.

    A data set may lie in several places of one portal; `places` are the source as it lies in each.
    """
    before, queries = _read_before(source, fetcher), _queries(source, fetcher)
    parts = [_part(wire, place, fetcher, query, before).marked(at, query) for at, place in enumerate(places) for query in queries]
    received = sum(part.received for part in parts)
    _enough(source, received)
    asked = fetcher.asking
    return Manifest(
        form=wire.form, rows=received, columns={name: column for part in parts for name, column in part.found.columns.items()},
        pages=tuple(page for part in parts for page in part.pages), identity=parts[0].found.identity if asked.queries else "",
        searched_for=None if asked.searched_for is None else dict(sorted(asked.searched_for.items())),
        asked=narrowed(source, asked.queries),
    )  # fmt: skip


def narrowed(source: Source, queries: tuple[str, ...]) -> str:
    """A hash of what narrows the data set to some of its rows, in the source file or in the queries; "" where nothing does."""
    said = {name: source.access[name] for name in NARROWING if name in source.access}
    resources = source.access.get("resource", "").split()
    told = [sorted(said.items()), resources if len(resources) > 1 else [], queries]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12] if any(told) else ""


def _queries(source: Source, fetcher: Fetcher) -> tuple[str, ...]:
    """What the portal is asked; "" is everything. SourceError where there is nothing to ask, which must not become everything."""
    if source.asks is not None and not fetcher.asking.queries:
        raise SourceError(f"{source.id}: no name is known to ask for. Look at `asks:` in data/sources/{source.id}.yml.")
    return fetcher.asking.queries or ("",)


def _read_before(source: Source, fetcher: Fetcher) -> dict[str, Page]:
    """The pages of the newest load, by what was asked. Their rows were looked at then; unchanged, they need not be again."""
    load = archive.newest(fetcher.folder)
    return {page.url: page for page in read_manifest(load).pages} if load and load.origin == name_of(source.id) else {}


class _Part(NamedTuple):
    """What one query brought: the portal's survey, the pages, how many rows they hold and how many of those are different."""

    found: Survey
    pages: list[Page]
    received: int
    distinct: int

    def marked(self, place: int, query: str) -> _Part:
        """The same with its pages marked: what tells rows apart does so only within one place, and a query tells why a row came."""
        return self._replace(pages=[msgspec.structs.replace(page, place=place, query=query) for page in self.pages])


def _part(wire: Wire, source: Source, fetcher: Fetcher, query: str, before: dict[str, Page]) -> _Part:
    """The pages of one query, believed when the portal counts the same before and after; read a second time where it does not."""
    trouble, known = "", before
    for _ in (1, 2):
        found = wire.survey(source, fetcher, query)
        _must_fit(source, found)
        part = _take(wire, source, fetcher, found, query, known)
        alone = found.first is not None and len(part.pages) <= 1  # one reply cannot have changed while it was read
        trouble = disagreement(found, found if alone else wire.survey(source, fetcher, query), part.received, part.distinct)
        if not trouble:
            return part
        known = {}
    raise SourceError(f"{source.id}: {source.url}: {trouble}, also when read again from the start. Nothing was changed; load again later.")


def _must_fit(source: Source, found: Survey) -> None:
    own = [column for column in source.kept if source.portals_own(column) and column != found.identity]
    unknown_columns(source, list(dict.fromkeys([*found.columns, found.identity, *own])), source.url)
    if source.asks is None and found.rows is not None:
        _enough(source, found.rows)


def _enough(source: Source, rows: int) -> None:
    if rows < source.expect.rows_at_least:
        raise SourceError(
            f"{source.id}: {source.url} now has {rows:,} rows; at least {source.expect.rows_at_least:,} are expected. "
            f"Nothing was changed. If the publisher really has fewer now, change expect: in data/sources/{source.id}.yml."
        )


def _take(wire: Wire, source: Source, fetcher: Fetcher, found: Survey, query: str, known: dict[str, Page]) -> _Part:
    """Read the pages of one query. Where all of them are as they were, so are their rows, and none is parsed."""
    pages: list[Page] = []
    unread: list[Taken] = []
    with closing(Seen()) as seen:
        for page, taken, names in _pages(wire, source, fetcher, found, query, known):
            pages.append(page)
            if names is None:
                unread.append(taken)
            else:
                seen.add(names)
        received = sum(page.rows for page in pages)
        if pages and len(unread) == len(pages):
            return _Part(found, pages, received, received)
        for taken in unread:
            seen.add(identities(source, _records(wire, source, found, taken, fetcher.read(taken)), found))
        return _Part(found, pages, received, seen.count())


def _pages(
    wire: Wire, source: Source, fetcher: Fetcher, found: Survey, query: str, known: dict[str, Page]
) -> Iterator[tuple[Page, Taken, list[str] | None]]:
    """Page after page, advancing by the rows that came and not by those asked for, until all are here or none comes.

    With each page come what tells its rows apart, or None where it is as it was and was not parsed.
    """
    asked = Asked(0, "", found.page, query)
    onward: str | None = ""
    while onward is not None and (found.rows is None or asked.received < found.rows):
        first = None if asked.received else found.first
        taken = first or fetcher.take(wire.address(source, found, asked), bool(known))
        page, names, body = known.get(taken.name), None, None
        if page is None or wire.onward or (page.sha256, taken.unchanged) != (taken.sha256, True):
            body = fetcher.read(taken)
            names = identities(source, _records(wire, source, found, taken, body), found)
            page = Page(url=taken.name, sha256=taken.sha256, bytes=taken.size, rows=len(names), last=names[-1] if names else "")
        if not page.rows:
            return
        if found.rows is None and page.last == asked.last:
            raise SourceError(f"{source.id}: {source.url} sent the same page again. Nothing was changed; load again later.")
        yield page, taken, names
        onward = wire.onward(body) if wire.onward else ""
        asked = Asked(asked.received + page.rows, page.last, asked.page, query, onward or "", asked.sent or page.rows)


def _records(wire: Wire, source: Source, found: Survey, taken: Taken, body: Any) -> list[Record]:
    records = RECORDS[wire.form](body, taken.name)
    wanted = [found.columns[column].name for column in source.wanted if column in found.columns]
    gone = {name for name in wanted for record in records if _lacks(record, name)} if wire.complete else set()
    if gone:
        raise SourceError(
            f"{source.id}: {source.url} lacks the column {', '.join(map(repr, sorted(gone)))} in some rows. Nothing was changed. "
            f"If the portal renamed it, change data/sources/{source.id}.yml."
        )
    return records


def _lacks(record: Record, name: str) -> bool:
    """Whether a row does not name a column: neither it, nor the object that holds it (which may be null)."""
    return name not in record and name.split(".")[0] not in record


def page_of(source: Source, asked: Asked) -> tuple[int, int]:
    """The number of the next page, from 1, and the size of pages, for a portal that counts them; of the size in which the first came.

    SourceError where pages came in different sizes, so that a number would lose rows.
    """
    size = min(asked.sent or asked.page, asked.page)
    if asked.received % size:
        raise SourceError(
            f"{source.id}: {source.url} sent pages of different sizes, so none can follow {asked.received:,} rows. Nothing was changed; "
            f"ask for smaller pages with `page:` in data/sources/{source.id}.yml."
        )
    return asked.received // size + 1, size


def identities(source: Source, records: list[Record], found: Survey) -> list[str]:
    """What tells the rows of a page apart; SourceError where the portal left it out."""
    if any(not record.get(found.identity) for record in records):
        raise SourceError(
            f"{source.id}: {source.url} sent rows without `{found.identity}`, so they cannot be counted. Nothing was changed."
        )
    return [str(record[found.identity]) for record in records]


def disagreement(before: Survey, after: Survey, received: int, distinct: int) -> str:
    """Why the rows that came are not the data set, or "". Pure."""
    if (before.rows, before.changed, before.until) != (after.rows, after.changed, after.until):
        return f"the data set changed while it was read ({_told(before)}, then {_told(after)})"
    if before.rows is not None and received != before.rows:
        return f"the portal counts {before.rows:,} rows and sent {received:,}"
    if distinct != received:
        return f"the portal sent {received:,} rows, but only {distinct:,} different ones"
    return ""


def _told(found: Survey) -> str:
    return f"up to {found.until}, last changed {found.changed}" if found.rows is None else f"{found.rows:,} rows"
