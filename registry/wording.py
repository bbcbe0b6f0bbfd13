"""The sentence a reader sees for each outcome. What the law requires and what was found of the city's acts stay apart."""

from __future__ import annotations

from .facts import Days
from .finding import Finding
from .law import Law, Outcome
from .sentences import say

_TIMING = {"prior": say("in advance"), "before_continued_use": say("before its use goes on"), "after_the_fact": say("after the fact")}
_STATUS = {
    "approved": say("approved"),
    "refused": say("refused"),
    "pending": say("pending"),
    "suspended": say("approved, then suspended"),
    "withdrawn": say("withdrawn"),
    "terminated": say("approved, then ended"),
    "not_found": say("none found in {records}"),
    "not_searched": say("we have not searched {records}"),
}
STATUSES = tuple(_STATUS)
PLAIN_OUTCOMES: dict[Outcome, str] = {
    "banned": say("a ban"),
    "approval_required": say("approval required"),
    "existing_technology_report": say("a report as existing technology"),
    "disclosure_only": say("publication or notice"),
    "exempt": say("exempt"),
    "not_covered": say("not covered"),
    "no_local_law": say("no local law"),
    "needs_review": say("a review"),
}


def sentence(place: str, law: Law, finding: Finding, floor: Outcome | None, status: str) -> str:
    """Return the reader's sentence for one law's published answer; `status` words what is known of a vote."""
    city, cite = place.partition(",")[0], law.citation
    timing, found = _TIMING[finding.timing or "prior"], _status(status, law)
    texts: dict[Outcome, str] = {
        "banned": say(
            f"{city}'s law prohibits this technology ({cite}). A council vote under its surveillance law would not "
            "change that. We have not determined whether it was used."
        ),
        "approval_required": say(
            f"{city}'s law requires approval {timing} for this ({law.body}), because {finding.reason}. Approval record: {found}."
        ),
        "existing_technology_report": say(
            f"Covered by {cite}. No new vote appears to be needed for this; it must appear in the "
            f"{'annual report' if law.reports else 'annual report or inventory'}."
        ),
        "disclosure_only": say(f"{city} must publish a policy or give notice; no council approval is required."),
        "exempt": say(f"{city}'s law names this kind of item as exempt ({cite})."),
        "not_covered": say(f"{city} has a law ({cite}), but it does not cover {_what(finding)}."),
        "needs_review": review_sentence(finding.reason, cite, floor),
    }
    return texts[finding.outcome]


def no_law_sentence(place: str, days: Days | None, overlays: list[str]) -> str:
    """Return the sentence for a place without a law in the table, on the day (or between the days) of the award."""
    city, beside = place.partition(",")[0], "; ".join(overlays)
    rest = say(f"State law may still apply: {beside}.") if overlays else say("State law may still apply.")
    if days is None:
        return say(f"We know of no local approval law in force in {city} as of today's table. {rest}")
    earliest, latest = days.first, days.last
    if earliest == latest:
        return say(f"We know of no local approval law in force in {city} on {earliest}. {rest}")
    return say(f"We know of no local approval law in force in {city} between {earliest} and {latest}. {rest}")


def held_reason(held: str, outcome: Outcome, reason: str) -> str:
    """Return why an answer is kept back (`held`), and what the answer would be."""
    would = PLAIN_OUTCOMES[outcome]
    return say(f"{held}; if it is right, the answer is {would}: {reason}")


def review_sentence(reason: str, cite: str, floor: Outcome | None) -> str:
    """Return the sentence of an answer that a person has to check, with what is required at least where that is certain."""
    if floor is None:
        return say(f"A person needs to check this ({cite}): {reason}.")
    least = PLAIN_OUTCOMES[floor]
    return say(f"A person needs to check this ({cite}): {reason}. At least: {least}.")


def _status(status: str, law: Law) -> str:
    return _STATUS[status].format(records=say(f"the records of the {law.body}"))


def _what(finding: Finding) -> str:
    by_rule = {
        "AGENCY_NOT_COVERED": say("this department"),
        "NO_TRIGGER": say("this kind of purchase"),
        "ADVISORY_ONLY": say("purchases by a vote"),
    }
    return by_rule.get(finding.rule, say("this technology"))
