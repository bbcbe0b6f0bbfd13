"""The closed list of rule codes: at which step of the ordered rules each is found, and what it means to a reader."""

from __future__ import annotations

from typing import get_args

from .law import Action
from .law_book import LawBook

# What was done, in a reader's words.
ACTS: dict[str, str] = {
    "acquire": "acquiring it",
    "renew": "renewing it",
    "expand": "expanding it",
    "new_use": "a new use of it",
    "accept_grant": "accepting a grant for it",
    "accept_donation": "accepting it as a donation",
    "seek_funds": "seeking funds for it",
    "borrow": "borrowing it",
    "trial": "a trial of it",
    "share_agreement": "an agreement with another body about it or its data",
    "receive_data": "receiving data from it",
}

_PLAIN: dict[str, tuple[int, str]] = {
    "TEXT_NOT_VERIFIED": (0, "The text or the adoption of the law has not been verified."),
    "NO_LAW_IN_TABLE": (1, "We know of no surveillance law of this place."),
    "BEFORE_LAW": (1, "It happened before the law began to bind, and is not known to have run into it."),
    "EFFECTIVE_DATE_UNCERTAIN": (1, "The day of the law or of the purchase is not known well enough to say which came first."),
    "SIGNED_BEFORE_LAW": (1, "Signed before the law and still running after it: existing technology."),
    "TERM_RUNS_INTO_BAN": (1, "Came before the prohibition and may have been kept after it."),
    "AGENCY_NOT_COVERED": (2, "The law does not bind this department."),
    "AGENCY_UNCLEAR": (2, "Which department this is, or whether the law binds it, is not clear."),
    "PROHIBITED_TECHNOLOGY": (3, "The law prohibits this technology."),
    "BAN_EXCEPTION": (3, "The prohibition itself makes an exception for this use."),
    "BAN_POSSIBLE_CAPABILITY": (3, "The product can do what is prohibited; whether that was bought is not known."),
    "BAN_CHANGED_FOR_AGENCY": (3, "A later act may have changed the prohibition for this department."),
    "BAN_MAY_HAVE_ENDED": (3, "The prohibition may have ended by then."),
    "BAN_DOES_NOT_REACH_TECH": (3, "The prohibition does not reach this technology."),
    "CONDITIONAL_BAN": (3, "Prohibited unless the council votes for it."),
    "TECH_UNKNOWN": (4, "Which technology it is is not known."),
    "EXEMPTION_QUALIFIER_UNKNOWN": (4, "An exemption may apply; whether its condition is met is not known."),
    "NOT_SURVEILLANCE_TECHNOLOGY": (5, "Ordinary equipment or software, not surveillance technology."),
    "PUBLISH_POLICY_NO_VOTE": (6, "The law asks for a published policy, not for a vote."),
    "ADVISORY_ONLY": (6, "The place has an advisory body, which decides nothing."),
    "COVERED_BY_APPROVED_POLICY": (7, "Approved under this law before, with the same scope."),
    "SUBMIT_POLICY_AFTER_USE": (8, "This department may start first and must submit a policy afterwards."),
    "COUNCIL_DISAPPROVED": (8, "Renewed after the council had refused it."),
    "CONTINUED_USE_NEEDS_APPROVAL": (8, "Technology in use needs approval to go on, and no approval is on record."),
    "LEGACY_PENDING_VOTE": (8, "In use before the law: it may go on until the council votes."),
    "LEGACY_WINDOW": (8, "In use before the law, and within the time allowed for bringing it to the council."),
    "LEGACY_WINDOW_CLOSED": (8, "In use before the law, and the time allowed for bringing it to the council is over."),
    "RENEWAL_NOT_A_TRIGGER": (8, "A renewal alone needs no vote under this law; it belongs in the annual report."),
    "LEGACY_RULE_UNKNOWN": (8, "What the law says of technology already in use has not been read."),
    "NOTICE_TO_ADVISORY_BODY": (8, "The law asks for notice to an advisory body, not for a vote."),
    "PARTIAL_SCOPE": (8, "The law reaches only some places or agreements; whether this is one of them is not known."),
    "TRIGGER_UNKNOWN": (8, "What was done (bought, renewed, accepted ...) is not known, and the answer turns on it."),
    "NO_TRIGGER": (8, "The law covers the technology, and does not ask for a vote on this kind of act."),
}


def _with_patterns() -> dict[str, tuple[int, str]]:
    codes = dict(_PLAIN)
    for action in get_args(Action):
        codes[f"TRIGGER_{action.upper()}"] = (8, f"{ACTS[action].capitalize()} is among the acts that need approval.")
    return {**codes, **_unverified(codes)}


def _unverified(codes: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """Every code has its held form: from the gate, or because the record itself awaits a person's review."""
    return {f"UNVERIFIED_{code}": (10, f"Held until verified: {meaning}") for code, (_, meaning) in codes.items()}


RULE_MEANINGS: dict[str, tuple[int, str]] = _with_patterns()


def exemption_meanings(book: LawBook) -> dict[str, tuple[int, str]]:
    """Return the codes EXEMPT_<TERM> that the laws of the book can give, and their held forms."""
    named = sorted({one.code for law in book.laws.values() for one in law.exemptions})
    codes = {f"EXEMPT_{code.upper()}": (4, f"The law names {code.replace('_', ' ')} as exempt.") for code in named}
    return {**codes, **_unverified(codes)}
