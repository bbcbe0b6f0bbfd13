"""The shape of data/laws and data/jurisdictions: what each law says, who is bound by it, and how sure we are.

Evidence codes stand beside every field: P read in the legal text, O official page, S secondary, M from memory.
What is M stays unverified and cannot carry a firm answer (rules.py, the evidence gate).
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

import msgspec

from .shape import Strict

Evidence = Literal["P", "O", "S", "M", "O/M", "O/S", ""]
Kind = Literal["ban", "conditional_ban", "ccops", "ccops_partial", "disclosure", "advisory"]
PlaceKind = Literal["city", "town", "village", "county", "city_county", "transit_district", "state", "federal"]
Quality = Literal["day", "passage", "month", "year", "memory", "unknown"]
Action = Literal[
    "acquire",
    "renew",
    "expand",
    "new_use",
    "accept_grant",
    "accept_donation",
    "seek_funds",
    "borrow",
    "trial",
    "share_agreement",
    "receive_data",
]
# Triggers only laws name: `use` of a conditionally banned tool, and putting a device into the public way.
Trigger = Literal[Action, "use", "install_row"]
LegacyRule = Literal["submit_for_approval", "continue_until_vote", "window", "renewals_trigger", "annual_report_only", "unknown"]
Timing = Literal["prior", "before_continued_use", "after_the_fact"]
Outcome = Literal[
    "banned",
    "approval_required",
    "existing_technology_report",
    "disclosure_only",
    "exempt",
    "not_covered",
    "no_local_law",
    "needs_review",
]
AgencyKind = Literal[
    "police",
    "sheriff",
    "prosecutor",
    "schools",
    "library",
    "fire",
    "emergency_medical",
    "emergency_management",
    "health",
    "transport",
    "parks",
    "housing",
    "public_works",
    "technology",
    "courts",
    "council",
    "executive",
    "utility",
    "aviation",
    "security",
    "other",
]


class Told(Strict, frozen=True):
    """A statement with its evidence, for a reader: a definition seen, a later event, a doubt ..."""

    text: str
    evidence: Evidence = ""


class Effective(Strict, frozen=True):
    """When the law began to bind. Inside window_from..window_to the day is not known: every answer is a review."""

    date: datetime.date | None
    quality: Quality
    note: str
    evidence: Evidence = ""
    placeholder_day: bool = False
    window_from: datetime.date | None = None
    window_to: datetime.date | None = None


class Amendment(Strict, frozen=True):
    """A later version: from `date` on. What it changed in force is in the from/to of exemptions and carve-outs."""

    date: datetime.date
    what: str
    evidence: Evidence = ""


class Agencies(Strict, frozen=True):
    """Whom the law binds. `review`: agencies for which that is unclear or a carve-out exists."""

    mode: Literal["all", "list", "police_only"]
    evidence: Evidence = ""
    names: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    note: str = ""


class Exemption(Strict, frozen=True):
    """A named exemption: a law term, its evidence, the qualifier in words, and from when to when it stands."""

    code: str
    evidence: Evidence
    qualifier: str = ""
    from_date: datetime.date | None = None
    to_date: datetime.date | None = None


class Legacy(Strict, frozen=True):
    """What happens to technology in use before the law."""

    rule: LegacyRule
    evidence: Evidence = ""
    window_end: datetime.date | None = None
    # What holds once the window has closed, where that has been read.
    after_window: Literal["approval_required", "needs_review"] = "needs_review"
    text: str = ""


class Special(Strict, frozen=True):
    """A carve-out: for this agency from this day the answer is another one."""

    agency: str
    from_date: datetime.date
    why: str
    outcome: Outcome
    rule: str
    note: str = ""
    evidence: Evidence = ""


class ReviewAgency(Strict, frozen=True):
    """For this agency from this day a person must look: a later act may have changed the prohibition."""

    agency: str
    from_date: datetime.date
    why: str


class Doubt(Strict, frozen=True):
    """Why the law cannot be applied with certainty; `after` a day, or always."""

    why: str
    after: datetime.date | None = None


class PriorApproval(Strict, frozen=True):
    """What the record says of an earlier vote under the law."""

    status: Literal["approved", "refused", "pending", "suspended", "withdrawn", "terminated"]
    same_scope: bool | None = None


class Example(Strict, frozen=True):
    """A worked case. `published` is what the evidence gate lets us say, where it holds the rules' own answer back."""

    id: str
    name: str
    record: dict[str, Any]
    expect: Outcome
    rule: str
    reason: str
    basis: str
    timing: Timing | None = None
    floor: Outcome | None = None
    published: dict[str, str] = {}


class Law(Strict, frozen=True):
    """One law of one place."""

    id: str
    jurisdiction: str
    kind: Kind
    title: str
    citation: str
    status: Literal["in_force", "unverified"]
    effective: Effective
    agencies: Agencies
    legacy: Legacy
    sources: tuple[str, ...]
    evidence: dict[str, str]
    url: str = ""
    instrument: str = "ordinance"
    enacted: datetime.date | None = None
    body: str = ""
    sponsors: str = ""
    timing: Timing = "prior"
    # Empty means every surveillance technology; else the law terms it is limited to.
    technologies: tuple[str, ...] = ()
    technology_from: dict[str, datetime.date] = {}
    triggers: tuple[Trigger, ...] = ()
    triggers_evidence: Evidence = ""
    triggers_from_memory: tuple[Trigger, ...] = ()
    notice_triggers: tuple[Trigger, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    exemption_override: str = ""
    exceptions: tuple[str, ...] = ()
    exceptions_complete: bool = True
    covered_explicitly: tuple[str, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    special: tuple[Special, ...] = ()
    review_agency_after: ReviewAgency | None = None
    doubt: Doubt | None = None
    scope_note: str = ""
    threshold: str = ""
    third_party: str = ""
    reports: str = ""
    exigent: str = ""
    information_sharing: str = ""
    private_action: str = ""
    update_rule: str = ""
    # What else the sources say, for a reader; no rule reads it.
    notes: tuple[Told, ...] = ()
    examples: tuple[Example, ...] = ()


class Agency(Strict, frozen=True):
    """One department of a place, and the other names under which contracts and records know it."""

    name: str
    kind: AgencyKind
    aliases: tuple[str, ...] = ()
    basis: Literal["source", "memory"] = "memory"
    # Its place in the government leaves open whether a law that lists agencies binds it.
    review: bool = False
    # A public body of its own: whether a city's law binds it is open even where the law binds every department.
    separate: bool = False
    note: str = ""


class Point(Strict, frozen=True):
    """Where a place is drawn, in degrees (WGS 84), and who says so."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    source: Annotated[str, msgspec.Meta(min_length=1)]


class Jurisdiction(Strict, frozen=True):
    """One place: a city, county, district or state. Only what one point can honestly stand for has a `point`."""

    id: str
    name: str
    kind: PlaceKind
    state: str
    ocd_division: str = ""
    deciding_body: str = ""
    point: Point | None = None
    agencies: tuple[Agency, ...] = ()
    note: str = ""
    examples: tuple[Example, ...] = ()


class Overlay(Strict, frozen=True):
    """A law of the state that is shown beside the local answer, never instead of it."""

    id: str
    state: str
    citation: str
    text: str
    evidence: Evidence
    technologies: tuple[str, ...] = ()
    url: str = ""


class LawTerm(Strict, frozen=True):
    """A law's own word: which technologies it can mean and under which qualifier."""

    id: str
    technologies: tuple[str, ...] = ()
    qualifier: str = ""
    # Named by exemptions, but not surveillance technology in itself (office hardware, medical devices ...).
    not_surveillance: bool = False
    action: Action | None = None
    note: str = ""
