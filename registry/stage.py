"""Keep what a portal said, row for row and word for word, in a database of its own per source.

The staging file is written beside the old one and swapped in whole, so a failed or killed load leaves the
last good one. Nothing is derived here; odd values are staged as they are and reported.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import IO, NamedTuple

from . import clean
from .archive import Archived, opened
from .audit import amount_column, date_checks, unreadable
from .audit import reader as value_reader
from .beside import fresh_beside
from .errors import SourceError
from .issues import Issue
from .source import Source
from .sql import nameless, quoted

LONGEST_ROW = 1_000_000
TICK = 10_000
MOST_ISSUES_KEPT = 1_000
# A quotation mark that is never closed would swallow the rest of the file; no real value is this long.
LONGEST_FIELD = 1 << 26


class Staged(NamedTuple):
    """The account of one load: rows read = rows staged + rows refused; issues hold every refusal by row."""

    rows_read: int
    rows_staged: int
    rows_refused: int
    issues: list[Issue]


class _Lines:
    """The text's lines, noting when what was read since the last row cannot be a row worth keeping."""

    def __init__(self, text: IO[str]) -> None:
        self.text = text
        self.since = 0
        self.suspect = ""

    def __iter__(self) -> Iterator[str]:
        for line in self.text:
            self.since += len(line)
            if self.since > LONGEST_ROW:
                self.suspect = "row_too_long"
            if "\0" in line:
                self.suspect = "nul_byte"
            yield line

    def start_row(self) -> str:
        """Why the row just read cannot be kept, or ""; forgets it."""
        why, self.suspect = self.suspect, ""
        return why


def stage(source: Source, load: Archived, target: Path, definition: str, tick: Callable[[int], object]) -> Staged:
    """Write every row of `load` to the staging database `target`; SourceError leaves the old one as it was.

    `definition` is a hash of the source file's meaning, kept in the account. `tick(n)` is called with the number of
    rows newly read, for a progress bar.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = fresh_beside(target)
    try:
        with opened(load, source.encoding) as text, _wide_fields(), closing(sqlite3.connect(beside)) as db:
            staged = _fill(db, source, load, text, tick)
            db.execute("INSERT INTO account VALUES ('definition', ?)", (definition,))
            db.commit()
        beside.replace(target)
        return staged
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _wide_fields() -> Iterator[None]:
    """Let the csv module read a huge field, so that it can be refused as a row and the rest still be read."""
    usual = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(usual)


def _fill(db: sqlite3.Connection, source: Source, load: Archived, text: IO[str], tick: Callable[[int], object]) -> Staged:
    issues: list[Issue] = []
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=source.delimiter, strict=True)
    header = _header(source, load, reader, issues)
    lines.start_row()
    _prepare(db, source)
    counts = {"read": 0, "refused": 0, "blank": 0}
    rows = _rows(source, load, header, reader, lines, counts, issues, tick)
    holes = ", ".join("?" * (len(source.kept) + 1))
    db.executemany(f"INSERT INTO rows VALUES ({holes})", _loud(rows, source, load, counts))
    staged = Staged(counts["read"], counts["read"] - counts["refused"], counts["refused"], issues)
    _finish(db, source, load, staged)
    return staged


def _prepare(db: sqlite3.Connection, source: Source) -> None:
    """A fresh file needs no journal: until the final rename nobody reads it, and a killed one is thrown away."""
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")
    columns = ", ".join(f"{quoted(column)} TEXT" for column in source.kept)
    db.execute(f"CREATE TABLE rows (row INTEGER PRIMARY KEY, {columns})")


def _header(source: Source, load: Archived, reader: Iterator[list[str]], issues: list[Issue]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader)]
    except UnicodeDecodeError as error:
        raise _undecodable(source, load, error, 0) from error
    except (StopIteration, csv.Error) as error:
        raise SourceError(f"{source.id}: {load.origin} has no header row ({str(error) or 'it is empty'}). Is it the right file?") from error
    missing = [column for column in source.kept if column not in header]
    if missing:
        raise SourceError(
            f"{source.id}: {load.origin} lacks the column {', '.join(map(repr, missing))}. "
            f"It has: {', '.join(header)}. If the portal renamed it, change data/sources/{source.id}.yml."
        )
    twice = sorted({column for column in source.kept if header.count(column) > 1})
    if twice:
        raise SourceError(f"{source.id}: {load.origin} has the column {', '.join(map(repr, twice))} twice; which is meant?")
    issues += [_new_column(source, load, name) for name in header if name not in source.known]
    return header


def _new_column(source: Source, load: Archived, name: str) -> Issue:
    return Issue(
        source.id,
        "error",
        "unknown_column",
        load.origin,
        None,
        name,
        "",
        f"The file has a column we do not know: {name!r}.",
        f"Map it, or name it under ignore: or never_fetched: in data/sources/{source.id}.yml.",
    )


def _rows(
    source: Source,
    load: Archived,
    header: list[str],
    reader: Iterator[list[str]],
    lines: _Lines,
    counts: dict[str, int],
    issues: list[Issue],
    tick: Callable[[int], object],
) -> Iterator[tuple[object, ...]]:
    """Yield (row number, kept values); a row that cannot be kept is counted and reported instead.

    A line with nothing on it is no row: many files end with one. This is the hot loop of a load: what happens once per
    row is written out, what happens rarely is a call.
    """
    pick, width = itemgetter(*(header.index(column) for column in source.kept)), len(header)
    dates, amount, number = date_checks(source, header), amount_column(source, header), 0
    plain = clean.PLAIN_MONEY.fullmatch
    try:
        for number, row in enumerate(reader, 1):
            lines.since = 0
            if not number % TICK:
                tick(TICK)
            if lines.suspect or len(row) != width:
                if not row:
                    counts["blank"] += 1
                    continue
                counts["refused"] += 1
                _report(issues, _refused(source, load, number, lines.start_row(), row, width))
                continue
            for at, column, why in dates:
                if why[row[at]]:
                    _report(issues, _odd(source, load, number, row[at], column, why[row[at]], pick(row)))
            if amount is not None and not plain(row[amount]):
                _look_at_amount(source, load, number, row[amount], pick(row), issues)
            yield (number, *pick(row))
    finally:
        counts["read"] = number - counts["blank"]
        tick(number % TICK)


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


def _refused(source: Source, load: Archived, number: int, suspect: str, row: list[str], width: int) -> Issue:
    why = suspect or "wrong_number_of_columns"
    message, remedy = _REFUSALS[why]
    detail = "" if suspect else f" ({len(row)} instead of {width})"
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


def _loud(rows: Iterator[tuple[object, ...]], source: Source, load: Archived, counts: dict[str, int]) -> Iterator[tuple[object, ...]]:
    """Turn a decoding or quoting failure in mid-file into an error that names the row and the remedy."""
    try:
        yield from rows
    except UnicodeDecodeError as error:
        raise _undecodable(source, load, error, counts["read"] + 1) from error
    except csv.Error as error:
        raise SourceError(
            f"{source.id}: {load.origin}, row {counts['read'] + 1}: {error}. The file is cut short or a quotation mark is wrong; "
            "fetch it again. Nothing was changed."
        ) from error


def _undecodable(source: Source, load: Archived, error: UnicodeDecodeError, row: int) -> SourceError:
    """The file is decoded in pieces: the line ends before the bad byte lie between it and the row that was being read."""
    before = error.object[: error.start]
    near = row + (before.count(b"\n") or before.count(b"\r"))
    return SourceError(
        f"{source.id}: {load.origin}, near row {near}: bytes are not {source.encoding} ({error.reason}). "
        f"If the portal sends another encoding, write e.g. `encoding: latin-1` in data/sources/{source.id}.yml."
    )


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
