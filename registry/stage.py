"""Keep what a portal said, row for row and word for word, in a database of its own per source.

The staging file is written beside the old one and swapped in whole, so a failed or killed load leaves the
last good one. Nothing is derived here; odd values are staged as they are and reported.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from .archive import Archived
from .beside import fresh_beside
from .incoming import Table, reading, unknown_columns
from .issues import Issue
from .pages import searched_for
from .row_issues import nameless_rows, repeated_keys
from .rows import Counts, Reading, loudly, staged_rows
from .source import Source
from .sql import quoted


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
            close_staging(db, source, load, definition, staged)
        beside.replace(target)
        return staged
    finally:
        beside.unlink(missing_ok=True)


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
    db: sqlite3.Connection, source: Source, load: Archived, definition: str, staged: Staged, base: str = ""
) -> None:
    """Index the key, refuse undeclared repeats, and write the account beside the rows.

    `base` is the sha256 of the load to which this one was compared, where only the difference was staged.
    """
    if source.key:
        key = ", ".join(quoted(column) for column in _key(source))
        db.execute(f"CREATE INDEX IF NOT EXISTS by_key ON rows ({key})")
        staged.issues.extend(nameless_rows(db, source, load))
        staged.issues.extend(repeated_keys(db, source, load, key))
    db.executescript("DROP TABLE IF EXISTS account; DROP TABLE IF EXISTS issues")
    db.execute("CREATE TABLE account (name TEXT PRIMARY KEY, value TEXT)")
    facts = (
        ("sha256", load.sha256),
        ("origin", load.origin),
        ("read_at", load.read_at),
        ("bytes", load.size),
        ("rows_read", staged.rows_read),
        ("rows_staged", staged.rows_staged),
        ("rows_refused", staged.rows_refused),
        ("definition", definition),
        ("base", base),
        ("searched_for", json.dumps(searched_for(source.id, load))),
    )
    db.executemany("INSERT INTO account VALUES (?, ?)", facts)
    db.execute(f"CREATE TABLE issues ({', '.join(Issue._fields)})")
    db.executemany(f"INSERT INTO issues VALUES ({', '.join('?' * len(Issue._fields))})", staged.issues)
    db.commit()


def _key(source: Source) -> tuple[str, ...]:
    """What the rows of one thing share leads, so that one index serves both the key's audit and the roll-up."""
    return tuple(dict.fromkeys((*filter(None, [source.group]), *source.key)))
