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
from typing import Literal

from .audit import reader
from .history import Change, Missing, StagedLoad, lead, named, parts, written
from .issues import Issue
from .kinds import WORDS, FieldName
from .source import Source
from .sql import nameless, quoted

Connection = sqlite3.Connection
Words = tuple[str, str, str, str, str]
# What the newest load shows, or the last rows of the things that it shows no more.
Table = Literal["rows", "gone"]
# What tells their rows apart; rows that are gone come from several files.
_PLACE: dict[Table, str] = {"rows": "row", "gone": "rowid"}
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


def words(db: sqlite3.Connection, source: Source, table: Table = "rows") -> Iterator[Words]:
    """(name of the thing, title, description, supplier name, buyer unit) of every row, blank where not published."""
    columns = ", ".join(_column(source, name) for name in WORDS)
    if source.group is None:
        return db.execute(f"SELECT CAST({_PLACE[table]} AS TEXT), {columns} FROM {table}")
    return db.execute(f"SELECT {quoted(source.group)}, {columns} FROM {table} WHERE NOT {nameless(source.group)}")


def things(db: sqlite3.Connection, source: Source, numbers: Iterable[str], table: Table = "rows") -> Iterator[tuple[str, list[RawRow]]]:
    """Each wanted thing by its name with all its rows, in the order of the file.

    The numbers go through a temporary table, so that memory stays flat however many there are.
    """
    db.execute("CREATE TEMP TABLE wanted (number TEXT PRIMARY KEY) WITHOUT ROWID")
    db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((number,) for number in numbers))
    names = list(source.fields)
    columns = ", ".join(f"told.{quoted(source.fields[name])}" for name in names)
    place = f"told.{_PLACE[table]}"
    same = f"told.{quoted(source.group)} = wanted.number" if source.group else f"{place} = CAST(wanted.number AS INTEGER)"
    order = f"wanted.number, {place}" if source.group else place
    rows = db.execute(f"SELECT wanted.number, told.row, {columns} FROM wanted CROSS JOIN {table} AS told ON {same} ORDER BY {order}")
    for key, group in groupby(rows, key=itemgetter(0)):
        yield key, [dict(zip(("row", *names), map(str, row[1:]), strict=True)) for row in group]
    db.execute("DROP TABLE wanted")


def key(db: sqlite3.Connection, source: Source, place: int, table: Table = "rows") -> tuple[str, ...]:
    """What tells this row apart, as staged: its key, or all its columns where the source says that nothing does."""
    columns = ", ".join(map(quoted, source.key or source.kept))
    return tuple(db.execute(f"SELECT {columns} FROM {table} WHERE {_PLACE[table]} = ?", (place,)).fetchone())


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


def loads(db: sqlite3.Connection) -> list[StagedLoad]:
    """Every load that made this staging, oldest first."""
    return [StagedLoad(*row) for row in db.execute("SELECT * FROM loads ORDER BY rowid")]


def changes(db: sqlite3.Connection, name: str) -> list[Change]:
    """What the loads changed of one thing, oldest first."""
    return [Change(*row) for row in db.execute("SELECT * FROM history WHERE name = ? ORDER BY rowid", (name,))]


def changed_words(db: sqlite3.Connection) -> list[Change]:
    """Every change of words that the matching looks at, oldest first."""
    worded = f"kind = 'changed' AND field IN ({', '.join('?' * len(WORDS))})"
    return [Change(*row) for row in db.execute(f"SELECT * FROM history WHERE {worded} ORDER BY rowid", WORDS)]


def words_of(db: sqlite3.Connection, source: Source, name: str) -> dict[str, str]:
    """The words of the newest row of a thing by its name in the history; blank where it is no longer shown."""
    columns = ", ".join(_column(source, word) for word in WORDS)
    found = db.execute(f"SELECT {columns} FROM rows WHERE {named(source)} ORDER BY row DESC LIMIT 1", parts(name)).fetchone()
    return dict(zip(WORDS, found or ("",) * len(WORDS), strict=True))


def missing(db: sqlite3.Connection) -> dict[str, Missing]:
    """The things that are no longer shown, by their name in the history."""
    return {name: Missing(*facts) for name, *facts in db.execute("SELECT * FROM missing ORDER BY name")}


def name_of(db: sqlite3.Connection, source: Source, thing: str, table: Table = "rows") -> str:
    """The name in the history of a thing as `things` names it; "" where its loads cannot be compared."""
    if source.group or not lead(source):
        return thing if source.group else ""
    return written(key(db, source, int(thing), table))


def load_id(source: Source, load: str) -> str:
    """The id in `loads` of a load of this source."""
    return f"{source.id}_{load}"


def read_again(path: Path, read_at: str) -> None:
    """Note in the account that the same bytes were read again (UTC)."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE account SET value = ? WHERE name = 'read_at' AND value <> ?", (read_at, read_at))


def issues(db: sqlite3.Connection) -> list[Issue]:
    """The problems found while staging."""
    return [Issue(*row) for row in db.execute("SELECT * FROM issues")]


def _column(source: Source, name: FieldName) -> str:
    return quoted(source.fields[name]) if name in source.fields else "''"
