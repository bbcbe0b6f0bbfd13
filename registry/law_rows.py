"""The rows in which the site shows the laws it judges by, part by part, with what is verified and what is not. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from .law import Agency, Jurisdiction, Law
from .law_book import LawBook
from .rulecodes import RULE_MEANINGS, exemption_meanings
from .sentences import say

Row = dict[str, Any]
# Parts of a law that are told as it words them itself, by the name of the part.
_TOLD = (
    say("scope_note"), say("threshold"), say("third_party"), say("reports"), say("exigent"), say("information_sharing"),
    say("private_action"), say("update_rule"),
)  # fmt: skip


def jurisdiction_rows(book: LawBook) -> Iterator[Row]:
    """One row per place, with the state laws to be shown beside the local answer."""
    for place in book.jurisdictions.values():
        overlays = [{"citation": one.citation, "text": one.text, "evidence": one.evidence} for one in book.overlays.get(place.state, ())]
        yield {
            "id": place.id, "name": place.name, "kind": place.kind, "state": place.state.upper(), "ocd_division": place.ocd_division,
            "deciding_body": place.deciding_body, "overlays": json.dumps(overlays, ensure_ascii=False), **_point(place),
            "laws_known": sum(law.jurisdiction == place.id for law in book.laws.values()), "agencies_known": len(place.agencies),
        }  # fmt: skip


def _point(place: Jurisdiction) -> Row:
    point = place.point
    return {
        "latitude": point.latitude if point else None,
        "longitude": point.longitude if point else None,
        "point_source": point.source if point else None,
    }


def agency_rows(book: LawBook) -> Iterator[Row]:
    """One row per department, with the other names it goes by."""
    for place in book.jurisdictions.values():
        for number, agency in enumerate(place.agencies, 1):
            yield _agency(place, number, agency)


def _agency(place: Jurisdiction, number: int, agency: Agency) -> Row:
    return {
        "id": f"{place.id}_{number}", "jurisdiction": place.id, "name": agency.name, "kind": agency.kind,
        "aliases": _list(agency.aliases), "basis": agency.basis, "note": agency.note,
    }  # fmt: skip


def law_rows(book: LawBook) -> Iterator[Row]:
    """One row per law."""
    for law in book.laws.values():
        yield {
            "id": law.id, "jurisdiction": law.jurisdiction, "title": law.title, "kind": law.kind, "citation": law.citation,
            "url": law.url, "instrument": law.instrument, "deciding_body": law.body, "status": law.status,
            "date_enacted": _day(law.enacted), "date_effective": _day(law.effective.date), "date_quality": law.effective.quality,
            "window_from": _day(law.effective.window_from), "window_to": _day(law.effective.window_to),
            "agencies": law.agencies.mode, "technologies": _list(law.technologies or (say("surveillance technology"),)),
            "legacy_rule": law.legacy.rule, "evidence": json.dumps(law.evidence), "sources": _list(law.sources),
            "unknowns": law.doubt.why if law.doubt else "",
        }  # fmt: skip


def provision_rows(book: LawBook) -> Iterator[Row]:
    """One row per part of a law: what a reader needs to see the rule behind an answer."""
    for law in book.laws.values():
        for number, part in enumerate(_parts(law), 1):
            yield {"id": f"{law.id}_{number}", "law": law.id, **part}


def rule_rows(book: LawBook) -> Iterator[Row]:
    """One row per rule code, with its step in the order of rules and its meaning."""
    for code, (step, meaning) in {**RULE_MEANINGS, **exemption_meanings(book)}.items():
        yield {"id": code, "step": str(step), "meaning": meaning}


def _parts(law: Law) -> Iterator[Row]:
    yield _part(
        say("effective"),
        law.effective.quality,
        law.effective.note,
        law.effective.evidence or law.evidence.get("date", ""),
        law.effective.window_from,
        law.effective.window_to,
    )
    yield from _bound(law)
    yield from _reach(law)
    yield from _exemptions(law)
    yield _part(say("legacy"), law.legacy.rule, law.legacy.text, law.legacy.evidence, None, law.legacy.window_end)
    yield from _later(law)
    yield from _told(law)


def _bound(law: Law) -> Iterator[Row]:
    agencies = law.agencies
    yield _part(say("covers"), agencies.mode, agencies.note, agencies.evidence)
    for name in agencies.names:
        yield _part(say("covers"), name, say("named in the law"), agencies.evidence)
    for name in agencies.review:
        yield _part(say("covers"), name, say("unclear or carved out: a person must check"), agencies.evidence)


def _reach(law: Law) -> Iterator[Row]:
    part = say("prohibition") if law.kind in ("ban", "conditional_ban") else say("technology")
    for term in law.technologies:
        yield _part(part, term, "", law.evidence.get("ban", ""), law.technology_from.get(term))
    for trigger in law.triggers:
        unverified = "M" if trigger in law.triggers_from_memory else law.triggers_evidence
        yield _part(say("trigger"), trigger, say("needs a vote before it is done"), unverified)
    for trigger in law.notice_triggers:
        yield _part(say("notice"), trigger, say("notice to an advisory body, no vote"), law.triggers_evidence)
    for term in law.covered_explicitly:
        yield _part(say("technology"), term, say("named as covered"), law.evidence.get("definition", ""))


def _exemptions(law: Law) -> Iterator[Row]:
    for one in law.exemptions:
        yield _part(say("exemption"), one.code, one.qualifier, one.evidence, one.from_date, one.to_date)
    if law.exemption_override:
        yield _part(say("exemption"), say("no longer exempt when"), law.exemption_override, "")
    for text in law.exceptions:
        yield _part(say("exception"), "", text, "")


def _later(law: Law) -> Iterator[Row]:
    for change in law.amendments:
        yield _part(say("amendment"), "", change.what, change.evidence, change.date)
    for special in law.special:
        yield _part(say("special"), special.agency, say(f"{special.why}: {special.note}"), special.evidence, special.from_date)
    if law.review_agency_after:
        later = law.review_agency_after
        yield _part(say("special"), later.agency, later.why, "", later.from_date)
    if law.doubt:
        yield _part(say("doubt"), "", law.doubt.why, "", law.doubt.after)


def _told(law: Law) -> Iterator[Row]:
    for part in _TOLD:
        if text := getattr(law, part):
            yield _part(part, "", text, "")
    for note in law.notes:
        yield _part(say("note"), "", note.text, note.evidence)


def _part(part: str, code: str, words: str, evidence: str, start: object = None, end: object = None) -> Row:
    """A part of a law; where the evidence is not given apart, the words carry it in brackets, as the source notes do."""
    unverified = "M" in evidence or "(M)" in words
    return {
        "part": part,
        "code": code,
        "words": words,
        "evidence": evidence,
        "from_date": _day(start),
        "to_date": _day(end),
        "unverified": int(unverified),
    }


def _day(day: object) -> str | None:
    return str(day) if day else None


def _list(values: Iterable[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
