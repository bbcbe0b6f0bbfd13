"""What one law says of one acquisition: the case put to the rules, and the finding they come to."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, NamedTuple

from .departments import Buyer
from .facts import Days, Facts
from .law import Law, LawTerm, Outcome, Timing
from .terms import Bought

ALWAYS = Days(first=datetime.date.min, last=datetime.date.max)


class Case(NamedTuple):
    """One law, one acquisition, one day on which it is taken to have happened."""

    law: Law
    facts: Facts
    things: Bought
    buyer: Buyer
    terms: Mapping[str, LawTerm]
    on: datetime.date


class Finding(NamedTuple):
    """The answer of one rule. `held` says why the evidence gate keeps it back; `missing` names facts not known."""

    rule: str
    outcome: Outcome
    reason: str
    timing: Timing | None = None
    evidence: str = ""
    held: str = ""
    missing: tuple[str, ...] = ()
    steps: tuple[dict[str, Any], ...] = ()

    @property
    def answer(self) -> tuple[str, str, str | None]:
        """What two findings must share to be the same answer."""
        return self.rule, self.outcome, self.timing


def passed(number: int, text: str) -> dict[str, Any]:
    """One step of the ordered rules that was taken and settled nothing yet."""
    return {"step": number, "finding": text}


def begins(law: Law) -> datetime.date:
    """The first day on which the law certainly binds."""
    after_window = law.effective.window_to and law.effective.window_to + datetime.timedelta(days=1)
    return after_window or law.effective.date or datetime.date.max


def unbound_until(law: Law) -> datetime.date:
    """The first day on which the law may bind: before it, it certainly does not."""
    return law.effective.window_from or law.effective.date or datetime.date.min


def is_ban(law: Law) -> bool:
    """Whether the law prohibits, outright or unless a council votes."""
    return law.kind in ("ban", "conditional_ban")
