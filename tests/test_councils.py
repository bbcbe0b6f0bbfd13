"""Council matters beside purchases: what links them, what only may, and what that says of the approval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Checkout, as_csv, edit, row
from conftest import rows as orders
from test_kinds import MATTERS, matter, written

from registry.approvals import Approval
from registry.councils import Chamber, Link, Matter, Purchase, chamber, link_rows, links, with_matters
from registry.coverage import Council, Searched
from registry.errors import DataError
from registry.reviews import COLUMNS, Review, load_reviews
from registry.shape import convert

NOTHING = Approval(None, None, ())
READ = Council((Searched("2015-01-01", "2026-06-30", frozenset()),))


def item(number: str, outcome: str | None, day: str = "2021-03-02", source: str = "council", about: str = "eye") -> Matter:
    return Matter(f"m-{number.replace(' ', '')}-{source}", source, number, outcome, day, frozenset({about}))


def bought(*words: str, day: str = "2021-04-01", about: tuple[str, ...] = ("eye", "cctv")) -> Purchase:
    return Purchase("contracts/c1", day, words, about, frozenset(about))


def review(number: str, verdict: str = "same_purchase", line: str = "contracts/c1", source: str = "council") -> Review:
    cells = (source, number, line, verdict, "librarian", "2026-01-02", "Minutes", "https://c.example/1", "")
    return convert(dict(zip(COLUMNS, cells, strict=True)), Review, "a test")


def place(*matters: Matter, reviews: tuple[Review, ...] = (), searched: Council = READ) -> Chamber:
    return chamber(searched, matters, reviews)


def told(here: Chamber, purchase: Purchase, approval: Approval = NOTHING, decided_on: str | None = None) -> tuple[str | None, str | None]:
    answer = with_matters(approval, decided_on, here, purchase, links(here, purchase))
    return answer.status, answer.matter_id


# ---- links ----


@pytest.mark.parametrize("words", ["Agreement under 26-0189", "(26-0189)", "file 26-0189.", "RESOLUTION 26-0189/2"])
def test_a_file_number_in_the_purchases_own_words_links_firmly(words: str) -> None:
    found = links(place(item("26-0189", "approved")), bought(words))
    assert [one.how for one in found] == (["lead"] if words.endswith("/2") else ["file_number"])


@pytest.mark.parametrize("words", ["126-0189", "26-01890", "26-0189-B", "26-018"])
def test_a_longer_or_shorter_number_is_another_number(words: str) -> None:
    assert links(place(item("26-0189", "approved", about="other")), bought(words)) == []


def test_a_number_of_two_words_is_found_and_one_of_digits_alone_is_only_a_lead() -> None:
    here = place(item("CB 118930", "approved", about="other"), item("93350", "approved", about="other"))
    assert [(one.matter.number, one.how) for one in links(here, bought("see CB 118930 and 93350"))] == [
        ("93350", "lead"), ("CB 118930", "file_number"),
    ]  # fmt: skip


@pytest.mark.parametrize(("day", "wanted"), [
    ("2020-04-01", ["lead"]), ("2020-03-31", []), ("2021-09-28", ["lead"]), ("2021-09-29", []), ("", []),
])  # fmt: skip
def test_the_same_product_is_a_lead_only_within_a_year_before_and_half_a_year_after(day: str, wanted: list[str]) -> None:
    assert [one.how for one in links(place(item("26-1x", "approved", day)), bought())] == wanted


def test_a_product_tells_more_than_a_technology() -> None:
    here = place(Matter("m", "council", "1-1", None, "2021-03-02", frozenset({"eye", "cctv"})))
    assert [one.words for one in links(here, bought())] == ["eye"]


def test_a_review_makes_a_lead_firm_or_takes_it_away_and_only_in_its_own_council() -> None:
    lead = item("26-1x", "approved")
    (confirmed,) = links(place(lead, reviews=(review("26-1X"),)), bought())
    assert confirmed.how == "confirmed" and confirmed.review is not None
    assert [one.how for one in links(place(lead, reviews=(review("26-1x", "another_purchase"),)), bought())] == ["another_purchase"]
    assert [one.how for one in links(place(lead, reviews=(review("26-1x", source="elsewhere"),)), bought())] == ["lead"]
    assert [one.how for one in links(place(lead, reviews=(review("26-1x", line="contracts/c2"),)), bought())] == ["lead"]


def test_a_link_tells_who_read_what_by_role() -> None:
    (line,) = link_rows(bought(), links(place(item("26-1x", "approved"), reviews=(review("26-1x"),)), bought()))
    assert (line["contract"], line["record"], line["how"], line["reviewer_role"], line["reviewed_on"]) == (
        "c1", None, "confirmed", "librarian", "2026-01-02",
    )  # fmt: skip
    assert line["days_apart"] == -30


# ---- what it says of the approval ----


def test_a_lead_alone_says_nothing_and_is_not_silence() -> None:
    assert told(place(item("26-1x", "approved")), bought()) == (None, None)


def test_nothing_on_it_in_a_council_that_was_read_is_not_found_and_else_nobody_searched() -> None:
    assert told(place(), bought()) == ("not_found", None)
    assert told(place(searched=Council(())), bought()) == ("not_searched", None)
    assert told(place(), bought(day="")) == ("not_searched", None)
    assert told(place(), bought(day="2026-07-01")) == ("not_searched", None), "the council was searched through June only"
    assert told(place(), bought(day="2015-06-01")) == ("not_searched", None), "a vote may come a year before"
    partly = Council((Searched("2015-01-01", "2026-06-30", frozenset({"eye"})),))
    assert told(place(searched=partly), bought()) == ("not_searched", None), "the product was not sought"


def test_after_a_review_that_says_no_the_silence_counts() -> None:
    assert told(place(item("26-1x", "approved"), reviews=(review("26-1x", "another_purchase"),)), bought()) == ("not_found", None)


@pytest.mark.parametrize("outcome", ["approved", "refused", "suspended", "withdrawn", "terminated", "pending"])
def test_a_firm_link_tells_its_outcome(outcome: str) -> None:
    assert told(place(item("26-1x", outcome)), bought("26-1x")) == (outcome, "m-26-1x-council")


def test_an_unknown_status_word_is_no_outcome() -> None:
    assert told(place(item("26-1x", None)), bought("26-1x")) == (None, None)


def test_what_failed_and_was_filed_again_counts_as_it_ended() -> None:
    here = place(item("26-0189", "refused", "2025-10-15"), item("26-0294", "approved", "2025-12-09"))
    assert told(here, bought("26-0189, filed again as 26-0294", day="2026-01-05")) == ("approved", "m-26-0294-council")


def test_a_pending_item_does_not_undo_an_older_vote() -> None:
    here = place(item("26-1x", "approved", "2021-03-02"), item("26-2x", "pending", "2021-08-02"))
    assert told(here, bought("26-1x 26-2x")) == ("approved", "m-26-1x-council")


def test_two_outcomes_on_one_day_settle_nothing_and_are_no_silence() -> None:
    here = place(item("26-1x", "approved"), item("26-2x", "refused"))
    assert told(here, bought("26-1x 26-2x")) == (None, None)


def test_the_newer_of_a_governments_record_and_a_matter_counts() -> None:
    here, record = place(item("26-1x", "terminated", "2021-03-02")), Approval("approved", "r1", ())
    assert told(here, bought("26-1x"), record, "2020-05-01") == ("terminated", "m-26-1x-council")
    assert told(here, bought("26-1x"), record, "2022-05-01") == ("approved", None)
    assert told(place(), bought(), record, "2022-05-01") == ("approved", None), "silence does not undo a record"


# ---- through the whole engine ----


@pytest.fixture
def city(copied: Checkout) -> Checkout:
    (copied.data / "sources" / "syn-matters.yml").write_text(MATTERS, encoding="utf-8")
    return copied


def load(city: Checkout, *matters: dict[str, str], **order: str) -> dict[str, Any]:
    if matters:
        assert city.load(written(city.data.parent, matters), "syn-matters").exit_code == 0
    file = city.data.parent / "orders.csv"
    file.write_text(as_csv([row(signed="10/20/2025", start="10/20/2025", end="10/19/2026", **order), *orders(2)[1:]]), encoding="utf-8")
    assert city.load(file).exit_code == 0
    (stored,) = city.rows("SELECT * FROM contracts WHERE contract_number = '900001'")
    return stored


VOTE = {"MatterPassedDate": "2025-10-15T00:00:00"}
GUNSHOT = "SYNTHETIC GUNSHOT DETECTION SYSTEM"


def test_a_council_that_is_not_loaded_is_not_searched(city: Checkout) -> None:
    assert load(city)["approval_status"] == "not_searched"


def test_a_loaded_council_without_a_matter_is_not_found_once_its_days_cover_the_award(city: Checkout) -> None:
    other = matter(1, "LICENSE PLATE READER agreement", "Passed", **VOTE)
    assert load(city, other, matter(2, "License plate reader report", "Passed", **VOTE))["approval_status"] == "not_searched"
    november = dict.fromkeys(("MatterAgendaDate", "MatterPassedDate"), "2025-11-15T00:00:00")
    later = matter(3, "License plate reader report", "Passed", **november)
    stored = load(city, other, later)
    assert stored["approval_status"] == "not_found" and stored["approval_matter"] is None


def test_a_file_number_in_the_title_is_the_vote_and_an_agenda_is_only_pending(city: Checkout) -> None:
    voted = load(city, matter(7, GUNSHOT, "Passed", **VOTE), matter(8, GUNSHOT, "Failed", **VOTE), title=f"{GUNSHOT} 26-0007")
    assert voted["approval_status"] == "approved"
    assert city.rows("SELECT how, contract FROM matter_links ORDER BY matter") == [
        {"how": "file_number", "contract": voted["id"]}, {"how": "lead", "contract": voted["id"]},
    ]  # fmt: skip
    asked = load(city, matter(7, GUNSHOT, "Passed"), matter(8, GUNSHOT, "Failed", **VOTE), title=f"{GUNSHOT} 26-0007")
    assert asked["approval_status"] == "pending"
    (said,) = city.rows("SELECT approval_status FROM determinations WHERE contract = ? AND decides = 1", asked["id"])
    assert said["approval_status"] == "pending"


def test_a_reviewers_line_turns_a_lead_into_the_vote_and_follows_the_matters_fate(city: Checkout) -> None:
    lead = load(city, matter(7, GUNSHOT, "Passed", **VOTE), matter(8, "License plate reader", "Failed", **VOTE))
    assert lead["approval_status"] == "not_searched"
    assert city.rows("SELECT how FROM matter_links") == [{"how": "lead"}]
    with (city.data / "reviews.csv").open("a", encoding="utf-8") as file:
        file.write(f"syn-matters,26-0007,contracts/{lead['id']},same_purchase,clerk,2026-01-02,Minutes,https://c.example/1,\n")
    assert city.run("tag").exit_code == 0
    now = city.rows("SELECT approval_status, approval_matter FROM contracts WHERE id = ?", lead["id"])
    (voted,) = city.rows("SELECT id FROM matters WHERE matter_number = '26-0007'")
    assert now == [{"approval_status": "approved", "approval_matter": voted["id"]}]
    gone = load(city, matter(7, GUNSHOT, "Withdrawn"), matter(8, "License plate reader", "Failed", **VOTE))
    assert gone["approval_status"] == "withdrawn"


@pytest.mark.parametrize(("line", "says"), [
    ("nowhere,26-1,contracts/c,same_purchase,clerk,2026-01-02,Minutes,https://c.example,", "no source of council matters"),
    ("syn-matters,26-1,laws/c,same_purchase,clerk,2026-01-02,Minutes,https://c.example,", "contracts/ or records/"),
    ("syn-matters,26-1,contracts/c,same_purchase,clerk,2026-01-02,,https://c.example,", "what was read"),
    ("syn-matters,26-1,contracts/c,same_purchase,clerk,2026-01-02,Minutes,http://c.example,", "https://"),
    ("syn-matters,26-1,contracts/c,maybe,clerk,2026-01-02,Minutes,https://c.example,", "verdict"),
    ("syn-matters,26-1,contracts/c,same_purchase,Jane Doe,2026-01-02,Minutes,https://c.example,", "reviewer_role"),
    ("syn-matters,26-1,contracts/c,same_purchase", "cells"),
])  # fmt: skip
def test_a_review_that_cannot_stand_is_refused_with_its_remedy(line: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text(",".join(COLUMNS) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=says):
        load_reviews(tmp_path, {"syn-matters"})


def test_two_reviews_of_one_pair_are_refused(tmp_path: Path) -> None:
    line = "syn-matters,26-1,contracts/c,{},clerk,2026-01-02,Minutes,https://c.example,\n"
    text = ",".join(COLUMNS) + "\n" + line.format("same_purchase") + line.format("another_purchase")
    (tmp_path / "reviews.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="reviewed twice"):
        load_reviews(tmp_path, {"syn-matters"})


def test_a_review_of_what_is_not_loaded_is_kept_and_shown(city: Checkout) -> None:
    line = "syn-matters,99-9,contracts/zz,same_purchase,clerk,2026-01-02,Minutes,https://c.example/1,"
    edit(city.data / "reviews.csv", ",note\n", f",note\n{line}\n")
    load(city)
    assert [one["row"] for one in city.rows("SELECT * FROM reviews")] == ["contracts/zz"]
    assert city.rows("SELECT * FROM matter_links") == []


def test_links_are_a_plain_tuple_that_tells_its_days() -> None:
    (found,) = links(place(item("26-1x", "approved")), bought())
    assert isinstance(found, Link) and found.days == -30
