"""A sorted list names every row once, on all its pages together and in a download."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import site_fixture
from datasette.app import Datasette
from datasette.utils import module_from_path

from registry import serve

plugin = module_from_path(str(site_fixture.ROOT / "plugins" / "whole_lists.py"), name="of_test_whole_lists")
facets = module_from_path(str(site_fixture.ROOT / "plugins" / "list_facets.py"), name="of_test_whole_lists_facets")
KEYS = {"contracts": "id"}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    """Rows that were not put in in the order of their ids, most of them with the same values as others."""
    path = site_fixture.build_large(tmp_path_factory.mktemp("many") / "registry.db", 230)
    with closing(sqlite3.connect(path)) as db:
        db.executescript("create table again as select * from contracts order by value_amount % 7")
        db.executescript("delete from contracts; insert into contracts select * from again; drop table again; analyze")
    return serve.test_client(path, site_fixture.ROOT)


def pages(site: Datasette, path: str) -> Iterator[list[str]]:
    while path:
        told = asyncio.run(site.client.get(path)).json()
        yield [row["id"] for row in told["rows"]]
        path = (told["next_url"] or "").removeprefix("http://localhost")


ORDERS = ("", "&_sort=year", "&_sort_desc=year", "&_sort_desc=jurisdiction", "&_sort=determination", "&_sort=id",
          "&_sort_desc=date_signed&year__gt=2004", "&_sort_desc=evidence&_search=watcher")  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
def test_every_row_comes_once(many: Datasette, order: str) -> None:
    found = [row_id for page in pages(many, f"/registry/contracts.json?_shape=objects&_size=20{order}") for row_id in page]
    counted = asyncio.run(many.client.get(f"/registry/contracts.json?_size=1{order}")).json()["filtered_table_rows_count"]
    assert len(found) == len(set(found)) == counted > 100


@pytest.mark.parametrize("order", ["", "&_sort_desc=jurisdiction"])
def test_a_download_has_every_row_once(many: Datasette, order: str) -> None:
    lines = asyncio.run(many.client.get(f"/registry/contracts.csv?_stream=on&_size=20{order}")).text.splitlines()[1:]
    assert len({line.split(",")[0] for line in lines}) == len(lines) == 230 + 3


def test_counts_beside_a_list_are_of_the_whole_list_or_are_left_out(many: Datasette) -> None:
    """Datasette itself counts on the second page only the rows from there on."""
    first = asyncio.run(many.client.get("/registry/contracts.json?_facet=evidence&_facet_list=technologies&_facet_array=products")).json()
    assert sum(one["count"] for one in first["facet_results"]["evidence"]["results"]) == first["filtered_table_rows_count"] == 233
    assert {"technologies", "products"} <= set(first["facet_results"])
    address = first["next_url"].removeprefix("http://localhost")
    assert asyncio.run(many.client.get(address)).json()["facet_results"] == {}
    page = asyncio.run(many.client.get("/registry/contracts?_sort=year&_next=2001%2Czz-n1")).text
    assert "Narrow by" not in page and '<a href="/registry/contracts?_sort=year">The first page</a>' in page
    assert "Narrow by" in asyncio.run(many.client.get("/registry/contracts?_sort=year")).text


@pytest.mark.parametrize("given", ["select id from contracts order by year desc", "select [a] from [contracts] where b = :p order by [b]"])
def test_the_key_is_put_last(given: str) -> None:
    assert plugin.in_one_order(f"{given} limit 51", KEYS) == f"{given}, id limit 51"


@pytest.mark.parametrize(
    "sql",
    [
        "select id from contracts order by id limit 51", "select id from contracts order by year, id limit 51",
        "select id from laws order by year limit 5", "select count(*) from contracts",
        "select year, count(*) from contracts group by year order by year limit 5",
        "select title from contracts where 1 union select title from records order by title limit 5",
    ],
)  # fmt: skip
def test_any_other_statement_stays_as_it_is(sql: str) -> None:
    assert plugin.in_one_order(sql, KEYS) == sql


@pytest.mark.parametrize(
    "given",
    [
        "(date_signed < :p1 or date_signed is null or (date_signed = :p1 and ((id > :p0))))",
        "([year] > :p3 or ([year] = :p3 and ((id > :p2))))",
    ],
)  # fmt: skip
def test_a_further_page_reads_the_index_of_its_order(given: str) -> None:
    sql = f"select id from contracts where {given} order by year limit 51"
    assert plugin.in_index_order(sql) == sql.replace("where (", "where +(")
    other = "select id from contracts where (a > :p0 or b = :p0)"
    assert plugin.in_index_order(other) == other


def test_an_item_is_sought_in_the_text_of_its_list() -> None:
    """The same rows as Datasette's own condition finds, whatever letters an item has."""
    items = ["cctv", "cct", 'a", "b', "a", "b", "é", "\\", "[", "", "1"]
    lists = [json.dumps(some) for some in (items, items[:2], items[1:2], items[2:3], ["a", "b"], ["x é"], ["é"], ["\\cctv"], [])]
    db = sqlite3.connect(":memory:")
    db.execute("create table contracts (technologies)")
    db.executemany("insert into contracts values (?)", [(one,) for one in lists])
    own = 'select rowid from contracts where :p0 in (select value from json_each("contracts"."technologies"))'
    assert facets.by_text(own) != own and facets.by_text("select :p0 in (1, 2)") == "select :p0 in (1, 2)"
    for item in items:
        assert db.execute(facets.by_text(own), {"p0": item}).fetchall() == db.execute(own, {"p0": item}).fetchall(), item
    counted = f"select a as value, count(*) as count from ({own}) where a is not null group by a order by 2"
    assert facets.by_text(counted).startswith("select +a as value") and "group by +a " in facets.by_text(counted)
