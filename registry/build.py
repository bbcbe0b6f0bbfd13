"""Write registry.db beside the old one and swap it in with one rename, so that no reader ever sees half of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlite_utils

from .beside import fresh_beside
from .schema import TABLES, create_tables, finish_tables
from .sql import quoted
from .totals import fill_totals
from .views import create_views

Row = Mapping[str, Any]
BATCH = 500


class Writer:
    """Rows on their way into the tables of a registry being built, in batches: memory stays flat."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.waiting: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Queue rows of one table; a missing or unknown column is a KeyError, never a silent NULL."""
        columns, waiting = TABLES[table].columns, self.waiting[table]
        for row in rows:
            if len(row) != len(columns):
                raise KeyError(f"{table}: {sorted(set(row) ^ set(columns))}")
            waiting.append(tuple(row[column] for column in columns))
        if len(waiting) >= BATCH:
            self._flush(table)

    def _flush(self, table: str) -> None:
        holes = ", ".join("?" * len(TABLES[table].columns))
        self.db.executemany(f"INSERT INTO {quoted(table)} VALUES ({holes})", self.waiting[table])
        self.waiting[table].clear()

    def flush(self) -> None:
        """Write whatever still waits, so that what follows can read it back."""
        for table in self.waiting:
            self._flush(table)


@contextmanager
def building(target: Path) -> Iterator[tuple[sqlite_utils.Database, Writer]]:
    """An empty registry beside `target`; swapped in when the block ends well, thrown away when it does not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = fresh_beside(target)
    connection = sqlite3.connect(beside, isolation_level=None)
    try:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
        db = sqlite_utils.Database(connection)
        create_tables(db)
        writer = Writer(connection)
        yield db, writer
        writer.flush()
        _finish(db)
        _seal(connection)
        _swap(beside, target)
    finally:
        connection.close()
        beside.unlink(missing_ok=True)


def _finish(db: sqlite_utils.Database) -> None:
    """Add what is made from the rows once they are in: indexes, full text, views and totals."""
    finish_tables(db)
    create_views(db)
    fill_totals(db)


def _seal(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()


def _swap(beside: Path, target: Path) -> None:
    """Flush the file to the disk before the rename makes it the registry."""
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(target)
