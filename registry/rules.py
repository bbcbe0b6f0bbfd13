"""What the law of a place requires of an acquisition: each law judged alone, then the strictest answer, then the gate.

`judge` is pure: facts and the law book in, a Judgement out. The ordered rules stand in timeline.py (0 to 2),
bans.py (3) and oversight.py (4 to 8); here the laws are combined (9) and what rests on memory is held back (10).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, NamedTuple

from .departments import Buyer, Directory, directory, find_buyer, find_place, place_names, state_named
from .errors import FactsError
from .facts import Facts, parse_facts
from .finding import Case, Finding
from .law import Law, Outcome, Timing
from .law_book import LawBook
from .rulecodes import RULE_MEANINGS
from .sentences import say
from .terms import Bought, bought
from .timeline import find
from .wording import STATUSES, held_reason, no_law_sentence, sentence

__all__ = ["RULE_MEANINGS", "Judgement", "judge"]

_STRICTEST_FIRST: tuple[str, ...] = (
    "banned", "review of a ban", "approval_required", "needs_review", "existing_technology_report", "disclosure_only",
    "exempt", "not_covered", "no_local_law",
)  # fmt: skip
# The least that "at least" can mean; that a law asks for nothing is no floor.
_FLOORS: tuple[Outcome, ...] = ("banned", "approval_required", "existing_technology_report", "disclosure_only")
_MAIN_FACTS = ("department", "tech", "face", "action", "award_date")


class Judgement(NamedTuple):
    """What may be published. `held` is the rules' own answer where the evidence gate keeps it back."""

    outcome: Outcome
    timing: Timing | None
    floor: Outcome | None
    likely: Outcome | None
    rule: str
    law: str | None
    reason: str
    sentence: str
    citation: str
    citation_url: str
    evidence: str
    overlays: list[str]
    unknowns: list[str]
    trace: list[dict[str, Any]]
    held: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """Return the judgement as plain values, by field name."""
        return self._asdict()


class _Answer(NamedTuple):
    """One law's own answer, before the gate."""

    law: Law
    finding: Finding


class _Prepared(NamedTuple):
    """What of a law book is looked up again and again."""

    book: LawBook
    names: Mapping[str, tuple[str, ...]]
    laws: Mapping[str, tuple[Law, ...]]
    directories: dict[str, Directory]
    buyers: dict[tuple[str, str | None], Buyer]


_prepared: dict[int, _Prepared] = {}


def judge(
    facts: Mapping[str, Any] | Facts,
    book: LawBook,
    aliases: Mapping[str, str] | None = None,
    *,
    approval_status: str = "not_searched",
) -> Judgement:
    """Return what the law of the place requires, as far as it may be published.

    `aliases` maps other spellings to technology slugs; a law's own term keeps its meaning. `approval_status` only words
    the sentence. Raises FactsError for an unknown key, an impossible value, or a place that looks misspelt.
    """
    if approval_status not in STATUSES:
        raise FactsError(f"approval_status `{approval_status}` is not allowed. Allowed: {', '.join(STATUSES)}.")
    known = facts if isinstance(facts, Facts) else parse_facts(facts)
    ready = _prepare(book)
    place = find_place(known.jurisdiction, ready.names)
    things = bought(known, book.terms, aliases or {})
    laws = ready.laws.get(place or "", ())
    if not place or not laws:
        return _no_law(known, things, book, place)
    buyer = _buyer(known.department, place, ready)
    answers = [_Answer(law, find(Case(law, known, things, buyer, book.terms, datetime.date.min))) for law in laws]
    return _published(known, things, book, place, answers, approval_status)


def _published(facts: Facts, things: Bought, book: LawBook, place: str, answers: list[_Answer], status: str) -> Judgement:
    """Rules 9 and 10: the strictest answer, held back where it rests on what has not been verified."""
    chosen = min(answers, key=_rank)
    law, own = chosen
    shown = _gated(own)
    floor = _floor(chosen, answers) if shown.outcome == "needs_review" else None
    held = {"outcome": own.outcome, "timing": own.timing, "rule": own.rule} if own.held else None
    overlays = _overlays(book, book.jurisdictions[place].state, things)
    return Judgement(
        outcome=shown.outcome, timing=shown.timing, floor=floor, likely=own.outcome if own.held else None,
        rule=shown.rule, law=law.id, reason=shown.reason,
        sentence=_sentence(book.jurisdictions[place].name, chosen, shown, floor, status, facts, overlays),
        citation=law.citation, citation_url=law.url, evidence=shown.evidence, overlays=overlays,
        unknowns=_unknowns(facts, answers),
        trace=[_traced(one, facts) for one in answers], held=held,
    )  # fmt: skip


def _unknowns(facts: Facts, answers: list[_Answer]) -> list[str]:
    """The main facts that are missing, then those that some law's answer turned on."""
    main = (name for name in _MAIN_FACTS if not getattr(facts, name))
    return list(dict.fromkeys((*main, *(name for one in answers for name in one.finding.missing))))


def _rank(answer: _Answer) -> tuple[int, bool]:
    """Strictest first; on a tie the oversight law, whose reason tells a reader more."""
    outcome = answer.finding.outcome
    name = "review of a ban" if outcome == "needs_review" and answer.law.kind == "ban" else outcome
    return _STRICTEST_FIRST.index(name), answer.law.kind == "ban"


def _gated(finding: Finding) -> Finding:
    """Rule 10: what rests on an unverified exemption, trigger or list of exceptions is only likely."""
    if not finding.held:
        return finding
    rule, reason = f"UNVERIFIED_{finding.rule}", held_reason(finding.held, finding.outcome, finding.reason)
    return finding._replace(rule=rule, outcome="needs_review", timing=None, reason=reason)


def _floor(chosen: _Answer, answers: list[_Answer]) -> Outcome | None:
    """The strictest certain answer among the other laws: what is required at least."""
    certain = {one.finding.outcome for one in answers if one is not chosen and not one.finding.held}
    return next((outcome for outcome in _FLOORS if outcome in certain), None)


def _sentence(place: str, chosen: _Answer, shown: Finding, floor: Outcome | None, status: str, facts: Facts, overlays: list[str]) -> str:
    if shown.outcome == "no_local_law":
        return no_law_sentence(place, facts.award_date, overlays)
    return sentence(place, chosen.law, shown, floor, status)


def _no_law(facts: Facts, things: Bought, book: LawBook, place: str | None) -> Judgement:
    name = book.jurisdictions[place].name if place else facts.jurisdiction
    state = book.jurisdictions[place].state if place else state_named(facts.jurisdiction)
    overlays = _overlays(book, state, things)
    reason = say(f"no law of {name} is in our table")
    step = {
        "law": None, "version": None, "outcome": "no_local_law", "timing": None, "rule": "NO_LAW_IN_TABLE",
        "reason": reason, "evidence": "", "steps": [{"step": 1, "finding": reason}],
    }  # fmt: skip
    return Judgement(
        outcome="no_local_law", timing=None, floor=None, likely=None, rule="NO_LAW_IN_TABLE", law=None, reason=reason,
        sentence=no_law_sentence(name, facts.award_date, overlays), citation="", citation_url="", evidence="",
        overlays=overlays, unknowns=_unknowns(facts, []), trace=[step], held=None,
    )  # fmt: skip


def _overlays(book: LawBook, state: str, things: Bought) -> list[str]:
    """State laws to be shown beside: those on no technology in particular, or on one of those bought."""
    technologies = {one for word in things.known for one in (word, *_meant(book, word))}
    return [
        f"{one.citation}: {one.text} [{one.evidence}]"
        for one in book.overlays.get(state, ())
        if not one.technologies or not technologies or technologies.intersection(one.technologies)
    ]


def _meant(book: LawBook, word: str) -> tuple[str, ...]:
    return book.terms[word].technologies if word in book.terms else ()


def _traced(answer: _Answer, facts: Facts) -> dict[str, Any]:
    """One law's line of the trace, after the gate: what it says alone, and the steps that led there."""
    shown, own = _gated(answer.finding), answer.finding
    step = RULE_MEANINGS[own.rule][0] if own.rule in RULE_MEANINGS else 4
    steps = [*own.steps, {"step": step, "finding": own.reason}]
    if own.held:
        steps.append({"step": 10, "finding": own.held})
    return {
        "law": answer.law.id, "version": _version(answer.law, facts), "outcome": shown.outcome, "timing": shown.timing,
        "rule": shown.rule, "reason": shown.reason, "evidence": shown.evidence, "steps": steps,
    }  # fmt: skip


def _version(law: Law, facts: Facts) -> str | None:
    """The day since which the version in force on the award date stands; the law's own day where that is not known."""
    on = facts.award_date.first if facts.award_date else datetime.date.min
    days = [day for day in (law.effective.date, *(one.date for one in law.amendments)) if day and day <= on]
    latest = max(days, default=law.effective.date)
    return str(latest) if latest else None


def _buyer(department: str | None, place: str, ready: _Prepared) -> Buyer:
    key = place, department
    if key not in ready.buyers:
        if place not in ready.directories:
            ready.directories[place] = directory(ready.book.jurisdictions[place], ready.laws[place])
        ready.buyers[key] = find_buyer(department, ready.directories[place])
    return ready.buyers[key]


def _prepare(book: LawBook) -> _Prepared:
    """Look-ups of the book last used; kept with the book itself, so that its identity cannot be reused."""
    if id(book) not in _prepared:
        laws = {place: tuple(one for one in book.laws.values() if one.jurisdiction == place) for place in book.jurisdictions}
        _prepared.clear()
        _prepared[id(book)] = _Prepared(book, place_names(book.jurisdictions), laws, {}, {})
    return _prepared[id(book)]
