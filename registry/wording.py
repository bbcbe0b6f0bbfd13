"""The sentence a reader sees for each outcome. What the law requires and what was found of the city's acts stay apart."""

from __future__ import annotations

from .finding import Finding
from .law import Law, Outcome

_TIMING = {"prior": "in advance", "before_continued_use": "before its use goes on", "after_the_fact": "after the fact"}
_STATUS = {
    "approved": "approved",
    "refused": "refused",
    "pending": "pending",
    "suspended": "approved, then suspended",
    "withdrawn": "withdrawn",
    "terminated": "approved, then ended",
    "not_found": "none found in {records}",
    "not_searched": "we have not searched {records}",
}
STATUSES = tuple(_STATUS)
_PLAIN_OUTCOMES: dict[Outcome, str] = {
    "banned": "a ban",
    "approval_required": "approval required",
    "existing_technology_report": "a report as existing technology",
    "disclosure_only": "publication or notice",
    "exempt": "exempt",
    "not_covered": "not covered",
    "no_local_law": "no local law",
    "needs_review": "a review",
}


def sentence(place: str, law: Law, finding: Finding, floor: Outcome | None, status: str) -> str:
    """Return the reader's sentence for one law's published answer; `status` words what is known of a vote."""
    city, cite = place.partition(",")[0], law.citation
    texts: dict[Outcome, str] = {
        "banned": f"{city}'s law prohibits this technology ({cite}). A council vote under its surveillance law would not "
        "change that. We have not determined whether it was used.",
        "approval_required": f"{city}'s law requires approval {_TIMING[finding.timing or 'prior']} for this ({law.body}), because "
        f"{finding.reason}. Approval record: {_status(status, law)}.",
        "existing_technology_report": f"Covered by {cite}. No new vote appears to be needed for this; it must appear in the "
        f"{'annual report' if law.reports else 'annual report or inventory'}.",
        "disclosure_only": f"{city} must publish a policy or give notice; no council approval is required.",
        "exempt": f"{city}'s law names this kind of item as exempt ({cite}).",
        "not_covered": f"{city} has a law ({cite}), but it does not cover {_what(finding)}.",
        "needs_review": _review(finding.reason, cite, floor),
    }
    return texts[finding.outcome]


def no_law_sentence(place: str, date: str, overlays: list[str]) -> str:
    """Return the sentence for a place without a law in the table."""
    beside = f" State law may still apply: {'; '.join(overlays)}." if overlays else " State law may still apply."
    return f"We know of no local approval law in force in {place.partition(',')[0]} {date}.{beside}"


def held_reason(finding: Finding) -> str:
    """Return why the evidence gate keeps an answer back, and what the answer would be."""
    would = _PLAIN_OUTCOMES[finding.outcome]
    return f"{finding.held}; if it is right, the answer is {would}: {finding.reason}"


def _review(reason: str, cite: str, floor: Outcome | None) -> str:
    least = f" At least: {_PLAIN_OUTCOMES[floor]}." if floor else ""
    return f"A person needs to check this ({cite}): {reason}.{least}"


def _status(status: str, law: Law) -> str:
    return _STATUS[status].format(records=f"the records of the {law.body}")


def _what(finding: Finding) -> str:
    by_rule = {"AGENCY_NOT_COVERED": "this department", "NO_TRIGGER": "this kind of purchase", "ADVISORY_ONLY": "purchases by a vote"}
    return by_rule.get(finding.rule, "this technology")
