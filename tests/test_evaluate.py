"""Scoring of labelled rows, worked by hand on a vocabulary of two terms."""

from __future__ import annotations

import pytest

from registry.errors import FactsError
from registry.evaluate import evaluate, predictions
from registry.match import build_matcher
from tests.test_match import supplier, technology

MATCHER = build_matcher(
    {one.slug: one for one in (technology("plates", ["lpr"]), technology("cctv", ["cctv"]))},
    {"seers-inc": supplier("seers-inc", "Seers", ["plates"])},
)


def row(pair: str, description: str, labels: str, **more: str) -> dict[str, str]:
    base = {"supplier": "", "department": "", "basis": "text", "lead_only": "no", "certainty": "high"}
    return {"pair_id": pair, "description": description, "labels": labels, **base, **more}


ROWS = [
    row("right", "lpr and cctv", "plates|cctv"),
    row("false", "lpr", "none"),
    row("missed", "cameras", "cctv"),
    row("unsure", "lpr", "plates", certainty="low"),
    row("by name", "extend 365 days", "plates", basis="supplier", lead_only="yes", supplier="SEERS INC"),
    row("unknown name", "extend 365 days", "cctv", basis="supplier", lead_only="yes", supplier="HIDDEN INC"),
    row("false lead", "paint", "none", supplier="SEERS INC"),
    row("apart", "lpr", "plates|other_surveillance"),
]


def test_scores_by_hand() -> None:
    scores = evaluate(ROWS, MATCHER)
    assert scores["rows"] == 8
    assert scores["precision"] == 0.75  # plates and cctv of "right", plates of "apart"; "false" is wrong
    assert scores["recall"] == 0.75
    assert scores["leads_precision"] == 0.5
    assert scores["leads_recall"] == 0.5
    assert scores["per_technology"] == {"cctv": {"tp": 1, "fp": 0, "fn": 1}, "plates": {"tp": 2, "fp": 1, "fn": 0}}


def test_misses_name_the_row_and_the_kind() -> None:
    misses = evaluate(ROWS, MATCHER)["misses"]
    assert isinstance(misses, list)
    assert {(miss["kind"], miss["pair_id"]) for miss in misses} == {
        ("false", "false"), ("missed", "missed"), ("missed lead", "unknown name"), ("false lead", "false lead"),
    }  # fmt: skip


def test_ten_labels_earn_a_score_of_their_own() -> None:
    scores = evaluate([row(str(number), "lpr", "plates") for number in range(10)], MATCHER)
    assert scores["per_technology"] == {"plates": {"tp": 10, "fp": 0, "fn": 0, "precision": 1.0, "recall": 1.0}}


def test_nothing_to_score_is_none() -> None:
    scores = evaluate([], MATCHER)
    assert scores["precision"] is None and scores["leads_recall"] is None


def test_predictions() -> None:
    lines = {line["pair_id"]: line for line in predictions(ROWS, MATCHER)}
    assert lines["right"] == {"pair_id": "right", "technologies": "cctv|plates", "leads": ""}
    assert lines["by name"] == {"pair_id": "by name", "technologies": "", "leads": "plates"}


def test_a_missing_column_and_an_unknown_word_are_refused() -> None:
    broken = row("x", "lpr", "plates")
    del broken["basis"]
    with pytest.raises(FactsError, match="lacks column basis"):
        evaluate([broken], MATCHER)
    with pytest.raises(FactsError, match=r"lead_only is `maybe`\. Allowed: yes, no"):
        evaluate([row("x", "lpr", "plates", lead_only="maybe")], MATCHER)
