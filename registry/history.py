"""What each load changed, written into the staging beside the rows; what vanished is kept with its last rows.

A staging file tells of every load that made it (`loads`), of every difference between them (`history`), and holds the last
known rows of the things that no load shows any more (`missing`, `gone`). It depends on the loads and their order alone, so a
staging made again from the archive says the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from .archive import Archived
from .differences import Difference, Places, Raw, places_of, row_differences
from .ledger import numbered
from .pages import Sought
from .scope import all_contracts, all_rows, scope_of
from .source import Source
from .sql import nameless, quoted

Connection = sqlite3.Connection
Rows = list[Raw]
# What names a thing in every load: the number its rows share, or the key of its one row.
Name = tuple[str, ...]
# Name -> its rows as they were and as they are, without some that are the same in both.
Touched = Mapping[Name, tuple[Rows, Rows]]
TABLES = ("gone", "missing", "history", "loads")


class StagedLoad(NamedTuple):
    """One load as staging took it in; with `error` it could not be staged. `compared_with` is the load before it, if any."""

    id: str
    sha256: str
    rows_read: int | None
    rows_staged: int | None
    rows_refused: int | None
    error: str
    compared_with: str
    scope: str


class Missing(NamedTuple):
    """A thing that is no longer shown: the load that last showed it, and when a whole load first did not (UTC), "" if none yet."""

    load: str
    noticed_at: str

    @property
    def day(self) -> str | None:
        """The day on which it was missed."""
        return self.noticed_at[:10] or None


class Unstaged(NamedTuple):
    """A load that could not be staged, and why."""

    sha256: str
    error: str


class Change(NamedTuple):
    """One line of the history: of which thing, noticed in which load and when (UTC)."""

    name: str
    load: str
    noticed_at: str
    kind: str
    revision: str
    field: str
    old: str
    new: str


class Comparison(NamedTuple):
    """Two loads side by side: what is known of both decides what a difference between them proves."""

    source: Source
    places: Places
    load: str
    noticed_at: str
    before: str
    was: str
    now: str

    def change(self, name: str, one: Difference) -> Change:
        """The line that tells of a difference."""
        return Change(name, self.load, self.noticed_at, *one)


def begin(db: Connection, source: Source, old: Connection | None) -> None:
    """The tables of the history where there are none yet, with what the staging before tells."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'history'").fetchone():
        return
    columns = ", ".join(f"{quoted(column)} TEXT" for column in source.kept)
    db.execute(f"CREATE TABLE gone (row INTEGER, {columns})")
    db.execute("CREATE TABLE missing (name TEXT PRIMARY KEY, load TEXT, noticed_at TEXT)")
    db.execute(f"CREATE TABLE history ({', '.join(Change._fields)})")
    db.execute(f"CREATE TABLE loads ({', '.join(StagedLoad._fields)})")
    if old:
        for table in TABLES:
            _copy(db, old, table)


def _copy(db: Connection, old: Connection, table: str) -> None:
    rows = old.execute(f"SELECT * FROM {table} ORDER BY rowid")
    db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows.description))})", rows)


def index(db: Connection, source: Source) -> None:
    """What the history is sought by; made once, after the rows."""
    db.execute("CREATE INDEX IF NOT EXISTS history_by_name ON history (name)")
    if lead(source):
        db.execute(f"CREATE INDEX IF NOT EXISTS gone_by_name ON gone ({', '.join(map(quoted, lead(source)))})")


def lead(source: Source) -> tuple[str, ...]:
    """The portal's columns that name one thing in every load; none where nothing tells its rows apart."""
    return (source.group,) if source.group else source.key


def written(name: Name) -> str:
    """A name as the tables of the history hold it."""
    return "\x1f".join(name)


def parts(name: str) -> Name:
    """The name that was written so."""
    return tuple(name.split("\x1f"))


def add_load(
    db: Connection, source: Source, load: Archived, sought: Sought, account: tuple[int, int, int], unstaged: Iterable[Unstaged]
) -> Comparison | None:
    """Write the load, and those before it that could not be staged; what to compare it with, None for the first."""
    for one in unstaged:
        _add_load(db, StagedLoad("", one.sha256, None, None, None, one.error, "", ""))
    before = db.execute("SELECT id, scope FROM loads WHERE error = '' ORDER BY rowid DESC LIMIT 1").fetchone() or ("", "")
    scope = scope_of(source, load.origin, account[1], *sought)
    compared = before[0] if lead(source) else ""
    name = _add_load(db, StagedLoad("", load.sha256, *account, "", compared, scope))
    return Comparison(source, places_of(source), name, load.read_at, before[0], before[1], scope) if compared else None


def _add_load(db: Connection, one: StagedLoad) -> str:
    names = numbered([*(sha256 for (sha256,) in db.execute("SELECT sha256 FROM loads ORDER BY rowid")), one.sha256])
    db.execute(f"INSERT INTO loads VALUES ({', '.join('?' * len(one))})", one._replace(id=names[-1]))
    return names[-1]


class Pair(NamedTuple):
    """One thing in two loads: whether each shows it, and its rows in each, without some that are the same in both."""

    name: Name
    was_shown: bool
    now_shown: bool
    was: Rows
    now: Rows


def compare(db: Connection, old: Connection, two: Comparison, touched: Touched | None) -> None:
    """Write what differs between the staging `old` and the rows in `db`; `touched` holds all that differs, where it is known."""
    pairs = _all_pairs(db, old, two.source) if touched is None else _touched_pairs(db, old, two.source, touched)
    for pair in pairs:
        if pair.was != pair.now:
            _note(db, [two.change(written(pair.name), one) for one in _differences(db, old, two, pair)])
    _note_missing(db, two)


def _all_pairs(db: Connection, old: Connection, source: Source) -> Iterator[Pair]:
    for name, was, now in side_by_side(_things(old, source), _things(db, source)):
        yield Pair(name, bool(was), bool(now), was, now)


def _touched_pairs(db: Connection, old: Connection, source: Source, touched: Touched) -> Iterator[Pair]:
    for name in sorted(name for name in touched if not source.group or name[0].strip(" \t\n\r")):
        was_shown, now_shown = (_shows(one, source, name) for one in (old, db))
        yield Pair(name, was_shown, now_shown, *touched[name])


def _shows(db: Connection, source: Source, name: Name) -> bool:
    return db.execute(f"SELECT 1 FROM rows WHERE {named(source)} LIMIT 1", name).fetchone() is not None


def named(source: Source) -> str:
    """The condition that a row tells of the thing whose name is bound."""
    return " AND ".join(f"{quoted(column)} = ?" for column in lead(source))


def _things(db: Connection, source: Source) -> Iterator[tuple[Name, Rows]]:
    """Each name with all its rows, in the order of the names, whatever the order of the file."""
    columns, order = ", ".join(map(quoted, source.kept)), ", ".join(map(quoted, lead(source)))
    named = f"WHERE NOT {nameless(source.group)}" if source.group else ""
    at = [source.kept.index(column) for column in lead(source)]
    rows = db.execute(f"SELECT {columns} FROM rows {named} ORDER BY {order}")
    for name, group in groupby(rows, key=lambda row: tuple(row[place] for place in at)):
        yield name, list(group)


def side_by_side(was: Iterator[tuple[Name, Rows]], now: Iterator[tuple[Name, Rows]]) -> Iterator[tuple[Name, Rows, Rows]]:
    """Both, name by name (each in the order of its names), with no rows where one does not have it."""
    one, other = next(was, None), next(now, None)
    while one or other:
        name = min(pair[0] for pair in (one, other) if pair)
        old, new = one[1] if one and one[0] == name else [], other[1] if other and other[0] == name else []
        yield name, old, new
        one, other = next(was, None) if old else one, next(now, None) if new else other


def _differences(db: Connection, old: Connection, two: Comparison, pair: Pair) -> Iterator[Difference]:
    if not pair.now_shown:
        _keep_gone(db, old, two, pair.name)
    elif pair.was_shown:
        yield from (one for one in row_differences(two.places, pair.was, pair.now) if _proven(two, one))
    else:
        yield from _shown_now(db, two, pair)


def _proven(two: Comparison, one: Difference) -> bool:
    """A load that may lack rows of a contract proves none of them new or gone."""
    if one.kind == "amendment_added":
        return all_rows(two.was, two.now)
    return one.kind != "amendment_disappeared" or all_rows(two.now, two.was)


def _shown_now(db: Connection, two: Comparison, pair: Pair) -> Iterator[Difference]:
    """A thing that the load before did not show: it is new, or it has come back."""
    missing = db.execute("SELECT noticed_at FROM missing WHERE name = ?", (written(pair.name),)).fetchone()
    if missing is None:
        if all_contracts(two.was, two.now):
            yield Difference("added")
        return
    if missing[0]:
        yield Difference("returned")
    columns = ", ".join(map(quoted, two.source.kept))
    was = db.execute(f"SELECT {columns} FROM gone WHERE {named(two.source)}", pair.name).fetchall()
    yield from (one for one in row_differences(two.places, was, pair.now) if _proven(two, one))
    db.execute("DELETE FROM missing WHERE name = ?", (written(pair.name),))
    db.execute(f"DELETE FROM gone WHERE {named(two.source)}", pair.name)


def _keep_gone(db: Connection, old: Connection, two: Comparison, name: Name) -> None:
    """Keep the last rows of a thing that is shown no more; whether it is gone is told by the next whole load."""
    columns = ", ".join(map(quoted, ("row", *two.source.kept)))
    rows = old.execute(f"SELECT {columns} FROM rows WHERE {named(two.source)} ORDER BY row", name)
    db.executemany(f"INSERT INTO gone VALUES ({', '.join('?' * (len(two.source.kept) + 1))})", rows)
    db.execute("INSERT INTO missing VALUES (?, ?, '')", (written(name), two.before))


def _note_missing(db: Connection, two: Comparison) -> None:
    """A whole load does not show them: now they are known to have disappeared. One that was asked proves it of the load before."""
    if not all_contracts(two.now, two.was):
        return
    unnoticed = "noticed_at = '' AND (load = :before OR :now = 'whole')"
    given = {"before": two.before, "now": two.now, "moment": two.noticed_at}
    names = [name for (name,) in db.execute(f"SELECT name FROM missing WHERE {unnoticed} ORDER BY name", given)]
    _note(db, [two.change(name, Difference("disappeared")) for name in names])
    db.execute(f"UPDATE missing SET noticed_at = :moment WHERE {unnoticed}", given)


def _note(db: Connection, changes: list[Change]) -> None:
    db.executemany(f"INSERT INTO history VALUES ({', '.join('?' * len(Change._fields))})", changes)
