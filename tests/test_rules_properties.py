"""What must hold of every law and every set of facts, whatever the law says."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, get_args

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registry.facts import Facts, days, parse_facts
from registry.law import Action, Outcome
from registry.law_book import LawBook, load_law_book
from registry.rulecodes import RULE_MEANINGS, exemption_meanings
from registry.rules import judge
from registry.terms import bought, means
from registry.timeline import boundaries

BOOK: LawBook = load_law_book(Path(__file__).parent.parent / "data")
PLACES = sorted({law.jurisdiction for law in BOOK.laws.values()})
CODES = {*RULE_MEANINGS, *exemption_meanings(BOOK)}
# The end of the term is not among them: without one, an award before an oversight law is simply before it (rule 1).
# Under a prohibition it counts, because possession does: see the test of its own.
FACTS_OF_THE_ACQUISITION = ("department", "tech", "award_date", "face", "qualifier_met", "in_use_since")
EARLY, LATE = datetime.date(2012, 1, 1), datetime.date(2028, 12, 31)

settings.register_profile("laws", deadline=None, max_examples=400)
settings.load_profile("laws")


def days_near(place: str) -> list[datetime.date]:
    """Days at, before and after each day on which a law of the place changes: where mistakes live."""
    changes = {day for law in BOOK.laws.values() if law.jurisdiction == place for day in boundaries(law)}
    near = {day + datetime.timedelta(days=step) for day in changes if EARLY < day < LATE for step in (-1, 0, 1)}
    return sorted(near) or [EARLY]


@st.composite
def dates(draw: st.DrawFn, place: str) -> str:
    day = draw(st.one_of(st.sampled_from(days_near(place)), st.dates(EARLY, LATE)))
    return day.isoformat()[: draw(st.sampled_from((4, 7, 10, 10, 10)))]


def departments(place: str) -> st.SearchStrategy[str]:
    known = [name for agency in BOOK.jurisdictions[place].agencies for name in (agency.name, *agency.aliases)]
    return st.sampled_from([*known, "Police", "Bureau of Pneumatic Tubes", "Office of Police Oversight"])


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    place = draw(st.sampled_from(PLACES))
    values: dict[str, st.SearchStrategy[Any]] = {
        "department": departments(place),
        "tech": st.lists(st.sampled_from(sorted(BOOK.terms)), min_size=1, max_size=3, unique=True),
        "face": st.sampled_from(("no", "possible", "yes")),
        "action": st.sampled_from(get_args(Action)),
        "award_date": dates(place),
        "end_date": dates(place),
        "in_use_since": dates(place),
        "use_case": st.sampled_from(("face_access_control", "redaction")),
        "added_capability": st.booleans(),
        "qualifier_met": st.booleans(),
        "exigent_claimed": st.booleans(),
        "prior_approval": st.fixed_dictionaries(
            {"status": st.sampled_from(("approved", "refused", "suspended", "pending", "withdrawn"))},
            optional={"same_scope": st.booleans()},
        ),
    }
    usual = {name: values.pop(name) for name in ("department", "tech", "face", "action", "award_date")}
    return {"jurisdiction": place, **draw(st.fixed_dictionaries({}, optional={**usual, **values}))}


def says_otherwise(facts: Facts) -> bool:
    """The record uses a term with a qualifier and states that the qualifier is not met: it contradicts itself.

    Taking the denial away leaves the term, which says that the qualifier is met; that is no loss of knowledge.
    """
    return facts.qualifier_met is False and any(means(word, word, BOOK.terms, False) == "no" for word in facts.tech)


@settings(max_examples=1500)
@given(records(), st.data())
def test_knowing_less_never_makes_a_review_firm(record: dict[str, Any], data: st.DataObject) -> None:
    present = [name for name in FACTS_OF_THE_ACQUISITION if name in record]
    assume(present)
    assume(judge(record, BOOK).outcome == "needs_review")
    taken = data.draw(st.sampled_from(present))
    assume(not (taken == "qualifier_met" and says_otherwise(parse_facts(record))))
    less = judge({name: value for name, value in record.items() if name != taken}, BOOK)
    assert less.outcome == "needs_review", f"without {taken}: {less.rule} {less.reason}"


@given(records())
def test_an_unknown_end_never_clears_a_prohibition(record: dict[str, Any]) -> None:
    reviewed = {line["law"] for line in judge(record, BOOK).trace if line["outcome"] == "needs_review"}
    less = judge({name: value for name, value in record.items() if name != "end_date"}, BOOK)
    for line in less.trace:
        if line["law"] in reviewed and BOOK.laws[line["law"]].kind in ("ban", "conditional_ban"):
            assert line["outcome"] == "needs_review", line["reason"]


@given(records())
def test_every_answer_is_one_of_the_closed_lists(record: dict[str, Any]) -> None:
    got = judge(record, BOOK)
    assert got.outcome in get_args(Outcome) and got.rule in CODES
    assert (got.timing is not None) == (got.outcome == "approval_required")
    assert got.floor is None or got.outcome == "needs_review"
    assert (got.held is None) == (got.likely is None) == (not got.rule.startswith("UNVERIFIED_"))
    assert got.reason and got.sentence
    assert {line["rule"] for line in got.trace} <= CODES


@given(records())
def test_a_ban_always_outranks(record: dict[str, Any]) -> None:
    got = judge(record, BOOK)
    lines = [line["outcome"] for line in got.trace]
    assert ("banned" in lines) == (got.outcome == "banned")


@given(records())
def test_the_floor_never_exceeds_a_certain_answer(record: dict[str, Any]) -> None:
    got = judge(record, BOOK)
    if got.floor:
        assert any(line["outcome"] == got.floor and line["law"] != got.law for line in got.trace)


@settings(max_examples=1000)
@given(records(), st.data())
def test_the_date_matters_only_where_a_law_changes(record: dict[str, Any], data: st.DataObject) -> None:
    place = record["jurisdiction"]
    first, second = sorted(data.draw(st.lists(st.dates(EARLY, LATE), min_size=2, max_size=2)))
    changes = {day for law in BOOK.laws.values() if law.jurisdiction == place for day in boundaries(law)}
    assume(not any(first < day <= second for day in changes))
    one, other = (judge({**record, "award_date": day.isoformat()}, BOOK) for day in (first, second))
    assert (one.outcome, one.timing, one.floor, one.rule) == (other.outcome, other.timing, other.floor, other.rule)


@given(records(), st.data())
def test_an_interval_is_firm_only_if_all_its_days_agree(record: dict[str, Any], data: st.DataObject) -> None:
    when = data.draw(dates(record["jurisdiction"]))[:7]
    told = judge({**record, "award_date": when}, BOOK)
    # A ban that does not reach the technology is answered as one, whether or not it was in force on every day.
    if told.outcome not in ("needs_review", "not_covered"):
        day = data.draw(st.dates(days("", when).first, days("", when).last))
        assert judge({**record, "award_date": day.isoformat()}, BOOK).outcome == told.outcome


@given(records(), st.sampled_from(("drone", "gunshot_detection", "gang_database", "weapon_detection")))
def test_one_more_component_never_makes_it_exempt(record: dict[str, Any], more: str) -> None:
    record.pop("use_case", None)
    got = judge({**record, "tech": [*record.get("tech", []), more]}, BOOK)
    assert got.outcome != "exempt" and got.likely != "exempt"


@given(records(), st.permutations(sorted(BOOK.laws)))
def test_the_order_of_the_laws_changes_nothing(record: dict[str, Any], order: list[str]) -> None:
    shuffled = LawBook({law: BOOK.laws[law] for law in order}, BOOK.jurisdictions, BOOK.overlays, BOOK.terms)
    one, other = judge(record, BOOK), judge(record, shuffled)
    assert (one.outcome, one.timing, one.floor, one.rule) == (other.outcome, other.timing, other.floor, other.rule)


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4))
def test_words_nobody_knows_are_kept_apart(words: list[str]) -> None:
    facts = Facts(jurisdiction="us-wa-seattle", tech=tuple(words))
    things = bought(facts, BOOK.terms, {})
    assert set(things.known) | set(things.unknown) == set(words)
    assert not set(things.unknown) & set(BOOK.terms)
