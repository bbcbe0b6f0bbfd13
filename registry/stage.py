"""Keep what a portal said, row for row and word for word, in a database of its own per source.

The staging file is written beside the old one and swapped in whole, so a failed or killed load leaves the
last good one. Nothing is derived here; odd values are staged as they are and reported.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from . import history, staged
from .archive import Archived
from .beside import fresh_beside
from .history import Touched, Unstaged
from .incoming import Table, reading, unknown_columns
from .issues import Issue
from .pages import Sought, sought
from .row_issues import nameless_rows, repeated_keys
from .rows import Counts, Reading, loudly, staged_rows
from .source import Source
from .sql import quoted


class Staged(NamedTuple):
    """The account of one load: rows read = rows staged + rows refused; issues hold every refusal by row.

    Where only the difference to another load was staged, `base` is that one's sha256, `touched` the rows of it.
    """

    rows_read: int
    rows_staged: int
    rows_refused: int
    issues: list[Issue]
    base: str = ""
    touched: Touched | None = None


def stage(
    source: Source, load: Archived, target: Path, definition: str, tick: Callable[[int], object], unstaged: Iterable[Unstaged] = ()
) -> Staged:
    """Write every row of `load` to the staging database `target`; SourceError leaves the old one as it was.

    `definition` is a hash of the source file's meaning, kept in the account; what `target` holds under the same one is what
    the load is compared with. `unstaged` are the loads in between that could not be staged. `tick(n)` is called with the
    number of rows newly read, for a progress bar.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = fresh_beside(target)
    try:
        with reading(source, load) as table, closing(sqlite3.connect(beside)) as db:
            done = _fill(db, source, load, table, tick)
            with before(target, definition) as old:
                close_staging(db, source, load, definition, done, old, unstaged)
        beside.replace(target)
        return done
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def before(target: Path, definition: str) -> Iterator[sqlite3.Connection | None]:
    """The staging of the load before, where there is one made under the same reading of the columns."""
    if not target.exists():
        yield None
        return
    with staged.reading(target) as old:
        yield old if staged.account(old).get("definition") == definition else None


def _fill(db: sqlite3.Connection, source: Source, load: Archived, table: Table, tick: Callable[[int], object]) -> Staged:
    issues = unknown_columns(source, table.columns, load.origin)
    _prepare(db, source)
    counts = Counts()
    rows = staged_rows(Reading(source, load, table, counts, issues, tick))
    holes = ", ".join("?" * (len(source.kept) + 1))
    db.executemany(f"INSERT INTO rows VALUES ({holes})", loudly(rows, source, load, counts))
    return Staged(counts.read, counts.read - counts.refused, counts.refused, issues)


def _prepare(db: sqlite3.Connection, source: Source) -> None:
    """A fresh file needs no journal: until the final rename nobody reads it, and a killed one is thrown away."""
    db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")
    columns = ", ".join(f"{quoted(column)} TEXT" for column in source.kept)
    db.execute(f"CREATE TABLE rows (row INTEGER PRIMARY KEY, {columns})")


def close_staging(
    db: sqlite3.Connection,
    source: Source,
    load: Archived,
    definition: str,
    done: Staged,
    old: sqlite3.Connection | None,
    unstaged: Iterable[Unstaged],
) -> None:
    """Index the key, refuse undeclared repeats, write what changed since the staging `old`, and the account beside the rows."""
    if source.key:
        key = ", ".join(quoted(column) for column in _key(source))
        db.execute(f"CREATE INDEX IF NOT EXISTS by_key ON rows ({key})")
        done.issues.extend(nameless_rows(db, source, load))
        done.issues.extend(repeated_keys(db, source, load, key))
    history.begin(db, source, old)
    asked_for = sought(source.id, load)
    counts = (done.rows_read, done.rows_staged, done.rows_refused)
    two = history.add_load(db, source, load, asked_for, counts, unstaged)
    if old and two:
        history.compare(db, old, two, done.touched)
    history.index(db, source)
    _write_account(db, load, asked_for, definition, done)
    db.commit()


def _write_account(db: sqlite3.Connection, load: Archived, asked_for: Sought, definition: str, done: Staged) -> None:
    db.executescript("DROP TABLE IF EXISTS account; DROP TABLE IF EXISTS issues")
    db.execute("CREATE TABLE account (name TEXT PRIMARY KEY, value TEXT)")
    facts = (
        ("sha256", load.sha256),
        ("origin", load.origin),
        ("read_at", load.read_at),
        ("bytes", load.size),
        ("rows_read", done.rows_read),
        ("rows_staged", done.rows_staged),
        ("rows_refused", done.rows_refused),
        ("definition", definition),
        ("base", done.base),
        ("load", db.execute("SELECT id FROM loads ORDER BY rowid DESC LIMIT 1").fetchone()[0]),
        ("searched_for", json.dumps(asked_for.searched_for)),
    )
    db.executemany("INSERT INTO account VALUES (?, ?)", facts)
    db.execute(f"CREATE TABLE issues ({', '.join(Issue._fields)})")
    db.executemany(f"INSERT INTO issues VALUES ({', '.join('?' * len(Issue._fields))})", done.issues)


def _key(source: Source) -> tuple[str, ...]:
    """What the rows of one thing share leads, so that one index serves both the key's audit and the roll-up."""
    return tuple(dict.fromkeys((*filter(None, [source.group]), *source.key)))
