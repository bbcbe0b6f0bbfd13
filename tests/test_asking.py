"""A portal too large to be read whole is asked by name: nothing can end a query's quotes, and silence means only what was asked."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import portal_simulator
import pytest
import stamina
from conftest import ROOT, Checkout
from hypothesis import given
from hypothesis import strategies as st
from portal_simulator import Simulator
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from registry.asking import EVERYTHING, asking, queries
from registry.catalog import Catalog, load_catalog
from registry.errors import DataError
from registry.fetch import ATTEMPTS, open_web
from registry.names import bare_name, opening, supplier_key
from registry.paths import Paths
from registry.pipeline import load
from registry.portals.paged import narrowed
from registry.scope import all_contracts, scope_of
from registry.source import Asks, Source
from registry.vocabulary import Name, Product, Supplier, SupplierEvidence, supplier_spellings

SQL = Asks(each=("upper(supplier) like '{SUPPLIER}%'",), quoting="sql", joined_by=" or ", at_once=2)
PHRASE = Asks(each=('"{product}"',), quoting="phrase")


def company(slug: str, *names: str | Name, specialist: Any = "yes", products: tuple[Product, ...] = ()) -> Supplier:
    first, *others = names
    assert isinstance(first, str)
    return Supplier(
        slug=slug, name=first, specialist=specialist, technologies=["alpr"], evidence=SupplierEvidence(basis="memory"),
        aliases=others, products=list(products),
    )  # fmt: skip


def product(slug: str, *names: str | Name) -> Product:
    return Product(slug=slug, name=slug, technology="alpr", face="no", basis="memory", aliases=list(names))


@pytest.fixture(scope="module")
def real() -> Catalog:
    return load_catalog(ROOT / "data")


def knowing(real: Catalog, *companies: Supplier) -> Catalog:
    return real._replace(suppliers={one.slug: one for one in companies})


def source(asks: Asks | None, **given: Any) -> Source:
    return portal_simulator.source("socrata", "https://portal.example", asks=asks, **given)


def test_a_source_without_templates_is_read_whole(real: Catalog) -> None:
    assert asking(source(None), real) == EVERYTHING


def test_names_are_joined_in_batches_and_each_is_asked_once(real: Catalog) -> None:
    alpha = company("a", "Alpha Watch, Inc.", "ALPHA WATCH", "Alpha Watch Systems")
    known = knowing(real, alpha, company("b", "Beta"), company("c", "Gamma"))
    assert queries(source(SQL), known) == (
        "upper(supplier) like 'ALPHA WATCH%' or upper(supplier) like 'BETA%'",
        "upper(supplier) like 'GAMMA%'",
    )


def test_suppliers_of_many_other_things_are_not_asked_for(real: Catalog) -> None:
    known = knowing(real, company("a", "Alpha"), company("b", "Big Store", specialist="no"))
    asked = asking(source(SQL), known)
    assert asked.queries == ("upper(supplier) like 'ALPHA%'",)
    assert set(asked.searched_for or {}) == {"a"}


def test_ordinary_words_and_short_names_are_not_sought_in_text_and_not_said_to_be(real: Catalog) -> None:
    clear = product("clear", Name(name="Clear", context=["database"]), "Clear Database")
    made = (clear, product("k5", "K5"), product("eagle", "Eagle Eye"))
    asked = asking(source(PHRASE), knowing(real, company("a", "Alpha", products=made)))
    assert asked.queries == ('"Clear Database"', '"Eagle Eye"')
    assert set(asked.searched_for or {}) == {"eagle"}


def test_only_some_can_be_asked_for(real: Catalog) -> None:
    known = knowing(real, company("a", "Alpha"), company("b", "Beta"))
    only = msgspec.structs.replace(SQL, only=("b",))
    assert queries(source(only), known) == ("upper(supplier) like 'BETA%'",)


@given(name=st.text(min_size=1, max_size=40))
def test_no_name_ends_the_quotes_it_stands_in(name: str, real: Catalog) -> None:
    for asks in (SQL, PHRASE):
        known = knowing(real, company("a", name, products=(product("p", name + "long enough"),)))
        for query in queries(source(asks), known):
            if asks is SQL:
                inside = query.removeprefix("upper(supplier) like '").removesuffix("%'")
                assert not re.search(r"(?<!')(?:'')*'(?!')", inside) and not re.search(r"[%_\\\x00-\x1f]", inside)
            else:
                assert query.count('"') == 2


def test_every_name_we_know_is_found_by_what_is_asked_for_it(real: Catalog) -> None:
    """Each spelling, in capitals and with its words shortened or written out, begins with its opening."""
    for supplier in real.suppliers.values():
        for spelt in supplier_spellings(supplier):
            assert spelt.name.upper().startswith(opening(spelt.name).upper()), spelt.name


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("Digital Recorders Technologies, Inc.", ["DIGITAL RECORDERS TECH", "DIGITAL RECORDERS TECHNOLOGY LLC"]),
        ("Flock Group Inc", ["FLOCK GROUP, INC.", "FLOCK GRP"]),
        ("SCRAM Systems (Alcohol Monitoring Systems)", ["SCRAM SYS"]),
    ],
)
def test_an_opening_fits_the_spellings_that_are_one_company(name: str, others: list[str]) -> None:
    for other in others:
        assert supplier_key(other) == supplier_key(bare_name(name))
        assert other.upper().startswith(opening(name).upper())


@pytest.mark.parametrize(
    ("asks", "wrong"),
    [
        ("{each: [\"name = 'x'\"], quoting: sql}", "exactly one of"),
        ("{each: ['{supplier} {product}'], quoting: sql}", "exactly one of"),
        ("{each: [], quoting: sql}", "at least one template"),
        ("{each: ['{supplier}'], quoting: bash}", "Allowed: phrase, sql"),
        ("{each: ['{supplier}'], quoting: sql, only: [no-such-company]}", "no supplier or product"),
    ],
)
def test_templates_that_cannot_work_are_refused_with_what_to_do(asks: str, wrong: str, copied: Checkout) -> None:
    path = copied.data / "sources" / "us-wa-king-county-contracts.yml"
    path.write_text(f"{path.read_text(encoding='utf-8')}asks: {asks}\n", encoding="utf-8")
    with pytest.raises(DataError, match=wrong):
        load_catalog(copied.data)


# ---- a load from a portal that is asked ----


class Asked(Simulator):
    """A portal that gives only the rows whose supplier a query names."""

    def _plain(self, request: Request) -> tuple[str, Response]:
        whole = self.rows
        query = request.args.get("$where") or request.args.get("where") or request.args.get("q") or ""
        openings = re.findall(r"'([A-Z ]+)%?'", query)
        self.rows = [row for row in whole if any(row["supplier"].startswith(one) for one in openings)]
        try:
            return super()._plain(request)
        finally:
            self.rows = whole


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    monkeypatch.setenv("REGISTRY_PACE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with HTTPServer(host="127.0.0.1") as server, stamina.set_testing(True, attempts=ATTEMPTS):
        simulator = Asked(server)
        suppliers = ("ALPHA WATCH INC", "BETA LLC", "GAMMA ROAD SALT", "SYNTHETIC PERSON")
        simulator.rows = [{**row, "supplier": suppliers[at % 4]} for at, row in enumerate(portal_simulator.rows(16))]
        yield simulator


def refreshed(tmp_path: Path, real: Catalog, one: Source, *companies: Supplier) -> Paths:
    paths = Paths(ROOT / "data", tmp_path / "build")
    known = knowing(real, *companies)._replace(sources={one.id: one}, records=[])
    with open_web() as web:
        load(paths, known, [one.id], web, lambda title, size: lambda rows: None)
    return paths


def stored(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(
    ("kind", "template", "joined"),
    [("socrata", "upper(supplier) like '{SUPPLIER}%'", ""), ("arcgis", "upper(supplier) like '{SUPPLIER}%'", " or "),
     ("ckan", "'{SUPPLIER}'", " | ")],
)  # fmt: skip
def test_only_rows_with_the_names_come_and_coverage_says_so(
    kind: str, template: str, joined: str, portal: Asked, real: Catalog, tmp_path: Path
) -> None:
    asks = Asks(each=(template, template + " "), quoting="sql", joined_by=joined)
    one = portal_simulator.source(kind, portal.base, asks=asks, expect=portal_simulator.Expect(rows_at_least=1))
    paths = refreshed(tmp_path, real, one, company("a", "Alpha Watch"), company("b", "Beta"), company("z", "Zeta"))
    suppliers = stored(paths.staging(one.id), "SELECT supplier, count(*) FROM rows GROUP BY 1 ORDER BY 1")
    # Both templates find the same rows, which are one row each.
    assert suppliers == [("ALPHA WATCH INC", 4), ("BETA LLC", 4)]
    ((scope, not_searched, why),) = stored(paths.registry, "SELECT scope, not_searched_for, why FROM coverage")
    assert scope == "matched_only" and "asked only" in why
    assert not {"a", "b", "z"} & set(json.loads(not_searched))
    assert "gunshot_detection" in json.loads(not_searched)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_supplier_added_afterwards_is_not_searched_until_the_next_load(portal: Asked, real: Catalog, tmp_path: Path) -> None:
    one = portal_simulator.source("socrata", portal.base, asks=SQL, expect=portal_simulator.Expect(rows_at_least=1))
    refreshed(tmp_path, real, one, company("a", "Alpha Watch"))
    paths, later = Paths(ROOT / "data", tmp_path / "build"), (company("a", "Alpha Watch"), company("b", "Beta"))
    known = knowing(real, *later)._replace(sources={one.id: one}, records=[])
    load(paths, known, [one.id], None, lambda title, size: lambda rows: None)
    ((not_searched,),) = stored(paths.registry, "SELECT not_searched_for FROM coverage")
    assert "b" in json.loads(not_searched) and "a" not in json.loads(not_searched)
    paths = refreshed(tmp_path, real, one, *later)
    ((not_searched,),) = stored(paths.registry, "SELECT not_searched_for FROM coverage")
    assert "b" not in json.loads(not_searched)


def test_another_search_is_not_the_same_search_though_it_is_for_the_same_names() -> None:
    """Not every name that is asked for is among those whose silence means something; templates and conditions change too."""
    one = source(SQL)
    scopes = {
        scope_of(place, f"{place.id}.pages.json", 10, {"a": "hash"}, narrowed(place, queries))
        for place, queries in (
            (one, ("x like 'A%'",)), (one, ("x like 'A%'", "x like 'B%'")),
            (source(SQL, access={**one.access, "where": "amount > 0"}), ("x like 'A%'",)),
        )
    }  # fmt: skip
    assert len(scopes) == 3 and not any(all_contracts(one, other) for one in scopes for other in scopes if one != other)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_fixed_condition_holds_for_every_query(portal: Asked, real: Catalog, tmp_path: Path) -> None:
    access = {"base": portal.base, **portal_simulator.ACCESS["socrata"], "where": "amount > 0"}
    one = portal_simulator.source("socrata", portal.base, asks=SQL, access=access, expect=portal_simulator.Expect(rows_at_least=1))
    refreshed(tmp_path, real, one, company("a", "Alpha Watch"), company("b", "Beta"))
    conditions = {request.args["$where"] for request in portal.asked if "$where" in request.args}
    assert conditions == {"(amount > 0) AND (upper(supplier) like 'ALPHA WATCH%' or upper(supplier) like 'BETA%')"}


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("asks", [None, Asks(each=("'{SUPPLIER}'",), quoting="sql", joined_by=" | ")])
def test_a_data_set_in_several_resources_is_one_source(asks: Asks | None, portal: Asked, real: Catalog, tmp_path: Path) -> None:
    """Row numbers begin anew in each resource, so they tell rows apart only within one."""
    access = {"base": portal.base, "resource": "year-one year-two", "page": "4"}
    rows = 16 if asks else 32
    whole = Simulator._plain
    one = portal_simulator.source(
        "ckan", portal.base, asks=asks, access=access, kind="payments", key=(), expect=portal_simulator.Expect(rows_at_least=rows),
        fields={"supplier_name": "supplier", "title": "title", "value_amount": "amount", "transaction_date": "starts"},
        never_fetched={name: "Not needed." for name in ("number", "unit", "link", "person")},
    )  # fmt: skip
    if asks is None:
        portal._plain = lambda request: whole(portal, request)  # type: ignore[method-assign]
    paths = refreshed(tmp_path, real, one, company("a", "Alpha Watch"), company("b", "Beta"))
    assert stored(paths.staging(one.id), "SELECT count(*) FROM rows") == [(rows,)]
    asked = {request.args["resource_id"] for request in portal.asked if "resource_id" in request.args}
    assert asked == {"year-one", "year-two"}
    found = stored(paths.registry, "SELECT supplier, count(*), count(DISTINCT id) FROM transactions WHERE supplier IS NOT NULL GROUP BY 1")
    assert found == [("a", 8, 8), ("b", 8, 8)]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_what_was_asked_for_can_be_a_column(portal: Asked, real: Catalog, tmp_path: Path) -> None:
    """A document is published for what a search found in it, so a row found by two queries stands there once for each."""
    asks = Asks(each=("upper(supplier) like '{SUPPLIER}%'", "upper(supplier) like '{SUPPLIER} %'"), quoting="sql")
    one = portal_simulator.source(
        "socrata", portal.base, asks=asks, kind="documents", key=("number", ":query"), expect=portal_simulator.Expect(rows_at_least=1),
        fields={"document_number": "number", "title": "title", "description": ":query", "source_url": "link"},
        never_fetched={name: "Not needed." for name in ("supplier", "unit", "amount", "starts", "person")},
    )  # fmt: skip
    paths = refreshed(tmp_path, real, one, company("a", "Alpha Watch Inc", "Alpha Watch"))
    queries_stored = stored(paths.staging(one.id), 'SELECT ":query", count(*) FROM rows GROUP BY 1 ORDER BY 1')
    assert queries_stored == [("upper(supplier) like 'ALPHA WATCH %'", 4), ("upper(supplier) like 'ALPHA WATCH%'", 4)]
    found = stored(paths.registry, "SELECT count(*), count(DISTINCT id), min(products) FROM documents")
    assert found[0][0] == found[0][1] == 4
    assert not any(":query" in str(request.args.get("$select")) for request in portal.asked)
