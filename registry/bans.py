"""Rule 3: what a prohibition says. Possession counts, so a term that runs into the prohibition is looked at too."""

from __future__ import annotations

from .departments import is_one_of
from .finding import ALWAYS, Case, Finding, begins, unbound_until
from .rulecodes import ACTS
from .sentences import say
from .terms import Answer, excepted, reaches

# Getting hold of a thing in any way is acquiring it, and using more of it is using it.
_READ_AS = {
    "accept_donation": "acquire", "accept_grant": "acquire", "borrow": "acquire", "trial": "acquire",
    "expand": "use", "new_use": "use",
}  # fmt: skip


def reach(case: Case) -> Answer:
    """Whether the prohibition, as it stands on the day, reaches what was bought."""
    return reaches(case.law, case.facts, case.things, case.terms, case.on)


def out_of_reach(case: Case) -> Finding:
    """The finding for a technology that the prohibition does not name."""
    return Finding(
        "BAN_DOES_NOT_REACH_TECH", "not_covered", say(f"the law prohibits {_listed(case)} and nothing else"),
        evidence=case.law.evidence.get("ban", ""),
    )  # fmt: skip


def runs_into_ban(case: Case) -> Finding | None:
    """For an award the prohibition did not reach on its day: the finding where it may have been kept until it did.

    Possession after the prohibition is prohibited too, and an end that is not known may lie after it.
    """
    last = (case.facts.end_date or ALWAYS).last
    if last < unbound_until(case.law) or reach(case._replace(on=last)) == "no":
        return None
    kept = say("its term runs on") if case.facts.end_date else say("its end is not known")
    reason = say(f"possession after {begins(case.law)} is prohibited; the award came before, and {kept}")
    missing = () if case.facts.end_date else ("end_date",)
    return Finding("TERM_RUNS_INTO_BAN", "needs_review", reason, evidence=case.law.effective.evidence, missing=missing)


def judge_ban(case: Case) -> Finding:
    """What the prohibition says of a technology it reaches, or may reach."""
    return _altered(case) or _not_known(case) or _excepted(case) or _curable(case) or _prohibited(case)


def _altered(case: Case) -> Finding | None:
    changed = case.law.review_agency_after
    if changed and case.on >= changed.from_date:
        same = is_one_of((changed.agency,), case.buyer)
        if same == "yes":
            return Finding("BAN_CHANGED_FOR_AGENCY", "needs_review", changed.why)
        if same == "unclear":
            reason = say(f"for {changed.agency} it may have changed ({changed.why}); whether this is that agency is not known")
            return Finding("AGENCY_UNCLEAR", "needs_review", reason, missing=("department",))
    if case.law.doubt and case.law.doubt.after and case.on >= case.law.doubt.after:
        return Finding("BAN_MAY_HAVE_ENDED", "needs_review", case.law.doubt.why)
    return None


def _not_known(case: Case) -> Finding | None:
    if reach(case) == "yes":
        return None
    if case.facts.face != "possible" and (not case.things.known or case.things.unknown):
        reason = say(f"the law prohibits {_listed(case)}; which technology this is is not known")
        return Finding("TECH_UNKNOWN", "needs_review", reason, missing=("tech",))
    reason = say(f"the law prohibits {_listed(case)}; whether what was bought does that is not known")
    missing = ("face",) if case.facts.face != "no" else ("qualifier_met",)
    return Finding("BAN_POSSIBLE_CAPABILITY", "needs_review", reason, missing=missing)


def _excepted(case: Case) -> Finding | None:
    answer = excepted(case.law, case.facts, case.things, case.terms, case.on)
    if answer == "no":
        return None
    told = "; ".join(case.law.exceptions)
    if answer == "unknown":
        reason = say(f"the law makes an exception ({told}); whether its condition is met is not known")
        return Finding("EXEMPTION_QUALIFIER_UNKNOWN", "needs_review", reason, missing=("qualifier_met",))
    from_memory = any(one.evidence == "M" for one in case.law.exemptions)
    held = say("the exception is known from memory only") if from_memory else ""
    return Finding("BAN_EXCEPTION", "exempt", say(f"the prohibition makes an exception for this use: {told}"), held=held)


def _curable(case: Case) -> Finding | None:
    if case.law.kind != "conditional_ban":
        return None
    evidence = case.law.triggers_evidence or case.law.evidence.get("ban", "")
    if case.facts.action and not {case.facts.action, _READ_AS.get(case.facts.action)} & set(case.law.triggers):
        reason = say(f"the law does not ask for a vote on {ACTS[case.facts.action]}")
        return Finding("NO_TRIGGER", "not_covered", reason, evidence=evidence)
    reason = say(f"{_listed(case)} needs a vote of the {case.law.body}")
    return Finding("CONDITIONAL_BAN", "approval_required", reason, timing=case.law.timing, evidence=evidence)


def _prohibited(case: Case) -> Finding:
    unread = case.facts.use_case and not case.law.exceptions_complete
    held = say(f"not all exceptions of the law have been read, and the use stated ({case.facts.use_case}) may be one")
    return Finding(
        "PROHIBITED_TECHNOLOGY", "banned", say(f"the law prohibits {_listed(case)}; possession alone is enough"),
        evidence=case.law.evidence.get("ban", ""), held=held if unread else "",
    )  # fmt: skip


def _listed(case: Case) -> str:
    return ", ".join(term.replace("_", " ") for term in case.law.technologies)
