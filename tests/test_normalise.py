"""Revisions of one order become one contract: summed, dated, titled by the first that speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SOURCE
from hypothesis import given
from hypothesis import strategies as st

from registry.normalise import RolledUp, revision_order, roll_up
from registry.source import Source, load_sources


@pytest.fixture(scope="module")
def source() -> Source:
    return load_sources(Path(ROOT / "data"))[SOURCE]


def raw(row: int, revision: str, **given: str) -> dict[str, str]:
    plain = {
        "contract_number": "7", "title": "SYNTHETIC CAMERAS", "buyer_unit": "POLICE", "supplier_name": "SYNTHETIC ONE",
        "date_signed": "01/02/2020", "period_start_date": "", "period_end_date": "", "value_amount": "10.00",
        "procurement_method": "", "source_url": "",
    }  # fmt: skip
    return {"row": str(row), "revision": revision, **plain, **given}


def rolled(source: Source, *rows: dict[str, str]) -> RolledUp:
    return roll_up(source, "7", list(rows), "synthetic.csv", "synthetic-load")


def contract(source: Source, *rows: dict[str, str]) -> dict[str, Any]:
    return rolled(source, *rows).contract


def test_the_value_is_the_sum_of_the_revisions_to_the_cent(source: Source) -> None:
    amounts = ["0.10", "0.20", "53,117,770.00", "-0.30", "0.00", ""]
    one = contract(source, *(raw(at, str(at), value_amount=amount) for at, amount in enumerate(amounts)))
    assert one["value_amount"] == 53_117_770.00
    assert one["amendment_count"] == 5


def test_the_value_is_not_known_where_no_revision_tells_it(source: Source) -> None:
    assert contract(source, raw(1, "0", value_amount=""), raw(2, "1", value_amount="N/A"))["value_amount"] is None
    assert contract(source, raw(1, "0", value_amount="0.00"))["value_amount"] == 0.0


def test_an_amount_told_twice_in_one_revision_counts_once(source: Source) -> None:
    found = rolled(source, raw(1, "0"), raw(2, "0"), raw(3, "0", value_amount="5.00"), raw(4, "1"))
    assert [(row["revision"], row["occurrence"], row["counted"]) for row in found.amendments] == [
        ("0", 1, 1), ("0", 2, 0), ("0", 3, 1), ("1", 1, 1),
    ]  # fmt: skip
    assert found.contract["value_amount"] == 25.0
    assert len({row["id"] for row in found.amendments}) == 4


def test_the_term_runs_from_the_first_start_to_the_newest_end(source: Source) -> None:
    one = contract(
        source,
        raw(9, "0", period_start_date="08/20/2018", period_end_date="08/19/2021", date_signed="08/20/2018"),
        raw(3, "10", period_end_date="11/22/2024", date_signed="02/01/2024", period_start_date="09/01/2018"),
        raw(5, "2", period_end_date="12/31/2099", date_signed="01/01/2019"),
        raw(7, "11"),
    )
    assert (one["date_signed"], one["period_start_date"], one["period_end_date"]) == ("2018-08-20", "2018-08-20", "2024-11-22")
    assert one["year"] == 2018


def test_the_first_revision_says_what_is_bought_and_the_newest_from_whom(source: Source) -> None:
    one = contract(
        source,
        raw(1, "10", title="EXTEND 365 DAYS", supplier_name=" "),
        raw(2, "2", title="SYNTHETIC CAMERAS", supplier_name="SYNTHETIC NEW NAME"),
        raw(3, "1", title="  ", supplier_name="SYNTHETIC OLD NAME"),
    )
    assert (one["title"], one["supplier_name"]) == ("SYNTHETIC CAMERAS", "SYNTHETIC NEW NAME")


def test_a_link_is_the_newest_published_else_the_data_sets(source: Source) -> None:
    links = [raw(1, "0", source_url="https://example.org/0"), raw(2, "1", source_url="javascript:x"), raw(3, "2")]
    assert contract(source, *links)["source_url"] == "https://example.org/0"
    assert contract(source, raw(1, "0"))["source_url"] == source.url


def test_unknown_dates_stay_unknown(source: Source) -> None:
    one = contract(source, raw(1, "0", date_signed="", period_start_date="07/01/0201"))
    assert (one["date_signed"], one["period_start_date"], one["period_end_date"], one["year"]) == (None, None, None, None)


def test_a_long_text_is_cut_with_an_issue(source: Source) -> None:
    [issue] = rolled(source, raw(12, "0", title="X" * 4_001)).issues
    assert (issue.kind, issue.row, issue.file, issue.field) == ("text_cut", 12, "synthetic.csv", "title")


@given(st.permutations(["0", "1", "2", "10", "11", "A", "A2", "A10", ""]))
def test_revisions_sort_as_people_count(shuffled: list[str]) -> None:
    assert sorted(shuffled, key=revision_order) == ["", "0", "1", "2", "10", "11", "A", "A2", "A10"]


@given(st.permutations(range(6)))
def test_the_order_of_the_file_does_not_matter(order: list[int]) -> None:
    source = load_sources(Path(ROOT / "data"))[SOURCE]
    rows = [raw(at, str(at), value_amount=f"{at}.00", title=f"TITLE {at}", period_end_date=f"01/0{at + 1}/2024") for at in range(6)]
    assert contract(source, *(rows[at] for at in order)) == contract(source, *rows)


def test_the_revision_signed_last_is_the_newest_whatever_its_number(source: Source) -> None:
    one = contract(
        source,
        raw(1, "T804393", date_signed="01/02/1998", period_end_date="09/30/1999", supplier_name="OLD NAME"),
        raw(2, "7", date_signed="06/01/2006", period_end_date="12/31/2006"),
    )
    assert (one["date_signed"], one["period_end_date"], one["supplier_name"]) == ("1998-01-02", "2006-12-31", "SYNTHETIC ONE")


def test_numbers_order_the_revisions_where_not_every_one_says_when_it_was_signed(source: Source) -> None:
    one = contract(source, raw(1, "10", date_signed="", period_end_date="12/31/2021"), raw(2, "9", period_end_date="12/31/2020"))
    assert one["period_end_date"] == "2021-12-31"
