"""Every law and every place of data/, read one by one: a contributor's file is tested with no test written."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from registry.law import Action, Effective, Jurisdiction, Law, LawTerm, Overlay, Trigger
from registry.law_book import load_law_book
from registry.shape import load_file

DATA = Path(__file__).parent.parent / "data"
LAWS = sorted((DATA / "laws").glob("*.yml"))
PLACES = sorted((DATA / "jurisdictions").glob("*.yml"))
EVIDENCE = re.compile(r"^[POSM]\b|^O/[MS]$")
BOOK = load_law_book(DATA)
TECHNOLOGIES = {path.stem for path in (DATA / "technologies").glob("*.yml")}


def _law(path: Path) -> Law:
    return load_file(path, Law)


def _place(path: Path) -> Jurisdiction:
    return load_file(path, Jurisdiction)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _names(place: Jurisdiction) -> list[str]:
    return [name.casefold() for agency in place.agencies for name in (agency.name, *agency.aliases)]


@pytest.mark.parametrize("path", LAWS, ids=lambda path: path.stem)
class TestEveryLaw:
    def test_is_named_as_its_file_and_begins_with_its_state(self, path: Path) -> None:
        law = _law(path)
        assert law.id == path.stem
        assert law.id.split("-")[0] == BOOK.jurisdictions[law.jurisdiction].state

    def test_dates_stand_in_order(self, path: Path) -> None:
        law = _law(path)
        _in_order(law.effective)
        if law.enacted and law.effective.date:
            assert law.enacted <= (law.effective.window_to or law.effective.date)
        for exemption in law.exemptions:
            if exemption.from_date and exemption.to_date:
                assert exemption.from_date < exemption.to_date
        assert list(law.amendments) == sorted(law.amendments, key=lambda one: one.date)

    def test_a_day_that_is_not_known_has_a_window(self, path: Path) -> None:
        effective = _law(path).effective
        if effective.quality in ("passage", "month", "year", "memory"):
            assert effective.window_from and effective.window_to
        assert effective.placeholder_day == (effective.quality in ("month", "year", "memory"))

    def test_without_a_date_it_stays_unverified(self, path: Path) -> None:
        law = _law(path)
        if law.effective.date is None:
            assert law.status == "unverified" or law.doubt is not None

    def test_every_statement_carries_evidence(self, path: Path) -> None:
        law = _law(path)
        assert law.sources and law.evidence
        assert all(EVIDENCE.match(code) for code in law.evidence.values()), law.evidence
        assert all(exemption.evidence for exemption in law.exemptions)
        assert all(note.evidence or "not known" in note.text for note in law.notes)
        assert law.triggers_evidence or not law.triggers or law.kind == "conditional_ban"
        assert set(law.triggers_from_memory) <= set(law.triggers)

    def test_a_remembered_day_is_marked_so(self, path: Path) -> None:
        effective = _law(path).effective
        if effective.quality == "memory":
            assert effective.evidence == "M"

    def test_a_ban_says_what_it_bans_and_the_others_what_triggers_them(self, path: Path) -> None:
        law = _law(path)
        if law.kind in ("ban", "conditional_ban"):
            assert law.technologies
        if law.kind in ("ccops", "conditional_ban") and law.status == "in_force" and law.doubt is None:
            assert law.triggers

    def test_names_only_agencies_that_its_place_knows(self, path: Path) -> None:
        law = _law(path)
        known = {agency.name for agency in BOOK.jurisdictions[law.jurisdiction].agencies}
        named = {*law.agencies.names, *law.agencies.review, *(one.agency for one in law.special)}
        if law.review_agency_after:
            named.add(law.review_agency_after.agency)
        assert named <= known, named - known
        assert bool(law.agencies.names) == (law.agencies.mode != "all")

    def test_quotes_no_law_at_length(self, path: Path) -> None:
        for text in _texts(msgspec.to_builtins(_law(path))):
            for quote in re.findall(r'"([^"]+)"', text):
                assert len(quote.split()) <= 25, quote

    def test_its_sources_can_be_read_by_a_stranger(self, path: Path) -> None:
        for source in _law(path).sources:
            assert len(source) >= 4 and not re.search(r"\bR\d\b|^amlegal -", source), source

    def test_its_examples_are_of_its_place_and_say_that_they_are_examples(self, path: Path) -> None:
        law = _law(path)
        for example in law.examples:
            assert example.record["jurisdiction"] in (law.jurisdiction, BOOK.jurisdictions[law.jurisdiction].name)
            assert example.basis
            assert example.timing is None or example.expect == "approval_required"
            assert set(example.published) <= {"outcome", "likely", "rule", "floor"}


def _in_order(effective: Effective) -> None:
    if effective.date is None:
        assert effective.window_from is None and effective.window_to is None
    elif effective.window_from is not None or effective.window_to is not None:
        assert effective.window_from is not None and effective.window_to is not None
        assert effective.window_from <= effective.date <= effective.window_to


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.stem)
class TestEveryPlace:
    def test_slug_state_and_division_agree(self, path: Path) -> None:
        place = _place(path)
        assert place.id == path.stem
        # Every place is part of a state or of the federal government; only that government as a whole is part of neither.
        assert re.fullmatch(r"us-[a-z]+(-[a-z0-9]+)+", place.id) or (place.id, place.kind) == ("us-federal", "federal")
        assert place.kind == "federal" or place.id.startswith(f"us-{place.state}-")
        division = f"ocd-division/country:us/{'district' if place.state == 'dc' else 'state'}:{place.state}"
        if place.ocd_division and place.kind != "federal":
            assert f"{place.ocd_division}/".startswith(f"{division}/")
            assert ("/county:" in place.ocd_division) == (place.kind == "county")
        assert place.ocd_division or place.note

    def test_no_name_means_two_agencies(self, path: Path) -> None:
        twice = [name for name, count in Counter(_names(_place(path))).items() if count > 1]
        assert not twice

    def test_what_is_left_open_says_why(self, path: Path) -> None:
        assert all(agency.note for agency in _place(path).agencies if agency.review or agency.separate)

    def test_a_place_with_a_law_has_a_police_and_a_body_that_decides(self, path: Path) -> None:
        place = _place(path)
        if any(law.jurisdiction == place.id for law in BOOK.laws.values()):
            assert any(agency.kind in ("police", "sheriff") for agency in place.agencies)
        bodies = [law.body for law in BOOK.laws.values() if law.jurisdiction == place.id and law.kind == "ccops"]
        assert not bodies or place.deciding_body

    def test_every_buyer_of_its_records_is_an_agency(self, path: Path) -> None:
        place = _place(path)
        if any(law.jurisdiction == place.id for law in BOOK.laws.values()):
            unknown = {unit for unit in _buyers(place.id) if unit and unit.casefold() not in _names(place)}
            assert not unknown


def _buyers(jurisdiction: str) -> Iterator[str]:
    for path in (DATA / "records").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as rows:
            yield from (row["buyer_unit"] for row in csv.DictReader(rows) if row["jurisdiction"] == jurisdiction)


def test_every_place_of_the_records_has_a_file() -> None:
    for path in (DATA / "records").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as rows:
            missing = {row["jurisdiction"] for row in csv.DictReader(rows)} - set(BOOK.jurisdictions)
        assert not missing, f"{path}: {missing}"


@pytest.mark.parametrize("term", BOOK.terms.values(), ids=lambda term: term.id)
def test_every_law_term_means_something(term: LawTerm) -> None:
    assert set(term.technologies) <= TECHNOLOGIES
    assert term.technologies or term.not_surveillance or term.action


def test_every_technology_can_be_named_by_a_law_under_its_own_slug() -> None:
    for slug in TECHNOLOGIES:
        assert BOOK.terms[slug].technologies == (slug,) and not BOOK.terms[slug].qualifier


@pytest.mark.parametrize("overlay", load_file(DATA / "overlays.yml", tuple[Overlay, ...]), ids=lambda one: one.id)
def test_every_overlay_is_of_its_state_and_owns_up_to_memory(overlay: Overlay) -> None:
    assert overlay.id.startswith(f"{overlay.state}-")
    assert set(overlay.technologies) <= TECHNOLOGIES
    assert (overlay.evidence == "M") == ("memory" in overlay.text)


def test_laws_can_name_every_action_of_a_contract() -> None:
    assert set(get_args(Action)) < set(get_args(Trigger))


@pytest.mark.parametrize("path", [*LAWS, *PLACES, DATA / "overlays.yml", DATA / "lawterms.yml"], ids=lambda one: one.stem)
def test_nothing_points_into_a_private_place(path: Path) -> None:
    assert not re.search(r"/(?:work|tmp|home)/|localhost", path.read_text(encoding="utf-8"))
