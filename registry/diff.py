"""`registry diff`: what the last refresh, or every load since a day, changed; read from the registry alone."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

from .changes import About
from .errors import FactsError
from .source import chosen
from .sql import open_read_only

Row = dict[str, Any]
# The newest load of each source, or all since a day. They are stored in their order, and two may fall into one second.
_LOADS = """
SELECT loads.*, sources.title FROM loads JOIN sources ON sources.id = loads.source
WHERE (:source IS NULL OR loads.source = :source)
  AND CASE WHEN :since IS NULL
      THEN loads.rowid = (SELECT max(newest.rowid) FROM loads newest WHERE newest.source = loads.source)
      ELSE substr(loads.first_at, 1, 10) >= :since END
ORDER BY loads.source, loads.rowid
"""


def differences(registry: Path, source: str | None, since: str | None) -> list[Row]:
    """The loads asked for (columns of `loads`), each with its `changes` (columns of `changes_told`), oldest first.

    RegistryError where there is no registry or no such source, FactsError where `since` is no ISO day.
    """
    with closing(open_read_only(registry)) as db:
        _must_be_known(db, source)
        given = {"source": source, "since": _day(since)}
        loads = [dict(row) for row in db.execute(_LOADS, given)]
        found = "SELECT * FROM changes_told WHERE load = ? ORDER BY coalesce(contract, payment, matter, document), id"
        return [{**load, "changes": [dict(row) for row in db.execute(found, (load["id"],))]} for load in loads]


def _must_be_known(db: sqlite3.Connection, source: str | None) -> None:
    if source is not None:
        chosen([slug for (slug,) in db.execute("SELECT id FROM sources ORDER BY id")], (source,))


def _day(since: str | None) -> str | None:
    try:
        return date.fromisoformat(since).isoformat() if since else None
    except ValueError as error:
        raise FactsError(f"--since {since}: write the day as YYYY-MM-DD.") from error


def in_words(loads: list[Row]) -> str:
    """The same for a person: counts first, then each contract with what it was and is."""
    return "\n".join(line for load in loads for line in _load(load)) or "No load in that time, so nothing was compared."


def _load(load: Row) -> Iterator[str]:
    yield f"{load['title']} ({load['source']}), {load['first_at']}: {_result(load)}"
    for ref, changes in groupby(load["changes"], key=_ref):
        told = list(changes)
        yield f"  {told[0]['title']} ({ref})"
        yield from (f"    {one['said']}" for one in told)


def _ref(change: Row) -> str:
    """The id of the row that a change is about."""
    return str(next(change[name] for name in get_args(About) if change[name]))


def _result(load: Row) -> str:
    if load["result"] == "failed":
        return f"failed: {load['error']}"
    if load["compared_with"] is None:
        return "there is nothing to compare it with"
    part = "" if load["scope"] in ("whole", "asked") else f" (it shows {load['scope'].replace('_', ' ')}, so what it lacks is not gone)"
    kinds = Counter(one["kind"] for one in load["changes"])
    counted = ", ".join(f"{number:,} {kind.replace('_', ' ')}" for kind, number in sorted(kinds.items()))
    return (counted or "no change in what we hold") + part
