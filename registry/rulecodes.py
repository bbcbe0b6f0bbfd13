"""The closed list of rule codes: at which step of the ordered rules each is found, and what it means to a reader."""

from __future__ import annotations

from typing import get_args

from .law import Action
from .law_book import LawBook
from .sentences import say

# What was done, in a reader's words.
ACTS: dict[str, str] = {
    "acquire": say("acquiring it"),
    "renew": say("renewing it"),
    "expand": say("expanding it"),
    "new_use": say("a new use of it"),
    "accept_grant": say("accepting a grant for it"),
    "accept_donation": say("accepting it as a donation"),
    "seek_funds": say("seeking funds for it"),
    "borrow": say("borrowing it"),
    "trial": say("a trial of it"),
    "share_agreement": say("an agreement with another body about it or its data"),
    "receive_data": say("receiving data from it"),
}

_PLAIN: dict[str, tuple[int, str]] = {
    "TEXT_NOT_VERIFIED": (0, say("The text or the adoption of the law has not been verified.")),
    "NO_LAW_IN_TABLE": (1, say("We know of no surveillance law of this place.")),
    "BEFORE_LAW": (1, say("It happened before the law began to bind, and is not known to have run into it.")),
    "EFFECTIVE_DATE_UNCERTAIN": (1, say("The day of the law or of the purchase is not known well enough to say which came first.")),
    "SIGNED_BEFORE_LAW": (1, say("Signed before the law and still running after it: existing technology.")),
    "TERM_RUNS_INTO_BAN": (1, say("Came before the prohibition and may have been kept after it.")),
    "AGENCY_NOT_COVERED": (2, say("The law does not bind this department.")),
    "AGENCY_UNCLEAR": (2, say("Which department this is, or whether the law binds it, is not clear.")),
    "PROHIBITED_TECHNOLOGY": (3, say("The law prohibits this technology.")),
    "BAN_EXCEPTION": (3, say("The prohibition itself makes an exception for this use.")),
    "BAN_POSSIBLE_CAPABILITY": (3, say("The product can do what is prohibited; whether that was bought is not known.")),
    "BAN_CHANGED_FOR_AGENCY": (3, say("A later act may have changed the prohibition for this department.")),
    "BAN_MAY_HAVE_ENDED": (3, say("The prohibition may have ended by then.")),
    "BAN_DOES_NOT_REACH_TECH": (3, say("The prohibition does not reach this technology.")),
    "CONDITIONAL_BAN": (3, say("Prohibited unless the council votes for it.")),
    "TECH_UNKNOWN": (4, say("Which technology it is is not known.")),
    "EXEMPTION_QUALIFIER_UNKNOWN": (4, say("An exemption may apply; whether its condition is met is not known.")),
    "NOT_SURVEILLANCE_TECHNOLOGY": (5, say("Ordinary equipment or software, not surveillance technology.")),
    "PUBLISH_POLICY_NO_VOTE": (6, say("The law asks for a published policy, not for a vote.")),
    "ADVISORY_ONLY": (6, say("The place has an advisory body, which decides nothing.")),
    "COVERED_BY_APPROVED_POLICY": (7, say("Approved under this law before, with the same scope.")),
    "SUBMIT_POLICY_AFTER_USE": (8, say("This department may start first and must submit a policy afterwards.")),
    "COUNCIL_DISAPPROVED": (8, say("Renewed after the council had refused it.")),
    "CONTINUED_USE_NEEDS_APPROVAL": (8, say("Technology in use needs approval to go on, and no approval is on record.")),
    "LEGACY_PENDING_VOTE": (8, say("In use before the law: it may go on until the council votes.")),
    "LEGACY_WINDOW": (8, say("In use before the law, and within the time allowed for bringing it to the council.")),
    "LEGACY_WINDOW_CLOSED": (8, say("In use before the law, and the time allowed for bringing it to the council is over.")),
    "RENEWAL_NOT_A_TRIGGER": (8, say("A renewal alone needs no vote under this law; it belongs in the annual report.")),
    "LEGACY_RULE_UNKNOWN": (8, say("What the law says of technology already in use has not been read.")),
    "NOTICE_TO_ADVISORY_BODY": (8, say("The law asks for notice to an advisory body, not for a vote.")),
    "PARTIAL_SCOPE": (8, say("The law reaches only some places or agreements; whether this is one of them is not known.")),
    "TRIGGER_UNKNOWN": (8, say("What was done (bought, renewed, accepted ...) is not known, and the answer turns on it.")),
    "NO_TRIGGER": (8, say("The law covers the technology, and does not ask for a vote on this kind of act.")),
}


def _with_patterns() -> dict[str, tuple[int, str]]:
    codes = dict(_PLAIN)
    for action in get_args(Action):
        act = ACTS[action].capitalize()
        codes[f"TRIGGER_{action.upper()}"] = (8, say(f"{act} is among the acts that need approval."))
    return {**codes, **_unverified(codes)}


def _unverified(codes: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """Every code has its held form: from the gate, or because the record itself awaits a person's review."""
    return {f"UNVERIFIED_{code}": (10, say(f"Held until verified: {meaning}")) for code, (_, meaning) in codes.items()}


RULE_MEANINGS: dict[str, tuple[int, str]] = _with_patterns()


def exemption_meanings(book: LawBook) -> dict[str, tuple[int, str]]:
    """Return the codes EXEMPT_<TERM> that the laws of the book can give, and their held forms."""
    named = sorted({one.code for law in book.laws.values() for one in law.exemptions})
    codes = {f"EXEMPT_{code.upper()}": (4, say(f"The law names {code.replace('_', ' ')} as exempt.")) for code in named}
    return {**codes, **_unverified(codes)}
