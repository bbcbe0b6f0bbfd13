"""The table of totals says what the contracts and records themselves say: on the small registry, and on a real first load."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import site_fixture
from conftest import ROOT, Checkout
from datasette.utils import module_from_path

GROUNDS = "jurisdiction, technologies, evidence, determination, approval_status"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkout = Checkout(ROOT / "data", tmp_path_factory.mktemp("totals"))
    assert checkout.run("load", "--offline").exit_code == 0
    return checkout.registry


@pytest.fixture(scope="module", params=["bundled", "synthetic"])
def registry(request: pytest.FixtureRequest, bundled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled if request.param == "bundled" else site_fixture.build_large(tmp_path_factory.mktemp("totals") / "registry.db", 500)


def rows(registry: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(registry)) as db:
        return db.execute(sql).fetchall()


@pytest.mark.parametrize("kind", ["contract", "record"])
def test_every_acquisition_is_counted_once(registry: Path, kind: str) -> None:
    one_by_one = rows(registry, f"SELECT {GROUNDS}, count(*) FROM acquisitions WHERE {kind} IS NOT NULL GROUP BY {GROUNDS}")
    together = rows(registry, f"SELECT {GROUNDS}, sum(times) FROM totals WHERE kind = '{kind}' GROUP BY {GROUNDS}")
    assert one_by_one and sorted(map(str, together)) == sorted(map(str, one_by_one))


def test_every_dollar_is_counted_once(registry: Path) -> None:
    [(value, valued)] = rows(registry, "SELECT sum(value_amount), count(*) FROM contracts")
    [(total, counted)] = rows(registry, "SELECT sum(value_amount), sum(times) FROM totals WHERE kind = 'contract'")
    assert counted == valued and total == pytest.approx(value)


def test_what_is_drawn_is_firm_in_dollars_and_has_a_year(registry: Path) -> None:
    drawn = rows(
        registry,
        "SELECT year, count(*), round(sum(value_amount), 2) FROM contracts WHERE evidence <> 'supplier' AND value_amount >= 0 "
        "AND value_currency = 'USD' AND year IS NOT NULL GROUP BY year ORDER BY year",
    )
    together = "SELECT year, sum(times), round(sum(value_amount), 2) FROM totals"
    assert drawn and rows(registry, f"{together} WHERE kind = 'contract' AND standing = 'drawn' GROUP BY 1 ORDER BY 1") == drawn


def test_terms_are_counted(registry: Path) -> None:
    termed = "SELECT count(*) FROM contracts WHERE coalesce(period_start_date, '') || coalesce(period_end_date, '') <> ''"
    assert rows(registry, "SELECT sum(with_a_term) FROM totals") == rows(registry, termed)


def test_every_payment_is_counted_once_and_apart(registry: Path) -> None:
    [(value, paid)] = rows(registry, "SELECT round(sum(value_amount), 2), count(*) FROM transactions")
    together = "SELECT round(sum(value_amount), 2), coalesce(sum(times), 0) FROM totals"
    assert rows(registry, f"{together} WHERE kind = 'payment'") == [(value, paid)]
    assert rows(registry, "SELECT DISTINCT kind FROM totals WHERE kind NOT IN ('contract', 'record', 'payment')") == []


@pytest.mark.parametrize(("table", "section", "one_by_one"), [
    ("technologies", "counts", "SELECT evidence, count(*), sum(contract IS NOT NULL), sum(record IS NOT NULL) FROM acquisitions, "
     "json_each(technologies) AS each WHERE each.value = :id GROUP BY 1"),
    ("jurisdictions", "technologies", "SELECT each.value, sum(evidence <> 'supplier'), sum(evidence = 'supplier'), sum(record IS NOT NULL) "
     "FROM acquisitions, json_each(technologies) AS each WHERE jurisdiction = :id GROUP BY 1"),
    ("jurisdictions", "outcomes", "SELECT determination, approval_status, count(*) FROM acquisitions "
     "WHERE jurisdiction = :id GROUP BY 1, 2"),
])  # fmt: skip
def test_pages_count_what_there_is_and_no_payment(registry: Path, table: str, section: str, one_by_one: str) -> None:
    told = module_from_path(str(ROOT / "plugins" / "row_pages.py"), name="of_test_totals").PAGES[table][section]
    with closing(sqlite3.connect(registry)) as db:
        for (name,) in db.execute(f"SELECT id FROM {table}").fetchall():
            given = {"id": name}
            assert sorted(map(str, db.execute(told, given))) == sorted(map(str, db.execute(one_by_one, given))), name


def test_a_contracts_technologies_are_those_of_its_matches(bundled: Path) -> None:
    """Pages count by the column and show the matches: on a real load the two say the same."""
    told = {(ref, slug) for ref, slugs in rows(bundled, "SELECT id, technologies FROM contracts") for slug in json.loads(slugs)}
    assert told and set(rows(bundled, "SELECT contract, technology FROM matches WHERE contract IS NOT NULL")) == told
