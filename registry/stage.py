"""Keep what a portal said, row for row and word for word, in a database of its own per source.

The staging file is written beside the old one and swapped in whole, so a failed or killed load leaves the
last good one. Nothing is derived here; odd values are staged as they are and reported.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from . import clean
from .archive import Archived
from .audit import MOST_REMEMBERED, Remembered, amount_column, date_checks, unreadable
from .audit import reader as value_reader
from .beside import fresh_beside
from .errors import SourceError
from .incoming import LONGEST_ROW, Table, reading, undecodable, unknown_columns
from .issues import Issue
from .source import Source
from .sql import nameless, quoted

BLOCK = 500
MOST_ISSUES_KEPT = 1_000


class Staged(NamedTuple):
    """The account of one load: rows read = rows staged + rows refused; issues hold every refusal by row."""

    rows_read: int
    rows_staged: int
    rows_refused: int
    issues: list[Issue]


def stage(source: Source, load: Archived, target: Path, definition: str, tick: Callable[[int], object]) -> Staged:
    """Write every row of `load` to the staging database `target`; SourceError leaves the old one as it was.

    `definition` is a hash of the source file's meaning, kept in the account. `tick(n)` is called with the number of
    rows newly read, for a progress bar.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = fresh_beside(target)
    try:
        with reading(source, load) as table, closing(sqlite3.connect(beside)) as db:
            staged = _fill(db, source, load, table, tick)
            db.execute("INSERT INTO account VALUES ('definition', ?)", (definition,))
            db.commit()
        beside.replace(target)
        return staged
    finally:
        beside.unlink(missing_ok=True)


def _fill(db: sqlite3.Connection, source: Source, load: Archived, table: Table, tick: Callable[[int], object]) -> Staged:
    issues = unknown_columns(source, table.columns, load.origin)
    _prepare(db, source)
    counts = _Counts()
    rows = _rows(_Reading(source, load, table, counts, issues, tick))
    holes = ", ".join("?" * (len(source.kept) + 1))
    db.executemany(f"INSERT INTO rows VALUES ({holes})", _loud(rows, source, load, counts))
    staged = Staged(counts.read, counts.read - counts.refused, counts.refused, issues)
    _finish(db, source, load, staged)
    return staged


def _prepare(db: sqlite3.Connection, source: Source) -> None:
    """A fresh file needs no journal: until the final rename nobody reads it, and a killed one is thrown away."""
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")
    columns = ", ".join(f"{quoted(column)} TEXT" for column in source.kept)
    db.execute(f"CREATE TABLE rows (row INTEGER PRIMARY KEY, {columns})")


class _Counts:
    """What has been read so far: records, those refused, and lines with nothing on them, which are no records."""

    def __init__(self) -> None:
        self.read = self.refused = self.blank = 0


class _Reading(NamedTuple):
    """What the reading of one load needs at every row."""

    source: Source
    load: Archived
    table: Table
    counts: _Counts
    issues: list[Issue]
    tick: Callable[[int], object]


def _rows(reading: _Reading) -> Iterator[tuple[object, ...]]:
    """Yield (row number, kept values); a row that cannot be kept is counted and reported instead.

    The hot loop of a load: a few hundred rows are looked at together, in calls that loop in C, and only where one of
    them is odd are they gone through one by one.
    """
    table, counts, ordinary = reading.table, reading.counts, _ordinary(reading)
    kept = [itemgetter(table.header.index(column)) for column in reading.source.kept]
    number = 1
    while block := _block(reading):
        if ordinary(block):
            yield from zip(range(number, number + len(block)), *(map(value, block) for value in kept), strict=True)
            counts.read += len(block)
        else:
            yield from _one_by_one(reading, number, block)
        number += len(block)
        reading.tick(len(block))


def _block(reading: _Reading) -> list[list[str]]:
    """The next few hundred rows; where reading them fails, the count says after how many."""
    block: list[list[str]] = []
    reading.table.watch.start()
    try:
        block.extend(islice(reading.table.rows, BLOCK))
    except (csv.Error, UnicodeDecodeError):
        reading.counts.read += len(block)
        raise
    return block


def _ordinary(reading: _Reading) -> Callable[[list[list[str]]], bool]:
    """A function that says whether every row of a block is whole and every date and amount in it readable."""
    table, width = reading.table, len(reading.table.header)
    dates = [(itemgetter(at), why, set[str]()) for at, _, why in date_checks(reading.source, table.header)]
    amount, plain = amount_column(reading.source, table.header), clean.PLAIN_MONEY.fullmatch

    def ordinary(block: list[list[str]]) -> bool:
        if table.watch.suspect or set(map(len, block)) != {width}:
            return False
        if amount is not None and not all(map(plain, map(itemgetter(amount), block))):
            return False
        return all(_readable(set(map(value, block)), why, seen) for value, why, seen in dates)

    return ordinary


def _readable(days: set[str], why: Remembered, seen: set[str]) -> bool:
    """Whether all days can be read; those seen before are not looked at again."""
    if len(seen) > MOST_REMEMBERED:
        seen.clear()
    new = days - seen
    if any(why[day] for day in new):
        return False
    seen |= new
    return True


def _one_by_one(reading: _Reading, number: int, block: list[list[str]]) -> Iterator[tuple[object, ...]]:
    """The rows of a block in which something is odd. A line with nothing on it is no row: many files end with one."""
    source, load, counts, issues, header = reading.source, reading.load, reading.counts, reading.issues, reading.table.header
    pick, dates, amount = itemgetter(*map(header.index, source.kept)), date_checks(source, header), amount_column(source, header)
    for at_row, row in enumerate(block, number):
        if not row:
            counts.blank += 1
            continue
        counts.read += 1
        if refusal := _why_refused(row, len(header)):
            counts.refused += 1
            _report(issues, _refused(source, load, at_row, refusal, row, len(header)))
            continue
        for at, column, why in dates:
            if why[row[at]]:
                _report(issues, _odd(source, load, at_row, row[at], column, why[row[at]], pick(row)))
        if amount is not None and not clean.PLAIN_MONEY.fullmatch(row[amount]):
            _look_at_amount(source, load, at_row, row[amount], pick(row), issues)
        yield (at_row, *pick(row))


def _why_refused(row: list[str], width: int) -> str:
    if any("\0" in value for value in row):
        return "nul_byte"
    if sum(map(len, row)) > LONGEST_ROW:
        return "row_too_long"
    return "" if len(row) == width else "wrong_number_of_columns"


def _look_at_amount(source: Source, load: Archived, number: int, raw: str, kept: tuple[str, ...], issues: list[Issue]) -> None:
    if why := unreadable(value_reader(source, "value_amount"), raw):
        _report(issues, _odd(source, load, number, raw, source.fields["value_amount"], why, kept))


def _report(issues: list[Issue], issue: Issue) -> None:
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


def _refused(source: Source, load: Archived, number: int, why: str, row: list[str], width: int) -> Issue:
    message, remedy = _REFUSALS[why]
    detail = f" ({len(row)} instead of {width})" if why == "wrong_number_of_columns" else ""
    excerpt = " | ".join(value[:40] for value in row[:6])
    return Issue(source.id, "error", why, load.origin, number, "", excerpt[:200], f"Row {number} refused: {message}{detail}", remedy)


def _odd(source: Source, load: Archived, number: int, value: str, column: str, message: str, kept: tuple[str, ...]) -> Issue:
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


def _loud(rows: Iterator[tuple[object, ...]], source: Source, load: Archived, counts: _Counts) -> Iterator[tuple[object, ...]]:
    """Turn a decoding or quoting failure in mid-file into an error that names the row and the remedy."""
    try:
        yield from rows
    except UnicodeDecodeError as error:
        raise undecodable(source, load, error, counts.read + 1) from error
    except csv.Error as error:
        raise SourceError(
            f"{source.id}: {load.origin}, row {counts.read + 1}: {error}. The file is cut short or a quotation mark is wrong; "
            "fetch it again. Nothing was changed."
        ) from error


def _finish(db: sqlite3.Connection, source: Source, load: Archived, staged: Staged) -> None:
    """Index the key, refuse undeclared repeats, and write the account beside the rows."""
    key = ", ".join(quoted(column) for column in _key(source))
    db.execute(f"CREATE INDEX by_key ON rows ({key})")
    staged.issues.extend(_nameless(db, source, load))
    staged.issues.extend(_repeats(db, source, load, key))
    db.execute("CREATE TABLE account (name TEXT PRIMARY KEY, value TEXT)")
    facts = (
        ("sha256", load.sha256),
        ("origin", load.origin),
        ("read_at", load.read_at),
        ("bytes", load.size),
        ("rows_read", staged.rows_read),
        ("rows_staged", staged.rows_staged),
        ("rows_refused", staged.rows_refused),
    )
    db.executemany("INSERT INTO account VALUES (?, ?)", facts)
    db.execute(f"CREATE TABLE issues ({', '.join(Issue._fields)})")
    db.executemany(f"INSERT INTO issues VALUES ({', '.join('?' * len(Issue._fields))})", staged.issues)
    db.commit()


def _key(source: Source) -> tuple[str, ...]:
    """The contract number leads, so that one index serves both the key's audit and the roll-up."""
    return tuple(dict.fromkeys((source.fields["contract_number"], *source.key)))


def _nameless(db: sqlite3.Connection, source: Source, load: Archived) -> Iterator[Issue]:
    """Rows without a contract number: staged, but rolled up with nothing, since no one can say what belongs together."""
    column = source.fields["contract_number"]
    for (number,) in db.execute(f"SELECT row FROM rows WHERE {nameless(column)} ORDER BY row LIMIT {MOST_ISSUES_KEPT}"):
        yield Issue(
            source.id,
            "error",
            "no_contract_number",
            load.origin,
            number,
            column,
            "",
            f"Row {number} has no contract number.",
            "Staged as it stands, in no contract. Ask the publisher, or look whether columns have moved.",
        )


def _repeats(db: sqlite3.Connection, source: Source, load: Archived, key: str) -> Iterator[Issue]:
    found = db.execute(
        f"SELECT count(*), min(row), max(row), {key} FROM rows WHERE NOT {nameless(source.fields['contract_number'])} GROUP BY {key} HAVING count(*) > 1"
    ).fetchall()
    if found and not source.key_may_repeat:
        times, first, last, *values = found[0]
        raise SourceError(
            f"{source.id}: {load.origin}, rows {first} and {last}: the key {' + '.join(source.key)} = {' + '.join(values)} stands "
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
            " + ".join(values),
            f"The key stands {times} times (rows {first} to {last}); all rows kept and told apart by occurrence.",
            source.key_may_repeat,
        )
