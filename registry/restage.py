"""Stage a load that hardly differs from the one staged before: compare, and write only what is different.

The old staging is copied, the rows of the new file are compared with it in their order, and rows that differ are
written over. Where too many differ, or one of them must be looked at by itself, the load is staged as a whole instead
(stage.py): both ways give the same staging.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import compress
from operator import itemgetter, ne
from pathlib import Path
from typing import NamedTuple

from . import staged
from .archive import Archived
from .beside import fresh_beside
from .differences import Raw
from .history import Name, Touched, Unstaged, lead
from .incoming import reading, unknown_columns
from .rows import Counts, Reading, block_of, loudly, ordinary_rows
from .source import Source
from .sql import quoted
from .stage import Staged, close_staging

Row = tuple[object, ...]
MOST_DIFFERENT = 0.05
# What a row's own values were reported for; it holds as long as the row stays the same.
_OF_ROWS = ("known_slip", "unreadable_value")


def restage(
    source: Source, load: Archived, target: Path, definition: str, tick: Callable[[int], object], unstaged: Iterable[Unstaged] = ()
) -> Staged | None:
    """Stage the difference to what `target` holds; None where there is nothing to compare with or too much differs.

    `target` is left as it was unless the new staging is whole. SourceError as for `stage`.
    """
    if not _comparable(target, definition):
        return None
    beside = fresh_beside(target)
    try:
        shutil.copyfile(target, beside)
        with staged.reading(target) as old, closing(sqlite3.connect(beside)) as db:
            done = _compare(db, old, source, load, tick)
            if done:
                close_staging(db, source, load, definition, done, old, unstaged)
        if done:
            beside.replace(target)
        return done
    finally:
        beside.unlink(missing_ok=True)


def _comparable(target: Path, definition: str) -> bool:
    """Whether the staging was made under the same reading of the columns, with every row of its file in its place."""
    if not target.exists():
        return False
    with staged.reading(target) as old:
        account = staged.account(old)
        last = old.execute("SELECT max(row) FROM rows").fetchone()[0]
        more = old.execute("SELECT 1 FROM issues WHERE kind = 'more_issues'").fetchone()
    return account.get("definition") == definition and last == int(account["rows_read"]) == int(account["rows_staged"]) and not more


def _compare(
    db: sqlite3.Connection, old: sqlite3.Connection, source: Source, load: Archived, tick: Callable[[int], object]
) -> Staged | None:
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")
    account = staged.account(old)
    with reading(source, load) as table:
        issues = unknown_columns(source, table.columns, load.origin)
        state = Reading(source, load, table, Counts(), issues, tick)
        different: list[Row] = []
        before: list[Raw] = []
        most = max(1_000, int(int(account["rows_staged"]) * MOST_DIFFERENT))
        for one in loudly(_differences(state, old), source, load, state.counts):
            if one.now is None or len(different) > most:
                return None
            different += one.now
            before += one.was
    touched = _by_name(source, before, different)
    _write(db, source, different, touched, state.counts.read)
    rows = {row[0] for row in different}
    issues += [one._replace(file=load.origin) for one in staged.issues(old) if one.kind in _OF_ROWS and one.row not in rows]
    return Staged(state.counts.read, state.counts.read, 0, issues, account["sha256"], touched)


class _Difference(NamedTuple):
    """The rows of one block as they are now (None where they must be looked at one by one) and as they were."""

    now: list[Row] | None
    was: list[Raw]


def _differences(state: Reading, old: sqlite3.Connection) -> Iterator[_Difference]:
    columns = ", ".join(map(quoted, state.source.kept))
    cursor = old.execute(f"SELECT {columns} FROM rows ORDER BY row")
    kept = itemgetter(*(state.table.header.index(column) for column in state.source.kept))
    ordinary, width = ordinary_rows(state), len(state.table.header)
    while block := block_of(state):
        if state.table.watch.suspect or set(map(len, block)) != {width}:
            yield _Difference(None, [])
            return
        now: list[Row] = list(map(kept, block))
        was, first = cursor.fetchmany(len(block)), state.counts.read + 1
        places = [*compress(range(len(now)), map(ne, now, was)), *range(len(was), len(now))]
        if places:
            whole = ordinary([block[at] for at in places])
            rows = [(first + at, *now[at]) for at in places] if whole else None
            yield _Difference(rows, [was[at] for at in places if at < len(was)])
        state.counts.read += len(block)
        state.tick(len(block))
    if rest := cursor.fetchall():
        yield _Difference([], rest)


def _by_name(source: Source, before: list[Raw], different: list[Row]) -> dict[Name, tuple[list[Raw], list[Raw]]]:
    """The rows that differ, as they were and as they are, by the thing they tell or told of."""
    at = [source.kept.index(column) for column in lead(source)]
    touched: dict[Name, tuple[list[Raw], list[Raw]]] = {}
    for row in before:
        touched.setdefault(tuple(row[place] for place in at), ([], []))[0].append(row)
    for _, *values in different:
        now: Raw = tuple(map(str, values))
        touched.setdefault(tuple(now[place] for place in at), ([], []))[1].append(now)
    return touched


def _write(db: sqlite3.Connection, source: Source, different: list[Row], touched: Touched, last: int) -> None:
    """Write the different rows over, drop those past the end, and name the things they belong or belonged to."""
    holes = ", ".join("?" * (len(source.kept) + 1))
    db.executemany(f"INSERT OR REPLACE INTO rows VALUES ({holes})", different)
    dropped = {str(row) for (row,) in db.execute("SELECT row FROM rows WHERE row > ?", (last,))}
    db.execute("DELETE FROM rows WHERE row > ?", (last,))
    numbers = {name[0] for name in touched} if source.group else dropped | {str(row[0]) for row in different}
    db.executescript("DROP TABLE IF EXISTS changed; CREATE TABLE changed (number TEXT PRIMARY KEY)")
    db.executemany("INSERT INTO changed VALUES (?)", ((number,) for number in sorted(numbers)))
