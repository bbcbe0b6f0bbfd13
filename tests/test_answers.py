"""Is there a current contract? One dated row always, one of six answers, and zero rows never read as no."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import site_fixture
import yaml

ANSWERS = {"in_force", "ended", "review", "no_record", "not_searched", "did_you_mean"}
COLUMNS = [
    "answer", "sentence", "why", "newest_evidence", "evidence_count", "not_searched", "suggestions", "as_of",
]  # fmt: skip
METADATA = yaml.safe_load((site_fixture.ROOT / "metadata.yml").read_text(encoding="utf-8"))
QUERY = METADATA["databases"]["registry"]["queries"]["answer"]["sql"]
TOWN, ELSEWHERE = "us-zz-exampleton", "us-zz-elsewhere"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    with opened(site_fixture.build(tmp_path_factory.mktemp("answers") / "registry.db")) as db:
        yield db


def opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    return db


def ask(db: sqlite3.Connection, about: str | None, place: str | None, as_of: str | None = "2020-06-24") -> dict[str, Any]:
    """The one row, checked for its shape."""
    rows = db.execute(QUERY, {"about": about, "place": place, "as_of": as_of}).fetchall()
    assert len(rows) == 1
    row = dict(rows[0])
    assert list(row) == COLUMNS
    assert row["answer"] in ANSWERS
    assert row["sentence"].strip() and row["why"].strip()
    return row


def registry_of(tmp_path: Path, *holdings: dict[str, Any]) -> sqlite3.Connection:
    """The synthetic town with only these holdings."""
    return opened(site_fixture.write(tmp_path / "registry.db", site_fixture.tables() | {"holdings": list(holdings)}))


# The founding question, by the day it is asked: no document with dates has been read, so never yes and never no.
BOSTON = {
    "2013-12-31": ("not_searched", None),
    "2016-06-30": ("not_searched", None),
    "2019-06-30": ("review", "2019"),
    "2020-06-12": ("review", "2020-06-12"),
    "2020-06-24": ("review", "2020-06-24"),
    "2020-06-25": ("review", "2020-06-24"),
    "2021-12-12": ("review", "2020-06-24"),
    "2021-12-13": ("review", "2021-12-13"),
    "2022-09-01": ("review", "2021-12-13"),
    "2024-07-31": ("review", "2021-12-13"),
    "": ("review", "2021-12-13"),
}


@pytest.mark.parametrize("day", BOSTON)
def test_the_founding_question_at_each_date(registry: sqlite3.Connection, day: str) -> None:
    row = ask(registry, "BriefCam", "Boston, MA", day)
    assert (row["answer"], row["newest_evidence"]) == BOSTON[day]
    assert json.loads(row["not_searched"]) == ["No source of contracts of Boston, MA has been loaded."]


def test_a_proposal_is_named_as_a_proposal(registry: sqlite3.Connection) -> None:
    assert "a proposal, not a contract" in ask(registry, "BriefCam", "boston", "2021-12-13")["sentence"]
    assert "proposal" not in ask(registry, "BriefCam", "boston", "2021-12-12")["sentence"]


@pytest.mark.parametrize("about", ["briefcam", "BRIEFCAM", "Brief-Cam", "  Brief   Cam ", "brief.cam"])
@pytest.mark.parametrize(
    "place", ["Boston", "boston, ma", "BOSTON MA", "us-ma-boston", "Boston,MA", "City of Boston", "city of Boston, MA"]
)
def test_names_are_found_however_they_are_typed(registry: sqlite3.Connection, about: str, place: str) -> None:
    assert ask(registry, about, place)["answer"] == "review"


def test_accents_are_folded_as_the_registry_folds_names(registry: sqlite3.Connection) -> None:
    assert ask(registry, "CAFÉ-Cam 9", TOWN)["answer"] == "not_searched"


@pytest.mark.parametrize(
    ("day", "answer"),
    [("2019-01-04", "no_record"), ("2019-01-05", "in_force"), ("2021-12-31", "in_force"), ("2022-01-01", "ended"),
     ("2025-12-31", "ended"), ("2026-01-01", "review"), ("2009-12-31", "not_searched")],
)  # fmt: skip
def test_a_dated_contract_by_the_day(registry: sqlite3.Connection, day: str, answer: str) -> None:
    assert ask(registry, "watcher eye", "Exampleton", day)["answer"] == answer


def test_review_says_where_all_that_we_hold_ended_and_nobody_has_searched_since(registry: sqlite3.Connection, tmp_path: Path) -> None:
    held = "all ended before 2026-01-01, the last by 2021-12-31, but no source of its contracts was searched through that day."
    assert ask(registry, "watcher eye", TOWN, "2026-01-01")["sentence"].endswith(held)
    lead = site_fixture.holding(2, "watcher-eye", TOWN, firm=0)
    with registry_of(tmp_path, site_fixture.holding(1, "watcher-eye", TOWN), lead) as db:
        assert "no contract dates that settle it" in ask(db, "watcher eye", TOWN, "2026-01-01")["sentence"]


def test_a_city_that_is_a_county_too_is_found_by_both_styles(tmp_path: Path) -> None:
    rows = site_fixture.tables()
    rows["jurisdictions"][0]["kind"] = "city_county"
    with opened(site_fixture.write(tmp_path / "registry.db", rows)) as db:
        for style in ("city of", "city and county of"):
            assert ask(db, "briefcam", f"{style} Boston")["answer"] == "review"


def test_in_force_names_the_contract_and_its_term(registry: sqlite3.Connection) -> None:
    sentence = ask(registry, "watcher eye", TOWN)["sentence"]
    assert sentence.startswith("Yes: a dated contract for Watcher Eye with Exampleton, ZZ covers 2020-06-24")
    assert "2019-01-05 to 2021-12-31" in sentence


def test_in_force_says_how_far_contracts_were_searched_where_that_is_not_through_the_day(tmp_path: Path) -> None:
    long = site_fixture.holding(1, "watcher-eye", TOWN, in_force_to="2030-12-31", ended_by="2030-12-31")
    with registry_of(tmp_path, long) as db:
        assert ask(db, "watcher eye", TOWN, "2025-12-31")["sentence"].endswith("2030-12-31, as published).")
        later = ask(db, "watcher eye", TOWN, "2026-01-01")
    assert later["answer"] == "in_force"
    assert later["sentence"].endswith(" Contracts there were searched only through 2025-12-31, so a later change is not known.")


@pytest.mark.parametrize(
    ("day", "says"),
    [("2020-06-24", "Yes: a dated contract for Maker Co with "), ("2022-06-01", "The dated contracts for Maker Co we hold"),
     ("2026-01-01", "the dated contracts for Maker Co we hold")],
)  # fmt: skip
def test_a_contract_with_the_maker_is_not_told_as_one_for_the_product(tmp_path: Path, day: str, says: str) -> None:
    """A product and its maker often share a name; what is only a lead to the product must not be told as its contract."""
    rows = site_fixture.tables()
    rows["names"] += [
        {"id": "n90", "name": "maker", "about": "maker-cam", "kind": "product", "display": "Maker Cam"},
        {"id": "n91", "name": "maker", "about": "maker-co", "kind": "supplier", "display": "Maker Co"},
    ]
    lead = site_fixture.holding(1, "maker-cam", TOWN, firm=0)
    rows["holdings"] = [lead, site_fixture.holding(2, "maker-co", TOWN, about_kind="supplier", ref="zz-1")]
    with opened(site_fixture.write(tmp_path / "lead.db", rows)) as db:
        assert says in ask(db, "maker", TOWN, day)["sentence"]
    rows["holdings"][0]["firm"] = 1
    with opened(site_fixture.write(tmp_path / "named.db", rows)) as db:
        assert says.replace("Maker Co", "Maker Cam") in ask(db, "maker", TOWN, day)["sentence"]


def test_a_slug_and_a_technology_can_be_asked_for(tmp_path: Path) -> None:
    held = site_fixture.holding(1, "cctv", TOWN, about_kind="technology")
    with registry_of(tmp_path, held) as db:
        assert ask(db, "cctv", TOWN)["answer"] == "in_force"
        assert ask(db, "watcher-eye", TOWN)["answer"] == "no_record"


@pytest.mark.parametrize(
    "change", [{"firm": 0}, {"dated": 0}, {"proposal": 1}, {"in_force_from": "2020-07-01"}, {"in_force_to": "2020-06-01"}]
)
def test_a_lead_an_undated_paper_and_a_proposal_are_never_in_force(tmp_path: Path, change: dict[str, Any]) -> None:
    with registry_of(tmp_path, site_fixture.holding(1, "watcher-eye", TOWN, **change)) as db:
        assert ask(db, "watcher eye", TOWN)["answer"] == "review"


@pytest.mark.parametrize(
    "change", [{"firm": 0}, {"dated": 0, "in_force_from": None, "in_force_to": None, "ended_by": None}, {"ended_by": "2030-01-01"}]
)
def test_ended_needs_every_contract_to_have_ended(tmp_path: Path, change: dict[str, Any]) -> None:
    over, other = site_fixture.holding(1, "watcher-eye", TOWN), site_fixture.holding(2, "watcher-eye", TOWN, **change)
    with registry_of(tmp_path, over, other) as db:
        assert ask(db, "watcher eye", TOWN, "2022-06-01")["answer"] == "review"


@pytest.mark.parametrize(
    ("day", "answer"), [("2021-12-01", "in_force"), ("2021-12-02", "review"), ("2021-12-31", "review"), ("2022-01-01", "ended")]
)
def test_an_end_known_to_the_month_is_over_only_when_the_month_is(tmp_path: Path, day: str, answer: str) -> None:
    vague = site_fixture.holding(1, "watcher-eye", TOWN, in_force_to="2021-12-01", ended_by="2021-12-31")
    with registry_of(tmp_path, vague) as db:
        assert ask(db, "watcher eye", TOWN, day)["answer"] == answer


@pytest.mark.parametrize(("day", "answer"), [("2024-02-28", "in_force"), ("2024-02-29", "in_force"), ("2024-03-01", "ended")])
def test_a_term_that_ends_on_a_leap_day_covers_it(tmp_path: Path, day: str, answer: str) -> None:
    leap = site_fixture.holding(1, "watcher-eye", TOWN, in_force_to="2024-02-29", ended_by="2024-02-29")
    with registry_of(tmp_path, leap) as db:
        assert ask(db, "watcher eye", TOWN, day)["answer"] == answer


def test_ended_tells_newer_evidence(tmp_path: Path) -> None:
    use = site_fixture.holding(
        2, "watcher-eye", TOWN, kind="record", dated=0, evidence_from="2022-03-01", evidence_to="2022-03-31",
        in_force_from=None, in_force_to=None, ended_by=None, said="[synthetic] Still used.",
    )  # fmt: skip
    with registry_of(tmp_path, site_fixture.holding(1, "watcher-eye", TOWN), use) as db:
        row = ask(db, "watcher eye", TOWN, "2022-06-01")
    assert row["answer"] == "ended" and row["newest_evidence"] == "2022-03"
    assert "Newer evidence (2022-03): [synthetic] Still used." in row["sentence"]


def test_undated_evidence_keeps_us_from_saying_no_record(tmp_path: Path) -> None:
    undated = site_fixture.holding(
        1, "watcher-eye", TOWN, kind="record", dated=0, evidence_from=None, evidence_to=None,
        in_force_from=None, in_force_to=None, ended_by=None,
    )  # fmt: skip
    with registry_of(tmp_path, undated) as db:
        row = ask(db, "watcher eye", TOWN)
    assert (row["answer"], row["newest_evidence"]) == ("review", "date not known")


def test_no_record_needs_a_contract_source_searched_for_this_name(registry: sqlite3.Connection) -> None:
    assert ask(registry, "BriefCam", TOWN)["answer"] == "no_record"
    row = ask(registry, "cafe cam 9", TOWN)
    assert row["answer"] == "not_searched"
    assert json.loads(row["not_searched"]) == ["[synthetic] Exampleton contracts: this name was not searched for there"]
    blocked = ask(registry, "BriefCam", ELSEWHERE)
    assert blocked["answer"] == "not_searched"
    assert json.loads(blocked["not_searched"]) == ["[synthetic] Elsewhere contracts: blocked ([synthetic] the portal refuses us)"]


def test_a_part_of_a_file_proves_nothing(tmp_path: Path) -> None:
    rows = site_fixture.tables()
    rows["coverage"][0] |= {"scope": "part", "why": "[synthetic] Only 3 rows were loaded."}
    with opened(site_fixture.write(tmp_path / "registry.db", rows)) as db:
        row = ask(db, "BriefCam", TOWN)
    assert row["answer"] == "not_searched"
    assert json.loads(row["not_searched"]) == ["[synthetic] Exampleton contracts: [synthetic] Only 3 rows were loaded."]


def test_records_searched_are_not_contracts_searched(registry: sqlite3.Connection) -> None:
    assert ask(registry, "watcher eye", "us-ma-boston")["answer"] == "not_searched"


@pytest.mark.parametrize(
    ("about", "place", "parameter", "value"),
    [("breifcam", TOWN, "about", "briefcam"), ("watcher", TOWN, "about", "watcher-eye"),
     ("brief cam investigator", TOWN, "about", "briefcam"),
     ("briefcam", "Bostom", "place", "us-ma-boston"), ("briefcam", "boston massachusetts", "place", "us-ma-boston"),
     ("briefcam", "us-ma-bostn", "place", "us-ma-boston"), ("briefcam", "twin", "place", "us-zz-twin")],
)  # fmt: skip
def test_a_name_we_do_not_know_brings_suggestions(registry: sqlite3.Connection, about: str, place: str, parameter: str, value: str) -> None:
    row = ask(registry, about, place)
    assert row["answer"] == "did_you_mean"
    assert (parameter, value) in {(one["parameter"], one["value"]) for one in json.loads(row["suggestions"])}
    assert row["sentence"].endswith("This is not a no.")


@pytest.mark.parametrize(
    ("about", "place", "words"),
    [("", TOWN, "Say which product"), (None, None, "Say which place"),
     ("briefcam", "", "Say which place"),
     ("!!!", TOWN, "Say which product"),
     ("zzzz", TOWN, "We know no product"), ("日本語", TOWN, "We know no product, supplier or technology called “日本語”"),
     ("briefcam", "nowhere at all", "We know no place")],
)  # fmt: skip
def test_a_missing_or_unknown_word_still_gives_one_row(
    registry: sqlite3.Connection, about: str | None, place: str | None, words: str
) -> None:
    row = ask(registry, about, place)
    assert row["answer"] == "did_you_mean" and words in row["sentence"]


@pytest.mark.parametrize("place", ["us-qq-wholly-unlike", "Wholly Unlike, QQ"])
def test_a_place_we_hold_nothing_for_is_not_searched(registry: sqlite3.Connection, place: str) -> None:
    row = ask(registry, "briefcam", place)
    assert row["answer"] == "not_searched"
    assert json.loads(row["not_searched"]) == [f"No source of contracts of {place} has been loaded."]


@pytest.mark.parametrize("day", ["2020-13-01", "2020-02-30", "06/24/2020", "yesterday", "2020-06", "2020-6-24", "now", "0"])
def test_a_date_we_cannot_read_is_never_today(registry: sqlite3.Connection, day: str) -> None:
    row = ask(registry, "briefcam", "Boston", day)
    assert row["answer"] == "did_you_mean" and row["as_of"] == day
    assert "write it as YYYY-MM-DD" in row["sentence"]


def test_a_long_or_hostile_name_gives_one_row(registry: sqlite3.Connection) -> None:
    for text in ("x" * 100_000, "'; drop table names; --", "%", "_", '"', "briefcam\x00", "日本語"):
        assert ask(registry, text, text)["answer"] == "did_you_mean"
