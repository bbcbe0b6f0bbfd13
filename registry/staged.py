"""Read a staging database back: the words to match on, and all rows of the contracts that matched."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from .audit import reader
from .issues import Issue
from .source import FieldName, Source
from .sql import nameless, quoted

Connection = sqlite3.Connection
Words = tuple[str, str, str, str, str]
# One revision as staged: its row in the file, and the raw text per contract field.
RawRow = dict[str, str]


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to a staging database."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        yield db
    finally:
        db.close()


def words(db: sqlite3.Connection, source: Source) -> Iterator[Words]:
    """(contract number, title, description, supplier name, buyer unit) of every staged row, blank where not published."""
    wanted: tuple[FieldName, ...] = ("contract_number", "title", "description", "supplier_name", "buyer_unit")
    columns = ", ".join(_column(source, name) for name in wanted)
    return db.execute(f"SELECT {columns} FROM rows WHERE NOT {nameless(source.fields['contract_number'])}")


def contracts(db: sqlite3.Connection, source: Source, numbers: Iterable[str]) -> Iterator[tuple[str, list[RawRow]]]:
    """Each wanted contract number with all its rows, in the order of the file.

    The numbers go through a temporary table, so that memory stays flat however many there are.
    """
    db.execute("CREATE TEMP TABLE wanted (number TEXT PRIMARY KEY) WITHOUT ROWID")
    db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((number,) for number in numbers))
    number, names = quoted(source.fields["contract_number"]), list(source.fields)
    columns = ", ".join(f"rows.{quoted(source.fields[name])}" for name in names)
    rows = db.execute(
        f"SELECT rows.row, {columns} FROM wanted CROSS JOIN rows ON rows.{number} = wanted.number ORDER BY wanted.number, rows.row"
    )
    at = names.index("contract_number") + 1
    for key, group in groupby(rows, key=itemgetter(at)):
        yield key, [dict(zip(("row", *names), map(str, row), strict=True)) for row in group]
    db.execute("DROP TABLE wanted")


def raw_rows(db: sqlite3.Connection, source: Source, rows: Iterable[int]) -> Iterator[tuple[str, ...]]:
    """The kept columns of the rows with these numbers, as staged, in the order of the file."""
    columns = ", ".join(map(quoted, source.kept))
    for row in sorted(rows):
        yield db.execute(f"SELECT {columns} FROM rows WHERE row = ?", (row,)).fetchone()


def count_contracts(db: sqlite3.Connection, source: Source) -> int:
    """How many contracts the staged rows are revisions of."""
    column = source.fields["contract_number"]
    return int(db.execute(f"SELECT count(*) FROM (SELECT DISTINCT {quoted(column)} FROM rows WHERE NOT {nameless(column)})").fetchone()[0])


def newest_day(db: sqlite3.Connection, source: Source, read_at: str) -> str | None:
    """The newest ISO day on which the file shows a contract signed (else begun), not later than it was read.

    The file was searched through that day. Portals publish late, so the day a file was read says too much; the newest
    date inside it does not. None where the file shows no such day: then nothing is said to have been searched.
    """
    name: FieldName = "date_signed" if "date_signed" in source.fields else "period_start_date"
    if name not in source.fields:
        return None
    read = reader(source, name)
    days = (_day(read, raw) for (raw,) in db.execute(f"SELECT DISTINCT {quoted(source.fields[name])} FROM rows"))
    return max((day for day in days if day and day <= read_at[:10]), default=None)


def _day(read: Callable[[str], str | int | None], raw: str) -> str | None:
    try:
        return str(read(raw) or "") or None
    except ValueError:
        return None


def filled(db: sqlite3.Connection, source: Source) -> dict[str, float]:
    """The share of rows in which each field that has an expectation is not blank (0 to 1)."""
    names = [name for name in source.expect.filled_at_least if name in source.fields]
    if not names:
        return {}
    sums = ", ".join(f"avg({quoted(source.fields[name])} <> '')" for name in names)
    shares = db.execute(f"SELECT {sums} FROM rows").fetchone()
    return {name: share or 0.0 for name, share in zip(names, shares, strict=True)}


def account(db: sqlite3.Connection) -> dict[str, str]:
    """The account of the load: sha256, origin, read_at, bytes and the row counts, as text."""
    return dict(db.execute("SELECT name, value FROM account").fetchall())


def read_again(path: Path, read_at: str) -> None:
    """Note in the account that the same bytes were read again (UTC)."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE account SET value = ? WHERE name = 'read_at' AND value <> ?", (read_at, read_at))


def issues(db: sqlite3.Connection) -> list[Issue]:
    """The problems found while staging."""
    return [Issue(*row) for row in db.execute("SELECT * FROM issues")]


def _column(source: Source, name: FieldName) -> str:
    return quoted(source.fields[name]) if name in source.fields else "''"
