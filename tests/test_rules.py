"""The rules of law on worked cases: those carried by data/, and our own reading of every path in law_examples.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registry.errors import FactsError
from registry.facts import parse_facts
from registry.law import Example
from registry.law_book import LawBook, load_law_book
from registry.rulecodes import RULE_MEANINGS, exemption_meanings
from registry.rules import judge
from registry.shape import read_yaml
from registry.vocabulary import load_technologies

DATA = Path(__file__).parent.parent / "data"
BOOK: LawBook = load_law_book(DATA)
ALIASES = {other: slug for slug, one in load_technologies(DATA).items() for other in one.also}
OWN: list[dict[str, Any]] = read_yaml(Path(__file__).parent / "law_examples.yml")
CARRIED: list[Example] = [
    example for entry in (*BOOK.laws.values(), *BOOK.jurisdictions.values()) for example in entry.examples
]
POLICE = {
    "jurisdiction": "us-ma-boston", "department": "Boston Police Department", "tech": ["gunshot_detection"], "face": "no",
    "action": "acquire", "award_date": "2024-05-01",
}  # fmt: skip


@pytest.mark.parametrize("case", OWN, ids=lambda case: case["name"])
def test_our_own_reading_of_the_rules(case: dict[str, Any]) -> None:
    got = judge(case["record"], BOOK, ALIASES)
    wanted = {name: case.get(name) for name in ("outcome", "timing", "floor", "likely", "rule")}
    assert {name: getattr(got, name) for name in wanted} == wanted, got.reason


@pytest.mark.parametrize("case", CARRIED, ids=lambda case: case.id)
def test_worked_cases_of_the_data(case: Example) -> None:
    got = judge(case.record, BOOK, ALIASES)
    own = got.held or {"outcome": got.outcome, "timing": got.timing, "rule": got.rule}
    assert own == {"outcome": case.expect, "timing": case.timing, "rule": case.rule}, got.reason
    assert got.floor == case.floor
    for name, value in (case.published or {"outcome": case.expect}).items():
        assert getattr(got, name) == value


def test_every_worked_case_is_carried() -> None:
    assert len(CARRIED) >= 34


def test_held_answers_name_both_answers() -> None:
    got = judge({**POLICE, "tech": ["data_sharing"], "action": "share_agreement"}, BOOK)
    assert (got.outcome, got.likely, got.rule) == ("needs_review", "approval_required", "UNVERIFIED_TRIGGER_SHARE_AGREEMENT")
    assert got.held == {"outcome": "approval_required", "timing": "prior", "rule": "TRIGGER_SHARE_AGREEMENT"}
    assert "from memory only" in got.reason


def test_the_trace_tells_every_law_and_step() -> None:
    got = judge(POLICE, BOOK).as_json()
    assert {line["law"] for line in got["trace"]} == {"ma-boston-face", "ma-boston-ccops"}
    deciding = next(line for line in got["trace"] if line["law"] == got["law"])
    assert [step["step"] for step in deciding["steps"]] == [0, 1, 2, 8]
    assert deciding["version"] == str(BOOK.laws["ma-boston-ccops"].effective.date)
    assert got["citation"] == BOOK.laws["ma-boston-ccops"].citation


def test_what_was_not_known_is_named() -> None:
    record = {name: value for name, value in POLICE.items() if name not in ("department", "face")}
    assert set(judge(record, BOOK).unknowns) == {"department", "face"}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("not_searched", "we have not searched the records of the City Council"),
        ("not_found", "none found in the records of the City Council"),
        ("approved", "Approval record: approved."),
    ],
)
def test_the_sentence_keeps_the_vote_apart_from_the_duty(status: str, words: str) -> None:
    got = judge(POLICE, BOOK, approval_status=status)
    assert got.sentence.startswith("Boston's law requires approval in advance for this (City Council), because acquiring it")
    assert words in got.sentence


def test_no_sentence_accuses() -> None:
    told = " ".join(judge(case["record"], BOOK, ALIASES).sentence for case in OWN).lower()
    assert "illegal" not in told and "violat" not in told and "unlawfully" not in told


def test_state_laws_stand_beside() -> None:
    got = judge({"jurisdiction": "Sunnyvale, CA", "tech": ["drone"], "award_date": "2023-01-01"}, BOOK)
    assert any("AB 481" in one for one in got.overlays) and "AB 481" in got.sentence
    assert not any("53166" in one for one in got.overlays), "a law on cell-site simulators says nothing of drones"


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"department": "Police"}, "`jurisdiction` is missing"),
        ({**POLICE, "colour": "red"}, "`colour` is not a fact. Allowed: jurisdiction"),
        ({**POLICE, "action": "buy"}, "Allowed: acquire, renew"),
        ({**POLICE, "face": "maybe"}, "Allowed: no, possible, yes"),
        ({**POLICE, "award_date": "May 2024"}, "is not a date"),
        ({**POLICE, "award_date": "2024-13"}, "is not in the calendar"),
        ({**POLICE, "award_date": "2024-02-30"}, "is not in the calendar"),
        ({**POLICE, "award_date": "0000-01-01"}, "is not in the calendar"),
        ({**POLICE, "amount": "much"}, "is not an amount"),
        ({**POLICE, "tech": {"drone": 1}}, "is not a list"),
        ({**POLICE, "qualifier_met": "perhaps"}, "Allowed: true, false, unknown"),
        ({**POLICE, "prior_approval": "yes"}, "`prior_approval`: `yes` is not allowed"),
        ({**POLICE, "prior_approval": {"status": "liked"}}, "status: approved, refused"),
        ({**POLICE, "prior_approval": {"state": "approved"}}, "unknown key `state`"),
        ({**POLICE, "jurisdiction": "Bostn, MA"}, "could mean us-ma-boston"),
        ({**POLICE, "jurisdiction": "Portland"}, "could mean us-me-portland, us-or-portland"),
    ],
)
def test_malformed_facts_are_named_with_a_remedy(record: dict[str, Any], told: str) -> None:
    with pytest.raises(FactsError) as error:
        judge(record, BOOK)
    assert told in str(error.value)


def test_a_place_of_the_same_name_elsewhere_is_not_a_misspelling() -> None:
    assert judge({"jurisdiction": "Columbia, MD"}, BOOK).rule == "NO_LAW_IN_TABLE"


def test_blank_and_unknown_values_are_unknown() -> None:
    facts = parse_facts({"jurisdiction": "us-ma-boston", "face": "unknown", "department": "", "award_date": None})
    assert (facts.face, facts.department, facts.award_date) == (None, None, None)
    assert parse_facts({**POLICE, "prior_approval": {"status": "not_searched"}}).prior_approval is None


def test_truth_values_of_json_and_yaml_are_read() -> None:
    facts = parse_facts({**POLICE, "face": False, "added_capability": "yes", "qualifier_met": False})
    assert (facts.face, facts.added_capability, facts.qualifier_met) == ("no", True, False)


def test_every_code_has_a_step_and_a_meaning() -> None:
    codes = {**RULE_MEANINGS, **exemption_meanings(BOOK)}
    judged = [judge(case["record"], BOOK, ALIASES) for case in OWN]
    assert {one.rule for one in judged} <= set(codes)
    assert all(0 <= step <= 10 and meaning for step, meaning in codes.values())
