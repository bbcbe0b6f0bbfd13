"""Match what is not judged (payments, council matters, documents found) and hand the rows to the writer."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from . import clean, staged
from .build import Writer
from .changes import About, change_rows
from .determine import Found, found_in
from .documents import document_holdings, document_row
from .history import Change
from .judged import Context, add_contracts, gone_things, match_rows, thing_matches
from .kinds import KindName
from .match import Match, supplier_of
from .matters import matter_holdings, matter_row, unknown_statuses
from .payments import Payments, transaction_row
from .report import SourceReport
from .source import Source

Row = dict[str, Any]


class Thing(NamedTuple):
    """One thing that matched: its id, its rows as staged, what its words show, and since when it is no longer shown (ISO day)."""

    id: str
    rows: list[staged.RawRow]
    matches: list[Match]
    found: Found
    changes: list[Change]
    load: str = ""
    disappeared_on: str | None = None


def add_payments(
    writer: Writer, known: Context, source: Source, db: staged.Connection, names: Iterable[str], report: SourceReport, _: list[Any]
) -> None:
    """Write the payments that match; nobody else's name is published."""
    payments = Payments(known.trade)
    for thing in _matched(known, source, db, names, report):
        payment = transaction_row(source, thing.rows[0], thing.id, thing.found, thing.load) | _gone(thing)
        payments.add(payment, thing.found)
        writer.add("transactions", [payment])
        _add_ties(writer, known, source, "payment", thing, payment)
    writer.add("holdings", payments.rows())


def add_matters(
    writer: Writer, known: Context, source: Source, db: staged.Connection, names: Iterable[str], report: SourceReport, issues: list[Any]
) -> None:
    """Write the council matters that match, with what their status comes to; a status nobody has mapped is an issue."""
    statuses = []
    for thing in _matched(known, source, db, names, report):
        matter = matter_row(source, thing.rows[0], thing.id, thing.found, thing.load) | _gone(thing)
        statuses.append((thing.rows[0]["status"], int(thing.rows[0]["row"])))
        writer.add("matters", [matter])
        _add_ties(writer, known, source, "matter", thing, matter)
        writer.add("holdings", matter_holdings(matter, thing.found, known.trade))
    issues.extend(unknown_statuses(source, statuses, report.account["origin"]))


def add_documents(
    writer: Writer, known: Context, source: Source, db: staged.Connection, names: Iterable[str], report: SourceReport, _: list[Any]
) -> None:
    """Write the documents that mention something we know."""
    for thing in _matched(known, source, db, names, report):
        document = document_row(source, thing.rows, thing.id, thing.found, thing.load) | _gone(thing)
        writer.add("documents", [document])
        _add_ties(writer, known, source, "document", thing, document)
        writer.add("holdings", document_holdings(document, thing.found, known.trade))


def _gone(thing: Thing) -> Row:
    return {"disappeared_on": thing.disappeared_on}


def _add_ties(writer: Writer, known: Context, source: Source, about: About, thing: Thing, row: Row) -> None:
    """Write why it is listed and what its publisher changed."""
    writer.add("matches", match_rows(known, about, thing.id, thing.matches))
    writer.add("changes", change_rows(source, about, row, thing.changes))


def _matched(known: Context, source: Source, db: staged.Connection, names: Iterable[str], report: SourceReport) -> Iterator[Thing]:
    """Every thing of these names, in the order of the file, counted in the report; then those that are shown no more."""
    seen: Counter[str] = Counter()
    report.rows_matched = 0
    load = staged.load_id(source, report.account["load"])
    for name, rows in staged.things(db, source, names):
        report.rows_matched += len(rows)
        yield _thing(known, source, db, name, rows, seen, "rows")._replace(load=load)
    for name, rows, missing in gone_things(source, db, known.matcher):
        thing = _thing(known, source, db, name, rows, seen, "gone")
        yield thing._replace(load=staged.load_id(source, missing.load), disappeared_on=missing.day)


def _thing(
    known: Context, source: Source, db: staged.Connection, name: str, rows: list[staged.RawRow], seen: Counter[str], table: staged.Table
) -> Thing:
    matches = thing_matches(known.matcher, rows)
    key = (name,) if source.group else staged.key(db, source, int(name), table)
    found = found_in(matches, known.products, supplier_of(known.matcher, rows[0].get("supplier_name", "")))
    changes = staged.changes(db, staged.name_of(db, source, name, table))
    return Thing(thing_id(source, key, seen), rows, matches, found, changes)


def thing_id(source: Source, key: Iterable[str], seen: Counter[str]) -> str:
    """An id made of the source's own key; where nothing tells rows apart, of their content and how many equal ones came before.

    `seen` counts the ids so far: identical lines of a checkbook are real, and each is one payment.
    """
    joined = "\x1f".join(key)
    plain = clean.identifier(joined) if source.key else hashlib.sha256(joined.encode()).hexdigest()[:16]
    row_id = f"{source.ids_begin}_{plain}"
    seen[row_id] += 1
    return f"{row_id}-{seen[row_id]}" if source.key_may_repeat or not source.key else row_id


def councils_apart(sources: Mapping[str, Source]) -> tuple[list[str], list[str]]:
    """The slugs of the sources of council matters, and of all others: a purchase is judged beside the matters of its place."""
    councils = [slug for slug, source in sources.items() if source.kind == "matters"]
    return councils, [slug for slug in sources if slug not in councils]


# How the things of each kind of source are written: writer, knowledge, source, its staging, their names, its report, issues found.
ADD: dict[KindName, Callable[[Writer, Context, Source, staged.Connection, Iterable[str], SourceReport, list[Any]], None]] = {
    "contracts": add_contracts, "payments": add_payments, "matters": add_matters, "documents": add_documents,
}  # fmt: skip
