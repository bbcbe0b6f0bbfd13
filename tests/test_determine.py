"""From what a contract says to the facts of the law: nothing is filled in, and weak evidence gives no firm answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ROOT

from registry.approvals import Approval
from registry.catalog import Catalog, load_catalog
from registry.determine import (
    FIRM,
    Acquisition,
    Found,
    contract_facts,
    determination_rows,
    face,
    found_in,
    judged,
    with_earlier_vote,
)
from registry.match import Match, build_matcher, match
from registry.schema import TABLES
from registry.vocabulary import Product

NO_VOTE = Approval(None, None, ())
POLICE = {
    "jurisdiction": "us-ma-boston", "buyer_unit": "Boston Police Department", "date_signed": "2024-05-01",
    "period_start_date": None, "period_end_date": None, "value_amount": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(ROOT / "data")


@pytest.fixture(scope="module")
def products(catalog: Catalog) -> dict[str, Product]:
    return {one.slug: one for supplier in catalog.suppliers.values() for one in supplier.products}


def found(catalog: Catalog, products: dict[str, Product], title: str, supplier: str = "") -> Found:
    matcher = build_matcher(catalog.technologies, catalog.suppliers)
    return found_in(match(matcher, title, "", supplier, ""), products, None)


def acquisition(catalog: Catalog, products: dict[str, Product], what: Found, **changed: Any) -> Acquisition:
    facts, basis = contract_facts({**POLICE, **changed}, what, products, face_named=False)
    return Acquisition("contract", "us-ma-boston_7", facts, what, basis, NO_VOTE, review=False)


def test_blanks_are_left_out_and_the_date_says_what_it_is(products: dict[str, Product]) -> None:
    nothing = Found((), (), (), None, "")
    facts, basis = contract_facts(POLICE, nothing, products, False)
    assert basis == "date_signed"
    assert facts == {
        "jurisdiction": "us-ma-boston", "department": "Boston Police Department", "action": "acquire", "award_date": "2024-05-01",
        "face": "no",
    }  # fmt: skip
    undated = {**POLICE, "date_signed": None, "buyer_unit": ""}
    facts, basis = contract_facts(undated, nothing, products, False)
    assert basis == "no date published"
    assert not {"award_date", "department"} & set(facts)
    assert contract_facts({**undated, "period_start_date": "2020-01-01"}, nothing, products, False)[1] == "period_start_date"


def test_face_capability_is_told_only_as_far_as_it_is_known(products: dict[str, Product]) -> None:
    def asked(slug: str, named: bool = False) -> str | None:
        return face(Found((), (), (slug,), None, "product"), products, named)

    of = {(one.face, one.face_basis): one.slug for one in products.values()}
    assert asked(of["no", "source"]) == "no"
    assert asked(of["no", "memory"]) is None
    assert asked(of["optional", "source"]) == "possible"
    assert asked(of["unknown", "source"]) is None
    assert asked(of["no", "source"], named=True) == "yes"


def test_firm_evidence_puts_leads_aside(products: dict[str, Product]) -> None:
    term = Match("drone", "term", None, None, "drone", "title", "DRONE")
    lead = Match("alpr", "supplier", None, "flock", "Flock", "supplier", "FLOCK")
    assert found_in([term, lead], products, None).technologies == ("drone",)
    assert found_in([lead], products, None)[:3] == (("alpr",), (), ())
    assert found_in([lead], products, None).supplier == "flock"


def test_a_product_known_from_memory_is_not_verified(products: dict[str, Product]) -> None:
    recalled = next(one for one in products.values() if one.basis == "memory")
    read = next(one for one in products.values() if one.basis == "source")
    matches = [Match(one.technology, "product", one.slug, "x", one.name, "title", one.name) for one in (recalled, read)]
    assert found_in(matches, products, None).verified == (read.technology,)
    assert set(found_in(matches, products, None).products) == {recalled.slug, read.slug}


def test_the_words_of_the_contract_give_a_firm_answer_where_the_law_does(catalog: Catalog, products: dict[str, Product]) -> None:
    what = found(catalog, products, "Gunshot detection system")
    answer = judged(acquisition(catalog, products, what), catalog.book, {})
    assert (answer.outcome, answer.timing, answer.law) == ("approval_required", "prior", "ma-boston-ccops")


def test_a_suppliers_name_alone_gives_no_firm_answer_but_says_what_is_likely(catalog: Catalog, products: dict[str, Product]) -> None:
    what = found(catalog, products, "Annual fee", "SHOTSPOTTER INC")
    assert what.evidence == "supplier"
    answer = judged(acquisition(catalog, products, what), catalog.book, {})
    assert answer.outcome == "needs_review"
    assert answer.likely == "approval_required"


def test_a_record_marked_for_review_is_held_back(catalog: Catalog, products: dict[str, Product]) -> None:
    what = found(catalog, products, "Gunshot detection system")
    firm = acquisition(catalog, products, what)
    answer = judged(firm._replace(review=True), catalog.book, {})
    assert (answer.outcome, answer.timing, answer.likely) == ("needs_review", None, "approval_required")
    # What readers see first must not be firmer than the answer.
    assert answer.sentence.startswith(f"A person needs to check this ({answer.citation}): the record is marked for review by a person; ")
    assert "if it is right, the answer is approval required: acquiring it is among" in answer.sentence
    assert answer.rule == f"UNVERIFIED_{judged(firm, catalog.book, {}).rule}"


def test_of_a_mere_lead_nothing_is_known_not_even_that_it_sees_no_faces(products: dict[str, Product]) -> None:
    assert face(Found(("cctv",), (), (), "some-maker", "supplier"), products, named=False) is None
    assert face(Found(("cctv",), ("cctv",), (), None, "term"), products, named=False) == "no"


@pytest.mark.parametrize("missing", ["date_signed", "buyer_unit"])
def test_a_missing_fact_is_never_a_firm_no(missing: str, catalog: Catalog, products: dict[str, Product]) -> None:
    what = found(catalog, products, "Gunshot detection system")
    answer = judged(acquisition(catalog, products, what, **{missing: None}), catalog.book, {})
    assert answer.outcome not in {*FIRM} - {"approval_required", "banned"}
    assert answer.outcome == "needs_review"
    assert answer.unknowns


def test_no_law_in_a_place_is_told_as_such(catalog: Catalog, products: dict[str, Product]) -> None:
    what = found(catalog, products, "Gunshot detection system")
    answer = judged(acquisition(catalog, products, what, jurisdiction="us-il-chicago"), catalog.book, {})
    assert answer.outcome == "no_local_law"


@pytest.mark.parametrize(
    ("decided", "award", "known"),
    [
        ("2024-04-30", "2024-05-01", True), ("2024-05-01", "2024-05-01", False), ("2024-05-02", "2024-05-01", False),
        ("2024-04-30", "2024-05", True), ("2024-05-15", "2024-05", False), ("2024-01-01", "2024", False), (None, "2024", False),
    ],
)  # fmt: skip
def test_a_vote_counts_only_where_it_certainly_came_first(decided: str | None, award: str, known: bool) -> None:
    facts = with_earlier_vote({"award_date": award}, Approval("approved", "r-1", ()), decided)
    assert ("prior_approval" in facts) is known


def test_a_suspension_or_an_undated_purchase_is_no_earlier_vote() -> None:
    assert with_earlier_vote({"award_date": "2024"}, Approval("suspended", "r-1", ()), "2020-01-01") == {"award_date": "2024"}
    assert with_earlier_vote({}, Approval("approved", "r-1", ()), "2020-01-01") == {}


def test_every_law_considered_has_a_row_and_one_decides(catalog: Catalog, products: dict[str, Product]) -> None:
    one = acquisition(catalog, products, found(catalog, products, "Gunshot detection system"))
    answer = judged(one, catalog.book, {})
    rows = list(determination_rows(one, answer, catalog.book))
    assert [row["decides"] for row in rows] == [1] + [0] * (len(rows) - 1)
    assert {row["law"] for row in rows} == {"ma-boston-ccops", "ma-boston-face"}
    assert len({row["id"] for row in rows}) == len(rows)
    assert {frozenset(row) for row in rows} == {frozenset(TABLES["determinations"].columns)}
    assert json.loads(rows[0]["facts"])["tech"] == ["gunshot_detection"]
    assert rows[0]["approval_status"] == "not_searched"
    assert "illegal" not in json.dumps(rows).lower() and "violat" not in json.dumps(rows).lower()
