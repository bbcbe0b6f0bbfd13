"""What an unchanging registry was asked once is not asked again, and what may change always is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import site_fixture
from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import module_from_path

from registry import serve

plugin = module_from_path(str(site_fixture.ROOT / "plugins" / "known_answers.py"), name="of_test_known_answers")


@pytest.fixture
def site(tmp_path: Path) -> Datasette:
    return serve.test_client(site_fixture.build(tmp_path / "registry.db"), site_fixture.ROOT)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of the database, once for each time that a page waits for a thread."""
    taken: list[str] = []
    execute_fn = Database.execute_fn

    async def counted(self: Database, fn: Any) -> Any:
        taken.append(self.name)
        return await execute_fn(self, fn)

    monkeypatch.setattr(Database, "execute_fn", counted)
    return taken


# A filter of its own each time: the rows, their number and the counts of seven columns have to be found, and nothing else.
@pytest.mark.parametrize(("path", "most"), [("/registry/contracts?value_amount__gt={n}", 12), ("/registry/contracts?_n={n}", 2),
                                            ("/registry/contracts/zz-1?_n={n}", 2), ("/registry?_n={n}", 0), ("/?_n={n}", 0)])  # fmt: skip
def test_a_page_asks_the_database_only_for_what_is_new(site: Datasette, turns: list[str], path: str, most: int) -> None:
    pages = [asyncio.run(site.client.get(path.format(n=number))) for number in range(2)]
    turns.clear()
    pages.append(asyncio.run(site.client.get(path.format(n=2))))
    assert [page.status_code for page in pages] == [200] * 3
    assert len(turns) <= most and "_internal" not in turns


def test_the_same_question_is_asked_once_and_another_one_again(site: Datasette, turns: list[str]) -> None:
    async def ask() -> list[Any]:
        await site.invoke_startup()
        turns.clear()
        database = site.get_database("registry")
        return [(await database.execute("select :x as x", {"x": x})).rows[0]["x"] for x in ("a", "b", "a", "b")]

    assert asyncio.run(ask()) == ["a", "b", "a", "b"] and len(turns) == 2


def asked_twice(site: Datasette, turns: list[str], sql: str) -> int:
    """How often the database was really asked."""

    async def ask() -> None:
        await site.invoke_startup()
        turns.clear()
        await site.get_database("registry").execute(sql)
        await site.get_database("registry").execute(sql)

    asyncio.run(ask())
    return len(turns)


@pytest.mark.parametrize("sql", ["select random()", "select hex(randomblob(8))", "select datetime('now')", "select CURRENT_TIMESTAMP",
                                 "select total_changes()"])  # fmt: skip
def test_what_may_be_answered_otherwise_is_asked_again(site: Datasette, turns: list[str], sql: str) -> None:
    assert asked_twice(site, turns, sql) == 2


@pytest.mark.parametrize("sql", ["with recursive n(x) as (select 1 union all select x + 1 from n where x < 25) select x from n",
                                 "select hex(zeroblob(5000))"])  # fmt: skip
def test_a_large_answer_is_not_kept(site: Datasette, turns: list[str], sql: str) -> None:
    assert asked_twice(site, turns, sql) == 2


def test_memory_is_bounded() -> None:
    known = plugin.Known(most=2)
    for name in "abc":
        known.keep(name, name.upper())
    assert dict(known.answers) == {"b": "B", "c": "C"}


def test_what_a_caller_does_with_an_answer_stays_with_the_caller(site: Datasette) -> None:
    async def twice() -> tuple[list[str], list[str]]:
        await site.invoke_startup()
        database = site.get_database("registry")
        first = await database.table_columns("laws")
        first.append("changed")
        return first, await database.table_columns("laws")

    first, second = asyncio.run(twice())
    assert first == [*second, "changed"]


def test_a_statement_that_failed_fails_again(site: Datasette) -> None:
    for _ in range(2):
        assert asyncio.run(site.client.get("/registry?sql=select+nothing")).status_code == 400


def test_a_database_that_may_change_is_always_asked(tmp_path: Path, turns: list[str]) -> None:
    path = site_fixture.build(tmp_path / "registry.db")
    changing = Datasette(files=[str(path)], plugins_dir=str(site_fixture.ROOT / "plugins"))

    assert asked_twice(changing, turns, "select 1") == 2


def test_somebody_in_particular_is_asked_about_anew() -> None:
    asked: list[Any] = []

    async def permission_allowed(actor: Any, action: str, resource: Any = None, default: Any = False) -> bool:
        asked.append(actor)
        return actor is None

    once = plugin.allowed(permission_allowed, plugin.Known())
    answers = [asyncio.run(once(actor, "view-table", ("registry", "laws"))) for actor in (None, None, {"id": "x"}, {"id": "x"})]
    assert answers == [True, True, False, False] and asked == [None, {"id": "x"}, {"id": "x"}]
