"""A set of texts that grows on disk, so that memory stays flat however many rows a portal has."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


class Seen:
    """Texts that were seen; closed, it is gone."""

    def __init__(self) -> None:
        self.db = sqlite3.connect("")
        self.db.execute("CREATE TABLE seen (name TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, names: Iterable[str]) -> None:
        """Add texts; those seen before are counted once."""
        self.db.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((name,) for name in names))

    def count(self) -> int:
        """How many different texts were added."""
        return int(self.db.execute("SELECT count(*) FROM seen").fetchone()[0])

    def close(self) -> None:
        """Throw the set away."""
        self.db.close()
