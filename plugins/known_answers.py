"""What an unchanging database was asked once is not asked again.

For one page Datasette asks some thirty times for columns, keys, labels and permissions, each time in another thread, and
waits for its turn each time: with four readers that takes longer than the rows. These answers, and other small ones such as the counts
beside a list, are the same for as long as the site runs, so they are kept. Bounded in number and in size; the oldest leaves first.
"""

from __future__ import annotations

import copy
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from datasette import hookimpl

SCHEMA = (
    "table_exists", "table_names", "view_names", "table_columns", "table_column_details", "primary_keys", "fts_table",
    "label_column_for_table", "foreign_keys_for_table", "get_all_foreign_keys", "hidden_table_names", "get_table_definition",
    "get_view_definition",
)  # fmt: skip
KEPT, MOST_ROWS, MOST_TEXT = 2_000, 24, 8_000  # answers; rows of one; characters in one
# Such a statement may answer otherwise when it is asked again.
CHANGING = re.compile(r"\b(now|random\w*|current_\w+|\w*changes|last_insert_rowid)\b", re.IGNORECASE)
Ask = Callable[..., Awaitable[Any]]


class Known:
    """Answers by what was asked; the one kept longest leaves first."""

    def __init__(self, most: int = KEPT) -> None:
        self.answers: OrderedDict[Hashable, Any] = OrderedDict()
        self.most = most

    def keep(self, asked: Hashable, answer: Any) -> None:
        """Keep an answer, and at most so many."""
        self.answers[asked] = answer
        if len(self.answers) > self.most:
            self.answers.popitem(last=False)


def told(ask: Ask, known: Known) -> Ask:
    """The same method, which asks once for each argument. A list or dictionary is given as a copy: it is the caller's to change."""

    async def once(*given: Any, **named: Any) -> Any:
        asked = (ask.__name__, given, tuple(sorted(named.items())))
        if asked not in known.answers:
            known.keep(asked, await ask(*given, **named))
        return copy.copy(known.answers[asked])

    return once


def allowed(ask: Ask, known: Known) -> Ask:
    """Permissions of readers, who are nobody in particular here."""

    async def once(actor: Any, action: str, resource: Any = None, default: Any = False) -> bool | None:
        asked = ("permission", action, resource, default)
        if actor is not None:
            return bool(await ask(actor, action, resource=resource, default=default))
        if asked not in known.answers:
            known.keep(asked, await ask(actor, action, resource=resource, default=default))
        answer: bool | None = known.answers[asked]
        return answer

    return once


def key_of(sql: str, params: Any, given: dict[str, Any]) -> Hashable | None:
    """What a statement is known by; None for one whose answer must not be kept."""
    if type(params) not in (type(None), dict, list, tuple) or CHANGING.search(sql):
        return None
    bound = tuple(params.items()) if isinstance(params, dict) else tuple(params or ())
    return ("statement", sql, bound, tuple(sorted(given.items())))


def small(found: Any) -> bool:
    """Whether an answer is worth keeping: few rows with little text."""
    rows = found.rows
    return len(rows) <= MOST_ROWS and sum(len(value) for row in rows for value in row if isinstance(value, (str, bytes))) <= MOST_TEXT


def executed(ask: Ask, known: Known) -> Ask:
    """`Database.execute`, which asks once for each statement with its values, when the answer is small."""

    async def once(sql: str, params: Any = None, **given: Any) -> Any:
        asked = key_of(sql, params, given)
        if asked is None:
            return await ask(sql, params, **given)
        if asked in known.answers:
            return known.answers[asked]
        found = await ask(sql, params, **given)
        if small(found):
            known.keep(asked, found)
        return found

    return once


async def _nothing_changes() -> None:
    """In place of Datasette's look at every schema before every page."""


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]]:
    """Put the memory before each database that cannot change; where one can, everything is asked anew."""

    async def remember() -> None:
        await datasette.refresh_schemas()
        databases = [one for one in datasette.databases.values() if not one.is_memory]
        for database in databases:
            if not database.is_mutable:
                known = Known()
                database.execute = executed(database.execute, known)
                for name in SCHEMA:
                    setattr(database, name, told(getattr(database, name), known))
        if databases and not any(database.is_mutable for database in databases):
            datasette.refresh_schemas = _nothing_changes
            datasette.permission_allowed = allowed(datasette.permission_allowed, Known())

    return remember
