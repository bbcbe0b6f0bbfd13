"""What contracts and records say of products, suppliers and technologies, and on which days a term certainly runs."""

from __future__ import annotations

from typing import Any

import pytest

from registry.determine import Found
from registry.holdings import Trade, contract_holdings, record_holdings
from registry.records import COLUMNS, Record
from registry.schema import TABLES
from registry.shape import convert
from registry.vocabulary import Supplier

PLAIN = {"specialist": "yes", "technologies": [], "evidence": {"basis": "memory"}}


def supplier(slug: str, **products: str) -> Supplier:
    """A synthetic supplier with products, each with its technology."""
    wares = [
        {"slug": name, "name": name, "technology": technology, "face": "no", "basis": "memory"} for name, technology in products.items()
    ]
    return convert({"slug": slug, "name": slug, **PLAIN, "products": wares}, Supplier, "a test")


SUPPLIERS = {"maker": supplier("maker", briefcam="video_analytics"), "reseller": supplier("reseller", eye="cctv", radio="other")}
TRADE = Trade({"briefcam": "maker", "eye": "reseller", "radio": "reseller"}, SUPPLIERS)
TERM = {"start": "2018-08-20", "end": "2024-11-22", "signed": "2018-08-01"}
PRODUCT = Found(("video_analytics",), ("video_analytics",), ("briefcam",), "reseller", "product")
LEAD = Found(("cctv", "alpr"), (), (), "reseller", "supplier")


def held(found: Found = PRODUCT, **changed: str | None) -> list[dict[str, Any]]:
    days = {**TERM, **changed}
    contract = {
        "id": "us-zz-exampleton_7", "jurisdiction": "us-zz-exampleton", "title": "[synthetic]", "contract_number": "7",
        "buyer_name": "City of Exampleton", "supplier": found.supplier, "supplier_name": "SYNTHETIC RESELLER", "source_url": "",
        "date_signed": days["signed"], "period_start_date": days["start"], "period_end_date": days["end"], "disappeared_on": None,
    }  # fmt: skip
    return list(contract_holdings(contract, found, TRADE))


def told(found: Found = PRODUCT, suppliers: tuple[str, ...] = (), **changed: str) -> list[dict[str, Any]]:
    plain = dict.fromkeys(COLUMNS, "") | {
        "id": "us-zz-exampleton-1", "jurisdiction": "us-zz-exampleton", "technology": "video_analytics", "event_type": "contract",
        "stage": "reported", "event_date": "2018-08", "date_precision": "month", "amount": None, "channel": "unknown",
        "decided_by": "", "evidence_grade": "press", "review": "no", "period_start": "2018-08", "period_end": "2020",
    }  # fmt: skip
    return list(record_holdings(convert(plain | changed, Record, "a test"), found, suppliers, TRADE))


def test_a_contract_tells_of_its_product_its_maker_its_party_and_its_technology() -> None:
    assert [(one["about"], one["about_kind"], one["firm"]) for one in held()] == [
        ("briefcam", "product", 1), ("reseller", "supplier", 1), ("maker", "supplier", 1), ("video_analytics", "technology", 1),
    ]  # fmt: skip


def test_a_lead_is_firm_about_the_party_only() -> None:
    assert [(one["about"], one["firm"]) for one in held(LEAD)] == [("eye", 0), ("reseller", 1), ("cctv", 0), ("alpr", 0)]


def test_a_party_is_a_lead_to_its_products_of_that_technology_only_where_none_is_named() -> None:
    words = Found(("cctv",), ("cctv",), (), "reseller", "term")
    assert [(one["about"], one["firm"]) for one in held(words) if one["about_kind"] == "product"] == [("eye", 0)]
    assert [(one["about"], one["firm"]) for one in held(words._replace(products=("radio",))) if one["about_kind"] == "product"] == [
        ("radio", 1)
    ]


@pytest.mark.parametrize(
    ("changed", "term"),
    [
        ({}, ("2018-08-20", "2024-11-22", "2024-11-22", 1)),
        ({"start": None}, ("2018-08-01", "2024-11-22", "2024-11-22", 1)),
        ({"end": None}, (None, None, None, 0)),
        ({"start": None, "signed": None}, (None, None, None, 0)),
        ({"end": "2018-08-20"}, ("2018-08-20", "2018-08-20", "2018-08-20", 1)),
        ({"end": "2018-08-19"}, (None, None, None, 0)),
    ],
)
def test_a_contract_is_in_force_only_between_days_it_tells_itself(changed: dict[str, None], term: tuple[Any, ...]) -> None:
    for one in held(**changed):
        assert (one["in_force_from"], one["in_force_to"], one["ended_by"], one["dated"]) == term


def test_a_month_or_year_counts_only_as_far_as_it_is_certain() -> None:
    one = told()[0]
    assert (one["in_force_from"], one["in_force_to"], one["ended_by"]) == ("2018-08-31", "2020-01-01", "2020-12-31")
    assert (one["evidence_from"], one["evidence_to"]) == ("2018-08-01", "2018-08-31")


@pytest.mark.parametrize(
    "changed",
    [{"stage": "proposed"}, {"event_type": "grant"}, {"period_start": ""}, {"period_end": ""}, {"review": "yes"}],
)
def test_a_plan_a_grant_or_an_open_end_is_no_dated_contract(changed: dict[str, str]) -> None:
    for one in told(**changed):
        assert (one["dated"], one["in_force_from"], one["in_force_to"], one["ended_by"]) == (0, None, None, None)
        assert one["proposal"] == int(changed.get("stage") == "proposed")


def test_every_row_fills_every_column_under_an_id_of_its_own() -> None:
    every = [*held(), *told(suppliers=("reseller", "reseller", "maker"))]
    assert {frozenset(one) for one in every} == {frozenset(TABLES["holdings"].columns)}
    assert len({one["id"] for one in every}) == len(every) == 8
