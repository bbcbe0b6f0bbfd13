"""Names in SQL, and a database that is only read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .errors import RegistryError


def quoted(name: str) -> str:
    """A column name as SQL, whatever characters a portal put into it."""
    return '"' + name.replace('"', '""') + '"'


def nameless(column: str) -> str:
    """The condition that a column is blank; the plain comparison comes first, so that an index on it is used."""
    return f"({quoted(column)} < '!' AND trim({quoted(column)}, ' ' || char(9, 10, 13)) = '')"


def open_read_only(registry: Path) -> sqlite3.Connection:
    """A registry as it is on the disk; RegistryError when there is none."""
    if not registry.exists():
        raise RegistryError(f"{registry} does not exist yet. Run `registry load --offline` first.")
    db = sqlite3.connect(f"file:{registry}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db
