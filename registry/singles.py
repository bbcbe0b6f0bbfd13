"""Match what is not judged (payments, council matters, documents found) and hand the rows to the writer."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from . import clean, staged
from .build import Writer
from .determine import Found, found_in
from .documents import document_holdings, document_row
from .judged import Context, add_contracts, match_rows, thing_matches
from .kinds import KindName
from .match import Match, supplier_of
from .matters import matter_holdings, matter_row, unknown_statuses
from .payments import Payments, transaction_row
from .report import SourceReport
from .source import Source

Row = dict[str, Any]


class Thing(NamedTuple):
    """One thing that matched: the id it is published under, its rows as staged, and what its words show."""

    id: str
    rows: list[staged.RawRow]
    matches: list[Match]
    found: Found


def add_payments(
    writer: Writer, known: Context, source: Source, db: staged.Connection, names: Iterable[str], report: SourceReport, _: list[Any]
) -> None:
    """Write the payments that match; nobody else's name is published."""
    payments, load = Payments(known.trade), load_id(source, report)
    for thing in _matched(known, source, db, names, report):
        payment = transaction_row(source, thing.rows[0], thing.id, thing.found, load)
        payments.add(payment, thing.found)
        writer.add("transactions", [payment])
        writer.add("matches", match_rows(known, "payment", thing.id, thing.matches))
    writer.add("holdings", payments.rows())


def add_matters(
    writer: Writer, known: Context, source: Source, db: staged.Connection, names: Iterable[str], report: SourceReport, issues: list[Any]
) -> None:
    """Write the council matters that match, with what their status comes to; a status nobody has mapped is an issue."""
    statuses, load = [], load_id(source, report)
    for thing in _matched(known, source, db, names, report):
        matter = matter_row(source, thing.rows[0], thing.id, thing.found, load)
        statuses.append((thing.rows[0]["status"], int(thing.rows[0]["row"])))
        writer.add("matters", [matter])
        writer.add("matches", match_rows(known, "matter", thing.id, thing.matches))
        writer.add("holdings", matter_holdings(matter, thing.found, known.trade))
    issues.extend(unknown_statuses(source, statuses, report.account["origin"]))


def add_documents(
    writer: Writer, known: Context, source: Source, db: staged.Connection, names: Iterable[str], report: SourceReport, _: list[Any]
) -> None:
    """Write the documents that mention something we know."""
    load = load_id(source, report)
    for thing in _matched(known, source, db, names, report):
        document = document_row(source, thing.rows, thing.id, thing.found, load)
        writer.add("documents", [document])
        writer.add("matches", match_rows(known, "document", thing.id, thing.matches))
        writer.add("holdings", document_holdings(document, thing.found, known.trade))


def load_id(source: Source, report: SourceReport) -> str:
    """The id of the load whose rows are written."""
    return f"{source.id}_{report.account['sha256'][:12]}"


def _matched(known: Context, source: Source, db: staged.Connection, names: Iterable[str], report: SourceReport) -> Iterator[Thing]:
    """Every thing of these names, in the order of the file, counted in the report."""
    seen: Counter[str] = Counter()
    report.rows_matched = 0
    for name, rows in staged.things(db, source, names):
        matches = thing_matches(known.matcher, rows)
        key = (name,) if source.group else next(staged.keys(db, source, [int(rows[0]["row"])]))
        row_id = thing_id(source, key, seen)
        found = found_in(matches, known.products, supplier_of(known.matcher, rows[0].get("supplier_name", "")))
        report.rows_matched += len(rows)
        yield Thing(row_id, rows, matches, found)


def thing_id(source: Source, key: Iterable[str], seen: Counter[str]) -> str:
    """An id made of the source's own key; where nothing tells rows apart, of their content and how many equal ones came before.

    `seen` counts the ids so far: identical lines of a checkbook are real, and each is one payment.
    """
    joined = "\x1f".join(key)
    plain = clean.identifier(joined) if source.key else hashlib.sha256(joined.encode()).hexdigest()[:16]
    row_id = f"{source.ids_begin}_{plain}"
    seen[row_id] += 1
    return f"{row_id}-{seen[row_id]}" if source.key_may_repeat or not source.key else row_id


# How the things of each kind of source are written: writer, knowledge, source, its staging, their names, its report, issues found.
ADD: dict[KindName, Callable[[Writer, Context, Source, staged.Connection, Iterable[str], SourceReport, list[Any]], None]] = {
    "contracts": add_contracts, "payments": add_payments, "matters": add_matters, "documents": add_documents,
}  # fmt: skip
