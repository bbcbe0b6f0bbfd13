"""Read a staging database back: the words to match on, and all rows of the things that matched.

A thing is a contract with its revisions, a document, a single payment or matter. It is named by its number as published, or,
where each row is a thing of its own, by the row's place in the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from .audit import reader
from .issues import Issue
from .kinds import WORDS, FieldName
from .source import Source
from .sql import nameless, quoted

Connection = sqlite3.Connection
Words = tuple[str, str, str, str, str]
# One row as staged: its place in the file, and the raw text per field.
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
    """(name of the thing, title, description, supplier name, buyer unit) of every staged row, blank where not published."""
    columns = ", ".join(_column(source, name) for name in WORDS)
    if source.group is None:
        return db.execute(f"SELECT CAST(row AS TEXT), {columns} FROM rows")
    return db.execute(f"SELECT {quoted(source.group)}, {columns} FROM rows WHERE NOT {nameless(source.group)}")


def things(db: sqlite3.Connection, source: Source, numbers: Iterable[str]) -> Iterator[tuple[str, list[RawRow]]]:
    """Each wanted thing by its name with all its rows, in the order of the file.

    The numbers go through a temporary table, so that memory stays flat however many there are.
    """
    db.execute("CREATE TEMP TABLE wanted (number TEXT PRIMARY KEY) WITHOUT ROWID")
    db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((number,) for number in numbers))
    names = list(source.fields)
    columns = ", ".join(f"rows.{quoted(source.fields[name])}" for name in names)
    same = f"rows.{quoted(source.group)} = wanted.number" if source.group else "rows.row = CAST(wanted.number AS INTEGER)"
    order = "wanted.number, rows.row" if source.group else "rows.row"
    rows = db.execute(f"SELECT wanted.number, rows.row, {columns} FROM wanted CROSS JOIN rows ON {same} ORDER BY {order}")
    for key, group in groupby(rows, key=itemgetter(0)):
        yield key, [dict(zip(("row", *names), map(str, row[1:]), strict=True)) for row in group]
    db.execute("DROP TABLE wanted")


def keys(db: sqlite3.Connection, source: Source, rows: Iterable[int]) -> Iterator[tuple[str, ...]]:
    """What tells each of these rows apart, as staged: its key, or all its columns where the source says that nothing does."""
    columns = ", ".join(map(quoted, source.key or source.kept))
    for row in rows:
        yield db.execute(f"SELECT {columns} FROM rows WHERE row = ?", (row,)).fetchone()


def raw_rows(db: sqlite3.Connection, source: Source, rows: Iterable[int]) -> Iterator[tuple[str, ...]]:
    """The kept columns of the rows with these numbers, as staged, in the order of the file."""
    columns = ", ".join(map(quoted, source.kept))
    for row in sorted(rows):
        yield db.execute(f"SELECT {columns} FROM rows WHERE row = ?", (row,)).fetchone()


def count_things(db: sqlite3.Connection, source: Source) -> int:
    """How many things the staged rows tell of: contracts whose revisions they are, or single payments."""
    column = source.group
    if column is None:
        return int(db.execute("SELECT count(*) FROM rows").fetchone()[0])
    return int(db.execute(f"SELECT count(*) FROM (SELECT DISTINCT {quoted(column)} FROM rows WHERE NOT {nameless(column)})").fetchone()[0])


def newest_day(db: sqlite3.Connection, source: Source, read_at: str) -> str | None:
    """The newest ISO day on which the file shows something happen (for contracts: signed, else begun), not later than it was read.

    The file was searched through that day. Portals publish late, so the day a file was read says too much; the newest
    date inside it does not. None where the file shows no such day: then nothing is said to have been searched.
    """
    name = next((one for one in source.grain_of.newest if one in source.fields), None)
    if name is None:
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
