"""What decisions are allowed to say: a status only from a government's own record, else a lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.approvals import Approval, Decision, approval_status
from registry.records import COLUMNS, Record, load_records
from registry.shape import convert

DATA = Path(__file__).parents[1] / "data"
TECHNOLOGIES = {path.stem for path in (DATA / "technologies").glob("*.yml")}
JURISDICTIONS = {path.stem for path in (DATA / "jurisdictions").glob("*.yml")}
GOOD = dict.fromkeys(COLUMNS, "") | {
    "jurisdiction": "us-ma-boston", "technology": "cctv", "event_type": "approval", "stage": "decided",
    "event_date": "2021-05", "date_precision": "month", "amount": None, "channel": "unknown", "decided_by": "council",
    "evidence_grade": "primary", "government_source": "yes", "review": "no",
}  # fmt: skip


@pytest.fixture(scope="module")
def records() -> dict[str, Record]:
    return {record.id: record for record in load_records(DATA, JURISDICTIONS, TECHNOLOGIES)}


X, Y = frozenset({"x"}), frozenset({"y"})


def decision(id_: str = "us-ma-boston-1", **changes: str) -> Decision:
    """A council's own record of approving product x in May 2021, with changes."""
    return Decision(convert(GOOD | {"id": id_} | changes, Record, "a test"), X)


def decide(*changes: dict[str, str]) -> Approval:
    """The status for product x of decisions that differ from the council's approval by `changes`."""
    decisions = [decision(f"us-ma-boston-{n}", **change) for n, change in enumerate(changes, 1)]
    return approval_status(decisions, "us-ma-boston", X, frozenset({"cctv"}))


def test_a_councils_own_record_gives_the_status() -> None:
    assert decide({}) == Approval("approved", "us-ma-boston-1", ())
    assert decide({"event_type": "refusal"}).status == "refused"


@pytest.mark.parametrize(
    "change",
    [
        {"government_source": ""},
        {"government_source": "", "evidence_grade": "press"},
        {"decided_by": "board"},
        {"decided_by": "supplier", "event_type": "termination"},
        {"review": "yes"},
        {"event_date": "", "date_precision": "", "review": "yes"},
    ],
)
def test_anything_weaker_is_only_a_lead(change: dict[str, str]) -> None:
    assert decide(change) == Approval(None, None, ("us-ma-boston-1",))


def test_a_proposal_or_another_place_is_not_even_a_lead() -> None:
    assert decide({"stage": "proposed", "decided_by": ""}) == Approval(None, None, ())
    assert approval_status([decision()], "us-ma-cambridge", X, frozenset({"cctv"})) == Approval(None, None, ())


def test_every_product_must_be_named() -> None:
    both = approval_status([decision()], "us-ma-boston", X | Y, frozenset())
    none = approval_status([decision()], "us-ma-boston", frozenset(), frozenset({"cctv"}))
    other = approval_status([decision()], "us-ma-boston", Y, frozenset({"alpr"}))
    assert (both, none) == (Approval(None, None, ("us-ma-boston-1",)),) * 2
    assert other == Approval(None, None, ())


def test_the_latest_decision_wins_whatever_the_order() -> None:
    ended = {"event_type": "termination", "event_date": "2023-02-01", "date_precision": "day", "decided_by": "mayor"}
    assert decide({}, ended) == Approval("terminated", "us-ma-boston-2", ("us-ma-boston-1",))
    assert decide(ended, {}) == Approval("terminated", "us-ma-boston-1", ("us-ma-boston-2",))


def test_decisions_that_may_be_in_either_order_give_no_status() -> None:
    year = {"event_type": "suspension", "event_date": "2021", "date_precision": "year"}
    assert decide({}, year) == Approval(None, None, ("us-ma-boston-1", "us-ma-boston-2"))


def named(records: dict[str, Record], product: str) -> list[Decision]:
    """Decisions with x for those whose published product text names `product`."""
    return [Decision(one, X if product in one.product else frozenset()) for one in records.values()]


@pytest.mark.parametrize(
    ("jurisdiction", "product", "technology", "status", "record_id"),
    [
        ("us-ca-san-diego", "Flock ALPR", "alpr", "approved", "us-ca-san-diego-001"),
        ("us-ca-palo-alto", "Flock ALPR", "alpr", "approved", "us-ca-palo-alto-001"),
        ("us-co-pueblo", "ShotSpotter", "gunshot_detection", "approved", "us-co-pueblo-001"),
        ("us-ca-santa-clara", "Flock ALPR", "alpr", None, None),  # an agenda item, no vote read
        ("us-fl-miami-beach", "Fusus", "investigative_database", None, None),  # exploring is not buying
        ("us-ma-quincy", "ShotSpotter", "gunshot_detection", None, None),  # another city says so
        ("us-ca-oakland", "Flock", "alpr", None, None),  # transcriptions not re-read at the source
        ("us-ma-cambridge", "ShotSpotter", "gunshot_detection", None, None),  # summaries only
        ("us-wa-seattle", "Axon ALPR", "alpr", None, None),  # ordinances name no product
    ],
)
def test_what_the_real_records_settle(
    records: dict[str, Record],
    jurisdiction: str,
    product: str,
    technology: str,
    status: str | None,
    record_id: str | None,
) -> None:
    found = approval_status(named(records, product), jurisdiction, X, frozenset({technology}))
    assert (found.status, found.record_id) == (status, record_id)


def test_leads_are_shown_where_nothing_is_settled(records: dict[str, Record]) -> None:
    seattle = approval_status(named(records, "Axon ALPR"), "us-wa-seattle", X, frozenset({"alpr"}))
    cambridge = approval_status(named(records, "ShotSpotter"), "us-ma-cambridge", X, frozenset({"gunshot_detection"}))
    assert seattle.leads == ("us-wa-seattle-002", "us-wa-seattle-005")
    assert cambridge.leads == ("us-ma-cambridge-018", "us-ma-cambridge-019")
