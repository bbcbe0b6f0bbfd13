"""Is this registry.db fit to be shown to everyone? Every reason why not, each with what to do. Reads only."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlite_utils

from .schema import TABLES
from .sql import open_read_only, quoted
from .verify import registry_problems

# A site without these would answer every question with "not known".
MUST_HOLD = ("jurisdictions", "laws", "rules", "technologies", "sources", "coverage", "records")
# What a load says of whole sources and that must not reach readers. A single unreadable value, or a source that failed and kept
# its rows, does not hold a site back: it is shown there among the issues.
HOLD_BACK = ("rows_do_not_add_up", "column_mostly_blank", "fewer_rows_than_a_whole_file", "orphans", "undetermined")
# Words of a portal that may hold a private person's address or number by mistake.
PORTAL_TEXT = {
    "contracts": ("title", "description"), "amendments": ("title",), "transactions": ("title", "description"),
    "matters": ("title", "description"), "documents": ("title",),
}  # fmt: skip
PERSONAL = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}"),
    "a telephone number": re.compile(r"(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"),
    "a social security number": re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
}


def problems(path: Path) -> list[str]:
    """Why this registry must not be published; empty when nothing speaks against it."""
    with closing(open_read_only(path)) as db:
        try:
            sound = [row[0] for row in db.execute("PRAGMA integrity_check")]
        except sqlite3.DatabaseError as error:
            sound = [str(error)]
        if sound != ["ok"]:
            return [f"{path} is damaged ({sound[0]}). Run `registry tag` to make it again."]
        unlike = list(_unlike_schema(db))
        return unlike or [*_empty(db), *_held_back(db), *_orphans(db), *_never_fetched(db), *_personal(db)]


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row["name"] for row in db.execute(f"PRAGMA table_info({quoted(table)})")]


def _unlike_schema(db: sqlite3.Connection) -> Iterator[str]:
    """Tables and columns must be exactly those the schema names: nothing that nobody meant to publish."""
    named = {row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    shadows = ("sqlite_", *(f"{name}_fts" for name in TABLES))
    for name in sorted(named - set(TABLES)):
        if not name.startswith(shadows):
            yield f"There is a table {name} that the schema does not know. Run `registry tag` to make the registry again."
    for name, table in TABLES.items():
        if set(_columns(db, name)) != set(table.columns):
            yield f"The columns of {name} are not those of this version's schema. Run `registry tag` to make the registry again."


def _empty(db: sqlite3.Connection) -> Iterator[str]:
    for name in MUST_HOLD:
        if not db.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0]:
            yield f"The table {name} is empty. Run `registry check`, then `registry load`."


def _held_back(db: sqlite3.Connection) -> Iterator[str]:
    """Sources whose rows do not add up or that fell below the bounds a person set, as the last load found."""
    for row in db.execute("SELECT source, kind, count(*) AS n, min(message) AS words FROM issues GROUP BY source, kind"):
        if row["kind"] in HOLD_BACK:
            yield f"{row['source'] or 'registry'}: {row['kind']}, {row['n']} times: {row['words']} Mend it and load again."


def _orphans(db: sqlite3.Connection) -> Iterator[str]:
    for issue in registry_problems(sqlite_utils.Database(db)):
        yield f"{issue.message} {issue.remedy}"


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _never_fetched(db: sqlite3.Connection) -> Iterator[str]:
    """A source names columns that can belong to a private person; no column of ours may hold what the portal says in one of that name.

    One value in all rows of a source is none of the portal's: the source's file says it (`buyer_name: City of ...`).
    """
    published = [(table, column) for table in PORTAL_TEXT if "source" in TABLES[table].columns for column in _columns(db, table)]
    for source, text in db.execute("SELECT id, columns_never_fetched FROM sources").fetchall():
        private = {_folded(name) for name in json.loads(text or "[]")}
        for table, column in (one for one in published if one[1] in private):
            values = f"SELECT count(DISTINCT {quoted(column)}) FROM {quoted(table)} WHERE source = ?"
            if db.execute(values, (source,)).fetchone()[0] > 1:
                yield f"{table}.{column} is named among the columns never fetched of {source}. Leave it out of fields: and load again."


def _personal(db: sqlite3.Connection) -> Iterator[str]:
    for table, columns in PORTAL_TEXT.items():
        chosen = ", ".join(quoted(column) for column in columns)
        for row_id, *texts in db.execute(f"SELECT id, {chosen} FROM {quoted(table)}"):
            found = {kind for text in texts if text for kind, pattern in PERSONAL.items() if pattern.search(text)}
            for kind in sorted(found):
                yield f"{table}/{row_id} seems to hold {kind}. Look at it; if it is one, leave the field out of its source file."
