"""What is odd about a staged row, said so that a person finds the row and knows what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from .archive import Archived
from .audit import reader, unreadable
from .errors import SourceError
from .incoming import LONGEST_ROW
from .issues import Issue
from .source import Source
from .sql import nameless

MOST_ISSUES_KEPT = 1_000


def look_at_amount(source: Source, load: Archived, number: int, raw: str, kept: tuple[str, ...], issues: list[Issue]) -> None:
    """Report an amount that is not plain digits, unless it can be read all the same."""
    if why := unreadable(reader(source, "value_amount"), raw):
        report(issues, odd(source, load, number, raw, source.fields["value_amount"], why, kept))


def report(issues: list[Issue], issue: Issue) -> None:
    """Keep the issue; past a thousand of one load the account still counts, but the list stops growing."""
    if len(issues) < MOST_ISSUES_KEPT:
        issues.append(issue)
    elif len(issues) == MOST_ISSUES_KEPT:
        issues.append(
            issue._replace(
                kind="more_issues",
                message=f"More than {MOST_ISSUES_KEPT} problems; the rest are not listed. First unlisted: {issue.message}",
            )
        )


_REFUSALS = {
    "nul_byte": (
        "The row holds a NUL byte, so its text cannot be trusted.",
        "Ask the publisher for a clean export; the bytes are in the archive.",
    ),
    "row_too_long": (
        f"The row is longer than {LONGEST_ROW:,} characters.",
        "Look for an unclosed quotation mark; the bytes are in the archive.",
    ),
    "wrong_number_of_columns": (
        "The row has another number of columns than the header.",
        "Is the file cut short, or does a value hold an unquoted comma?",
    ),
}


def refused(source: Source, load: Archived, number: int, why: str, row: list[str], width: int) -> Issue:
    """A row that could not be kept, and why; none of its words, which may stand under another column and belong to anybody."""
    message, remedy = _REFUSALS[why]
    detail = f" ({len(row)} instead of {width})" if why == "wrong_number_of_columns" else ""
    return Issue(source.id, "error", why, load.origin, number, "", "", f"Row {number} refused: {message}{detail}", remedy)


def odd(source: Source, load: Archived, number: int, value: str, column: str, message: str, kept: tuple[str, ...]) -> Issue:
    """An unreadable value: an error, or a warning where a person has looked at exactly this value of this row."""
    key = tuple(kept[source.kept.index(part)] for part in source.key)
    slip = next((slip for slip in source.known_slips if (slip.key, slip.column, slip.value) == (key, column, value)), None)
    if slip:
        return Issue(source.id, "warning", "known_slip", load.origin, number, column, value, f"Row {number}: {message}.", slip.note)
    return Issue(
        source.id,
        "error",
        "unreadable_value",
        load.origin,
        number,
        column,
        value[:200],
        f"Row {number}: {message}.",
        f"Staged as it stands, left out of sums and dates. Once looked at, declare it under known_slips: in data/sources/{source.id}.yml.",
    )


def nameless_rows(db: sqlite3.Connection, source: Source, load: Archived) -> Iterator[Issue]:
    """Rows without the number of their contract: staged, but rolled up with nothing, since no one can say what belongs together."""
    column = source.group
    if column is None:
        return
    what = str(source.grain_of.group)
    for (number,) in db.execute(f"SELECT row FROM rows WHERE {nameless(column)} ORDER BY row LIMIT {MOST_ISSUES_KEPT}"):
        yield Issue(
            source.id,
            "error",
            f"no_{what}",
            load.origin,
            number,
            column,
            "",
            f"Row {number} has no {what.replace('_', ' ')}.",
            f"Staged as it stands, in none of the {source.kind}. Ask the publisher, or look whether columns have moved.",
        )


def repeated_keys(db: sqlite3.Connection, source: Source, load: Archived, key: str) -> Iterator[Issue]:
    """Keys that stand more than once: a warning where the source file says that they may, else SourceError."""
    named = f"NOT {nameless(source.group)}" if source.group else "1"
    query = f"SELECT count(*), min(row), max(row), {key} FROM rows WHERE {named} GROUP BY {key} HAVING count(*) > 1"
    found = db.execute(query).fetchall()
    if found and not source.key_may_repeat:
        times, first, last, *values = found[0]
        stated = "" if _may_name_anybody(source) else f" = {' + '.join(values)}"
        raise SourceError(
            f"{source.id}: {load.origin}, rows {first} and {last}: the key {' + '.join(source.key)}{stated} stands "
            f"{times} times ({len(found)} keys repeat), and the source file says it is unique. Look at the rows; if repeats are "
            f"real, say why under key_may_repeat: in data/sources/{source.id}.yml."
        )
    for times, first, last, *values in found:
        yield Issue(
            source.id,
            "warning",
            "repeated_key",
            load.origin,
            first,
            " + ".join(source.key),
            "" if _may_name_anybody(source) else " + ".join(values),
            f"The key stands {times} times (rows {first} to {last}); all rows kept and told apart by occurrence.",
            source.key_may_repeat,
        )


def _may_name_anybody(source: Source) -> bool:
    """Whether the key of a row that is not published may hold a payee's name: rows of a checkbook are of everybody who was paid."""
    return source.kind == "payments"
