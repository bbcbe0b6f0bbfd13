"""A sorted list names every row once, page after page.

Datasette 0.65 sorts the first page by the chosen column alone and each further page by that column and the key. Rows of equal value
then stand in another order on the first page than on the next ones, so some come twice and others never, also in a download of the whole
list. Here the key is put last in the order of the first page too.

A further page also asks for what comes after a row by three conditions joined with "or". SQLite would look each up in the index of the
column, gather all rows of the rest of the list and sort them, for every page anew: half a second of a processor on 100,000 contracts, and
a download of the list is a hundred pages. A plus sign before the bracket keeps it from that, so that the index is read in its order.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.utils import escape_sqlite

# A statement of the form that a table's page makes: names of columns, one table, a condition perhaps, one column to sort by.
LISTED = re.compile(r"(select [\w\[\], ]+ from \[?(\w+)\]? (?:where .*)?order by \[?(\w+)\]?(?: desc)?)( limit \d+)", re.DOTALL)
# The condition of a further page, down and up.
AFTER = re.compile(r"\((\[?\w+\]?) (?:< (:p\d+) or \1 is null|> (:p\d+)) or \(\1 = (?:\2|\3) and ")
SEVERAL = re.compile(r"\b(union|except|intersect)\b", re.IGNORECASE)


def in_one_order(sql: str, keys: dict[str, str]) -> str:
    """The statement with the table's key as the last thing to sort by; any other statement as it is."""
    found = LISTED.fullmatch(sql)
    if found is None or found[2] not in keys or found[3] == keys[found[2]] or SEVERAL.search(sql):
        return sql
    return f"{found[1]}, {escape_sqlite(keys[found[2]])}{found[4]}"


def in_index_order(sql: str) -> str:
    """The statement of a further page so that it reads the index of its order; any other statement as it is."""
    return AFTER.sub(r"+\g<0>", sql)


def in_order(execute: Callable[..., Awaitable[Any]], keys: dict[str, str]) -> Callable[..., Awaitable[Any]]:
    """`Database.execute` for lists whose order is always the same."""

    async def ordered(sql: str, params: Any = None, **given: Any) -> Any:
        return await execute(in_index_order(in_one_order(sql, keys)), params, **given)

    return ordered


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]]:
    """Learn the key of every table that has one, and put it last in the order of its lists."""

    async def learn() -> None:
        for database in datasette.databases.values():
            keys = {name: await database.primary_keys(name) for name in await database.table_names()}
            database.execute = in_order(database.execute, {name: key[0] for name, key in keys.items() if len(key) == 1})

    return learn
