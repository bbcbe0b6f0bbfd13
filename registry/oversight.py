"""Rules 4 to 8: what a law says that asks for approval, for disclosure, or for advice."""

from __future__ import annotations

from typing import get_args

from .departments import is_one_of
from .facts import Days
from .finding import ALWAYS, Case, Finding, begins, unbound_until
from .law import Action, Special
from .rulecodes import ACTS
from .sentences import say
from .terms import exempted, only_ordinary, reaches

# An expansion or a new use is by its nature not within the scope that was approved.
_BEYOND_APPROVAL = ("expand", "new_use")


def judge_oversight(case: Case) -> Finding:
    """Rules 4 to 8 in their order; the first that matches answers."""
    if case.law.kind == "advisory":
        return Finding("ADVISORY_ONLY", "not_covered", say("its board advises and decides nothing"))
    return _outside(case) or _disclosure(case) or _approved(case) or _triggers(case)


def covers_still_running(case: Case) -> Finding:
    """Rule 1 for a purchase before the law whose term runs past it: existing technology, if the law covers it at all."""
    if case.law.kind == "advisory":
        return judge_oversight(case)
    if case.law.kind == "ccops_partial":
        return _partial(case)
    outside = _outside(case._replace(on=max(case.on, begins(case.law))))
    reason = say(f"signed before the law began to bind ({begins(case.law)} at the latest) and still running after it")
    return outside or Finding("SIGNED_BEFORE_LAW", "existing_technology_report", reason, evidence=case.law.effective.evidence)


def _outside(case: Case) -> Finding | None:
    """Rules 4 and 5: not known what it is, exempt, or no surveillance technology at all."""
    law, facts, things, terms, on = case.law, case.facts, case.things, case.terms, case.on
    if not things.known:
        return _unknown_technology(case)
    freed = exempted(law, facts, things, terms, on)
    if facts.added_capability or freed.answer == "no":
        ordinary = only_ordinary(law, things, terms, on) and not facts.added_capability and not things.unknown
        return _ordinary(case) if ordinary else _not_listed(case)
    if things.unknown:
        return _unknown_technology(case)
    if freed.answer == "unknown":
        reason = say(f"the law exempts {_words(freed.by[0].code)} on a condition not known to hold here: {freed.why or 'not stated'}")
        return Finding(
            "EXEMPTION_QUALIFIER_UNKNOWN", "needs_review", reason,
            evidence=freed.by[0].evidence, missing=("qualifier_met",) if facts.face in ("no", "yes") else ("face", "qualifier_met"),
        )  # fmt: skip
    weakest = freed.by[0]
    held = say("the exemption is known from memory only") if weakest.evidence == "M" else ""
    reason = say(f"the law names {', '.join(_words(one.code) for one in freed.by)} as exempt")
    return Finding(f"EXEMPT_{weakest.code.upper()}", "exempt", reason, evidence=weakest.evidence, held=held)


def _unknown_technology(case: Case) -> Finding:
    words = ", ".join(f"`{word}`" for word in case.things.unknown)
    reason = say(f"we do not know the technology {words}") if words else say("which technology this is is not known")
    return Finding("TECH_UNKNOWN", "needs_review", reason, missing=("tech",))


def _ordinary(case: Case) -> Finding:
    reason = say(f"{', '.join(map(_words, case.things.known))} is ordinary equipment or software, not surveillance technology")
    return Finding("NOT_SURVEILLANCE_TECHNOLOGY", "not_covered", reason, evidence=case.law.evidence.get("definition", ""))


def _not_listed(case: Case) -> Finding | None:
    """A law limited to some technologies says nothing of the others."""
    if reaches(case.law, case.facts, case.things, case.terms, case.on) == "yes":
        return None
    return _partial(case)


def _disclosure(case: Case) -> Finding | None:
    if case.law.kind != "disclosure":
        return None
    return Finding("PUBLISH_POLICY_NO_VOTE", "disclosure_only", say("the law asks for a published policy, not for a vote"))


def _approved(case: Case) -> Finding | None:
    """Rule 7: only an approval known to have the same scope; any other stands beside, as what the city did."""
    prior, facts = case.facts.prior_approval, case.facts
    if not prior or prior.status != "approved" or not prior.same_scope:
        return None
    if facts.added_capability or facts.action in _BEYOND_APPROVAL:
        return None
    reason = say(f"approved before by the {case.law.body}, with the same scope")
    return Finding("COVERED_BY_APPROVED_POLICY", "existing_technology_report", reason)


def _triggers(case: Case) -> Finding:
    """Rule 8. Where what was done is not known, the answer stands only if every act would give the same."""
    action = _effective_action(case)
    if action:
        return _on_action(case, action)
    answers = [_on_action(case, one) for one in get_args(Action)]
    if all(one.answer == answers[0].answer for one in answers):
        return answers[0]
    reason = say("what was done (bought, renewed, accepted ...) is not known, and the answer turns on it")
    return Finding("TRIGGER_UNKNOWN", "needs_review", reason, missing=("action",))


def _effective_action(case: Case) -> Action | None:
    """A renewal with an added capability, or outside the approved scope, is a new use and not a plain renewal."""
    facts = case.facts
    told = next((case.terms[word].action for word in case.things.known if word in case.terms and case.terms[word].action), None)
    beyond = facts.added_capability or (facts.prior_approval and facts.prior_approval.same_scope is False)
    return "new_use" if beyond and facts.action in (None, "renew") else facts.action or told


def _on_action(case: Case, action: Action) -> Finding:
    if action == "renew" and case.facts.prior_approval and case.facts.prior_approval.status == "refused":
        reason = say(f"it was renewed after the {case.law.body} had refused it")
        return Finding(
            "COUNCIL_DISAPPROVED",
            "approval_required",
            reason,
            timing=case.law.timing,
            evidence=case.law.legacy.evidence,
        )
    if action in case.law.triggers:
        return _special(case) or _trigger(case, action)
    if action == "renew":
        return _renewal(case)
    if action in case.law.notice_triggers:
        return Finding(
            "NOTICE_TO_ADVISORY_BODY", "disclosure_only", say(f"{ACTS[action]} asks for notice to the advisory body, not for a vote"),
            evidence=case.law.triggers_evidence,
        )  # fmt: skip
    if case.law.kind == "ccops_partial":
        return _partial(case)
    reason = say(f"the law does not ask for a vote on {ACTS[action]}")
    return Finding("NO_TRIGGER", "not_covered", reason, evidence=case.law.triggers_evidence)


def _trigger(case: Case, action: Action) -> Finding:
    law = case.law
    from_memory = action in law.triggers_from_memory or law.triggers_evidence == "M"
    return Finding(
        f"TRIGGER_{action.upper()}", "approval_required", say(f"{ACTS[action]} is among the acts that need a vote"),
        timing="after_the_fact" if case.facts.exigent_claimed else law.timing,
        evidence="M" if from_memory else law.triggers_evidence,
        held=say(f"that {ACTS[action]} needs a vote is known from memory only") if from_memory else "",
    )  # fmt: skip


def _special(case: Case) -> Finding | None:
    for one in case.law.special:
        same = is_one_of((one.agency,), case.buyer) if case.on >= one.from_date else "no"
        if same == "yes":
            return _carved_out(one)
        if same == "unclear":
            reason = say(f"another rule holds for {one.agency} ({one.why}); whether this is that agency is not known")
            return Finding("AGENCY_UNCLEAR", "needs_review", reason, missing=("department",))
    return None


def _carved_out(one: Special) -> Finding:
    return Finding(one.rule, one.outcome, say(f"{one.why}: {one.note}") if one.note else one.why, evidence=one.evidence)


def _partial(case: Case) -> Finding:
    terms = ", ".join(map(_words, case.law.technologies))
    reason = case.law.scope_note or say(f"it is limited to {terms}")
    return Finding("PARTIAL_SCOPE", "needs_review", say(f"the law reaches only some cases: {reason}"))


def _renewal(case: Case) -> Finding:
    """5.3: a renewal that the law does not list, by what the law says of technology already in use."""
    rule, law = case.law.legacy.rule, case.law
    if rule in ("continue_until_vote", "window"):
        return _legacy(case)
    if rule == "submit_for_approval":
        return _needs_approval(case, say("technology in use needs approval to go on, and no approval is on record"))
    if rule == "annual_report_only":
        reason = say("a renewal alone is not among the acts that need a vote; it belongs in the annual report")
        return Finding("RENEWAL_NOT_A_TRIGGER", "existing_technology_report", reason, evidence=law.legacy.evidence)
    if rule == "renewals_trigger":
        return _trigger(case, "renew")
    return Finding("LEGACY_RULE_UNKNOWN", "needs_review", say("what it says of technology already in use has not been read"))


def _needs_approval(case: Case, reason: str) -> Finding:
    return Finding(
        "CONTINUED_USE_NEEDS_APPROVAL", "approval_required", reason,
        timing="before_continued_use", evidence=case.law.legacy.evidence,
    )  # fmt: skip


def _legacy(case: Case) -> Finding:
    """Only technology in use before the law is sheltered by it."""
    since = case.facts.in_use_since or ALWAYS
    if since.first >= begins(case.law):
        return _needs_approval(case, say(f"in use only since {_told(since)}, after the law began, and no approval is on record"))
    if since.last >= unbound_until(case.law):
        reason = say("whether it was in use before the law is not known")
        missing = () if case.facts.in_use_since else ("in_use_since",)
        return Finding("EFFECTIVE_DATE_UNCERTAIN", "needs_review", reason, missing=missing)
    return _window(case) if case.law.legacy.rule == "window" else _pending_vote(case)


def _pending_vote(case: Case) -> Finding:
    prior = case.facts.prior_approval
    if prior and prior.status in ("suspended", "terminated"):
        reason = say(f"its approval was {prior.status}; whether its use may go on meanwhile has not been read")
        return Finding("LEGACY_RULE_UNKNOWN", "needs_review", reason)
    reason = say(f"in use before the law; it may go on until the {case.law.body} votes")
    return Finding("LEGACY_PENDING_VOTE", "existing_technology_report", reason, evidence=case.law.legacy.evidence)


def _window(case: Case) -> Finding:
    end = case.law.legacy.window_end
    if not end or case.on <= end:
        reason = say(f"in use before the law, which gives until {end} to bring it to a vote")
        return Finding("LEGACY_WINDOW", "existing_technology_report", reason, evidence=case.law.legacy.evidence)
    if case.law.legacy.after_window == "needs_review":
        reason = say(f"the time allowed ended {end}; what the law says since then has not been read")
        return Finding("LEGACY_WINDOW_CLOSED", "needs_review", reason, evidence=case.law.legacy.evidence)
    reason = say(f"the time allowed for bringing it to a vote ended {end}")
    return Finding(
        "LEGACY_WINDOW_CLOSED", "approval_required", reason,
        timing="before_continued_use", evidence=case.law.legacy.evidence,
    )  # fmt: skip


def _told(since: Days) -> str:
    return str(since.first) if since.first == since.last else f"{since.first} to {since.last}"


def _words(code: str) -> str:
    return code.replace("_", " ")
