"""Rules 0 to 2 for one law, on one day or on any day of an interval.

A month, a year or an unknown date is an interval. The law is asked on its first day and on every day inside it at
which the law changes; if the answers differ, the date decides and is not known well enough.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from .bans import judge_ban, out_of_reach, reach, runs_into_ban
from .departments import binds
from .facts import Days
from .finding import ALWAYS, Case, Finding, begins, is_ban, passed, unbound_until
from .law import Law
from .oversight import covers_still_running, judge_oversight
from .sentences import say
from .wording import PLAIN_OUTCOMES

_NEXT = datetime.timedelta(days=1)


def find(case: Case) -> Finding:
    """What the law says of the acquisition, whatever is known of its date."""
    when = case.facts.award_date or ALWAYS
    if when.first == when.last:
        return on_day(case._replace(on=when.first))
    days = [when.first, *sorted(day for day in boundaries(case.law) if when.first < day <= when.last)]
    findings = [on_day(case._replace(on=day)) for day in days]
    if all(one.answer == findings[0].answer for one in findings):
        return findings[0]
    if is_ban(case.law) and {one.outcome for one in findings} <= {"no_local_law", "not_covered"}:
        return findings[-1]
    return _undated(case, when, findings)


def boundaries(law: Law) -> frozenset[datetime.date]:
    """Every day on which the law's answer may become another one."""
    return frozenset(day for day in _changes(law) if day)


def on_day(case: Case) -> Finding:
    """Rules 0 to 8 for one day, in their order."""
    law = case.law
    if law.status == "unverified" or not law.effective.date or (law.doubt and not law.doubt.after):
        return Finding("TEXT_NOT_VERIFIED", "needs_review", law.doubt.why if law.doubt else law.effective.note)
    if case.on < unbound_until(law):
        return _before(case)
    if is_ban(law) and reach(case) == "no":
        return runs_into_ban(case) or out_of_reach(case)
    if case.on < begins(law):
        reason = say(f"the day on which it began to bind is not known ({law.effective.note})")
        return Finding("EFFECTIVE_DATE_UNCERTAIN", "needs_review", reason, evidence=law.effective.evidence)
    steps = (passed(0, say("the law is in the table")), passed(1, say(f"in force since {begins(law)} at the latest")))
    return _bound(case, steps)


def _bound(case: Case, steps: tuple[dict[str, object], ...]) -> Finding:
    answer = binds(case.law, case.buyer)
    if answer != "yes":
        return _agency(case, answer)._replace(steps=steps)
    found = judge_ban(case) if is_ban(case.law) else judge_oversight(case)
    return found._replace(steps=(*steps, passed(2, say("the law binds this department"))))


def _before(case: Case) -> Finding:
    """Rule 1 for an award that came before the law: does its term run into it?"""
    bound = binds(case.law, case.buyer)
    if is_ban(case.law):
        return (runs_into_ban(case) if bound != "no" else None) or _before_law(case)
    end = case.facts.end_date
    if end is None or end.last < unbound_until(case.law):
        return _before_law(case)
    if end.first < begins(case.law):
        reason = say(f"signed before the law; whether its term ran past {begins(case.law)} is not known")
        return Finding("EFFECTIVE_DATE_UNCERTAIN", "needs_review", reason, evidence=case.law.effective.evidence)
    return covers_still_running(case) if bound == "yes" else _agency(case, bound)


def _before_law(case: Case) -> Finding:
    reason = say(f"the law began to bind on {begins(case.law)} at the latest, after the award")
    unknown_end = case.facts.end_date is None
    told = say(f"{reason}; if the term ran past that day, it would be existing technology") if unknown_end else reason
    return Finding("BEFORE_LAW", "no_local_law", told, evidence=case.law.effective.evidence)


def _agency(case: Case, answer: str) -> Finding:
    evidence, named = case.law.agencies.evidence, case.buyer.agency.name if case.buyer.agency else case.buyer.department
    if answer == "no":
        return Finding("AGENCY_NOT_COVERED", "not_covered", say(f"the law does not bind {named}"), evidence=evidence)
    reason = say(f"whether it binds {named} is not clear") if named else say("which department this is is not known")
    return Finding("AGENCY_UNCLEAR", "needs_review", reason, evidence=evidence, missing=() if named else ("department",))


def _undated(case: Case, when: Days, findings: list[Finding]) -> Finding:
    earliest, latest = when.first, when.last
    told = say(f"between {earliest} and {latest}") if case.facts.award_date else say("at a time that is not known")
    differ = "; ".join(dict.fromkeys(PLAIN_OUTCOMES[one.outcome] for one in findings))
    missing = () if case.facts.award_date else ("award_date",)
    reason = say(f"it happened {told}, and the answer turns on the day: {differ}")
    return Finding("EFFECTIVE_DATE_UNCERTAIN", "needs_review", reason, missing=missing)


def _changes(law: Law) -> Iterator[datetime.date | None]:
    yield from (unbound_until(law), begins(law))
    for one in law.exemptions:
        yield one.from_date
        yield one.to_date + _NEXT if one.to_date else None
    yield from law.technology_from.values()
    yield from (one.from_date for one in law.special)
    yield law.review_agency_after.from_date if law.review_agency_after else None
    yield law.doubt.after if law.doubt else None
    yield law.legacy.window_end + _NEXT if law.legacy.window_end else None
