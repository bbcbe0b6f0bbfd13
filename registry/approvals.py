"""What decisions say of a tool: approved, refused, stopped, or only leads for a person to read.

A status is given only where a government's own dated record, by a body that may decide it, names the
same place and the same products. Everything else is shown beside as a lead: unknown is not no.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .records import STATUSES, Record, interval, is_decision

# An advisory board only recommends, and only the legislative body can approve or refuse under such a law;
# whoever runs a tool can stop it.
_MAY_APPROVE = frozenset({"council"})
_MAY_STOP = frozenset({"council", "mayor", "department", "court"})


class Decision(NamedTuple):
    """A record of a decision with the product slugs its published text was resolved to."""

    record: Record
    products: frozenset[str]


class Approval(NamedTuple):
    """What decisions say: a status with the record or the council matter that settles it, or neither; `leads` are shown beside."""

    status: str | None
    record_id: str | None
    leads: tuple[str, ...]
    matter_id: str | None = None


def approval_status(decisions: Iterable[Decision], jurisdiction: str, products: frozenset[str], technologies: frozenset[str]) -> Approval:
    """The latest decision that settles every one of `products` in this place; all else is a lead.

    A lead is a decision of the same place on one of the products, or on one of the technologies.
    """
    here = [one for one in decisions if _concerns(one, jurisdiction, products, technologies)]
    latest = _latest([one.record for one in here if _settles(one, products)])
    leads = tuple(one.record.id for one in here if one.record is not latest)
    if latest is None:
        return Approval(None, None, leads)
    return Approval(STATUSES[latest.event_type], latest.id, leads)


def _concerns(one: Decision, jurisdiction: str, products: frozenset[str], technologies: frozenset[str]) -> bool:
    if not is_decision(one.record) or one.record.jurisdiction != jurisdiction:
        return False
    return bool(one.products & products) or one.record.technology in technologies


def _settles(one: Decision, products: frozenset[str]) -> bool:
    """Whether a government's own dated record, by a body that may decide it, names all the products."""
    record = one.record
    own = record.government_source == "yes" and record.evidence_grade in ("primary", "official")
    body = _MAY_APPROVE if record.event_type in ("approval", "refusal") else _MAY_STOP
    named = bool(products) and products <= one.products
    return own and named and record.review == "no" and record.event_date != "" and record.decided_by in body


def _latest(records: list[Record]) -> Record | None:
    """The last decision, or None if a different one may have come after it (2023 and 2023-05 overlap)."""
    if not records:
        return None
    newest = max(records, key=lambda record: interval(record.event_date))
    since = interval(newest.event_date)[0]
    rivals = {record.event_type for record in records if interval(record.event_date)[1] >= since}
    return newest if rivals == {newest.event_type} else None
