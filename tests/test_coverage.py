"""What was searched, for which words and through when: "none" and "not searched" are never the same row."""

from __future__ import annotations

import datetime
import json
from typing import Any

import msgspec
import pytest
from conftest import ROOT, SOURCE

from registry import pages
from registry.coverage import not_loaded, not_searched_for, searched, words_hash
from registry.report import SourceReport
from registry.schema import TABLES
from registry.snapshot import Snapshot
from registry.source import Source, load_sources

NOW = {"drone": "1", "alpr": "2", "new-product": "3"}

REPORT = SourceReport(SOURCE, "loaded", contracts_seen=70_000, contracts_matched=12)


@pytest.fixture(scope="module")
def source() -> Source:
    return load_sources(ROOT / "data")[SOURCE]


def account(rows: int) -> dict[str, str]:
    return {"rows_read": str(rows + 1), "rows_staged": str(rows), "rows_refused": "1", "origin": "synthetic.csv"}


def extract(**searched_for: str) -> Snapshot:
    return Snapshot(
        source=SOURCE, taken=datetime.date(2025, 12, 11), origin="whole.csv", sha256="0" * 64, rows_in_whole_file=200_000,
        contracts_in_whole_file=90_000, rows=500, searched_through=datetime.date(2025, 12, 1), note="", searched_for=searched_for,
    )  # fmt: skip


def row(source: Source, rows: int, snapshot: Snapshot | None) -> dict[str, Any]:
    return searched(source, account(rows), snapshot, "2025-12-09", REPORT, NOW)


def test_a_whole_file_answers_for_every_word_through_its_newest_day(source: Source) -> None:
    one = row(source, source.expect.rows_at_least, None)
    assert (one["state"], one["scope"], one["searched_through"], one["not_searched_for"]) == ("searched", "whole", "2025-12-09", "[]")
    assert (one["contracts_seen"], one["contracts_matched"], one["rows_refused"]) == (70_000, 12, 1)
    assert one["searched_from"] == source.covers_from.isoformat()


def test_a_part_of_a_file_says_that_it_proves_nothing(source: Source) -> None:
    one = row(source, source.expect.rows_at_least - 1, None)
    assert one["scope"] == "part"
    assert "proves nothing" in one["why"]


def test_an_extract_answers_only_for_the_words_it_was_searched_for(source: Source) -> None:
    one = row(source, 500, extract(drone="1", alpr="older words", gone="9"))
    assert (one["scope"], one["searched_through"], one["contracts_seen"]) == ("matched_only", "2025-12-01", 90_000)
    assert json.loads(one["not_searched_for"]) == ["alpr", "new-product"]


def test_nothing_is_unsearched_in_a_whole_file() -> None:
    assert not_searched_for(None, NOW) == []
    assert not_searched_for(extract(**NOW).searched_for, NOW) == []


@pytest.mark.parametrize("state", ["failed", "never"])
def test_a_source_never_loaded_is_not_searched(state: str, source: Source) -> None:
    one = not_loaded(source, state, "synthetic reason")
    assert (one["state"], one["why"], one["searched_through"], one["rows_read"], one["contracts_matched"]) == (
        state, "synthetic reason", None, None, None,
    )  # fmt: skip


def test_every_row_fills_every_column(source: Source) -> None:
    wanted = set(TABLES["coverage"].columns)
    rows = [row(source, 1, None), row(source, 1, extract()), not_loaded(source, "never", "")]
    assert [set(one) for one in rows] == [wanted] * 3


def test_the_hash_of_the_words_tells_any_change_and_no_order() -> None:
    turned = dict(reversed(NOW.items()))
    assert words_hash(turned) == words_hash(NOW)
    assert len({words_hash(NOW), words_hash({**NOW, "drone": "4"}), words_hash({"drone": "1"})}) == 3


def test_two_places_of_one_source_have_two_rows(source: Source) -> None:
    other = msgspec.structs.replace(source, jurisdiction="us-il-aurora")
    assert not_loaded(source, "never", "")["id"] != not_loaded(other, "never", "")["id"]


def test_silence_about_a_supplier_of_many_things_proves_nothing_even_in_a_whole_file(source: Source) -> None:
    one = searched(source, account(source.expect.rows_at_least), None, "2025-12-09", REPORT, NOW, ["general-store"])
    assert json.loads(one["not_searched_for"]) == ["general-store"]


def test_without_a_bound_no_given_file_is_known_to_be_whole_but_a_portals_own_count_is(source: Source) -> None:
    unbound = msgspec.structs.replace(source, expect=msgspec.structs.replace(source.expect, rows_at_least=0))
    assert row(unbound, 500_000, None)["scope"] == "part"
    counted = account(500) | {"origin": pages.name_of(source.id)}
    assert searched(unbound, counted, None, "2025-12-09", REPORT, NOW)["scope"] == "whole"
