"""What each contract or record says about each product, supplier and technology: the rows the answer is made from. Pure.

`in_force_from`..`in_force_to` are the days on which a contract's own dates say it certainly runs; a month or a
year counts only as far as it is certain. Nothing here says yes or no: the six answers are read from these rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from .determine import Found
from .records import Record, interval
from .sentences import say
from .vocabulary import Supplier

Row = dict[str, Any]
CONTRACT_EVENTS = ("contract", "purchase", "renewal")


class Trade(NamedTuple):
    """Who makes what: product -> maker, and supplier -> its entry with all its products."""

    makers: Mapping[str, str]
    suppliers: Mapping[str, Supplier]


def abouts(found: Found, suppliers: Iterable[str], trade: Trade) -> Iterator[tuple[str, str, bool]]:
    """(slug, kind, firm) of everything a contract or record is about; a mere lead is not firm about products or technologies.

    `suppliers` are the parties named; the makers of the products named are added, since a reseller may stand between.
    """
    suppliers, makers = tuple(suppliers), trade.makers
    firm = found.evidence != "supplier"
    for product in found.products:
        yield product, "product", True
    for product in _wares(found, suppliers, trade):
        yield product, "product", False
    for supplier in dict.fromkeys((*suppliers, *(makers[product] for product in found.products))):
        yield supplier, "supplier", True
    for technology in found.technologies:
        yield technology, "technology", firm


def _wares(found: Found, suppliers: Iterable[str], trade: Trade) -> Iterator[str]:
    """Products that a party sells for the technology at hand, where the words name none of its products.

    Somebody who asks for one of them must not be told that there is no record, nor that it is this one: it is a lead.
    """
    named = {trade.makers[product] for product in found.products}
    for supplier in dict.fromkeys(suppliers):
        if supplier not in named:
            yield from (product.slug for product in trade.suppliers[supplier].products if product.technology in found.technologies)


# A contract known only from a record is not called in force after a decision is recorded to have ended it; nor is it called
# ended, since the decision may mean another contract on the same thing: the answer becomes `review`. A contract from a
# city's own file is left alone: later amendments in the file say more than an announcement does.
CUT_AT_TERMINATION = """
UPDATE holdings SET in_force_to = date(stopped.first_day, '-1 day'), ended_by = NULL
FROM (
    SELECT h.about, h.jurisdiction, min(h.evidence_from) AS first_day
    FROM holdings h JOIN records r ON r.id = h.ref AND h.kind = 'record'
    WHERE r.event_type = 'termination' AND r.stage = 'decided' AND h.about_kind <> 'technology' AND h.evidence_from IS NOT NULL
    GROUP BY h.about, h.jurisdiction
) AS stopped
WHERE holdings.dated AND holdings.kind = 'record' AND holdings.about = stopped.about AND holdings.jurisdiction = stopped.jurisdiction
  AND stopped.first_day BETWEEN holdings.in_force_from AND holdings.ended_by
"""


def contract_holdings(contract: Row, found: Found, trade: Trade) -> Iterator[Row]:
    """One row per thing the contract is about."""
    signed = contract["date_signed"] or contract["period_start_date"]
    dated, start, sure_end, ended_by = _published_term(contract)
    common = {
        "jurisdiction": contract["jurisdiction"], "kind": "contract", "ref": contract["id"], "title": contract["title"],
        "said": contract_sentence(contract), "evidence_from": signed, "evidence_to": signed, "dated": int(dated),
        "in_force_from": start, "in_force_to": sure_end, "ended_by": ended_by,
        "source_url": contract["source_url"], "grade": "official", "proposal": 0,
    }  # fmt: skip
    yield from holding_rows(common, found, [contract["supplier"]] if contract["supplier"] else [], trade)


def _published_term(contract: Row) -> tuple[bool, str | None, str | None, str | None]:
    """(has a term, its first day, last certain day, last possible day).

    A contract that its publisher no longer shows is not called in force from the day that was noticed, nor ended before
    its published end: nobody has said why it went.
    """
    start, end, gone = contract["period_start_date"] or contract["date_signed"], contract["period_end_date"], contract["disappeared_on"]
    if not (start and end and start <= end):
        return False, None, None, None
    if gone and gone <= end:
        return True, start, (datetime.date.fromisoformat(gone) - datetime.timedelta(days=1)).isoformat(), None
    return True, start, end, end


def contract_sentence(contract: Row) -> str:
    """One sentence of what the published contract says of itself."""
    start, end = contract["period_start_date"], contract["period_end_date"]
    number, buyer_name, gone = contract["contract_number"], contract["buyer_name"], contract["disappeared_on"]
    supplier = contract["supplier_name"] or say("an unnamed supplier")
    first, last = start or say("an unpublished day"), end or say("an unpublished day")
    told = say(f"Contract {number} of {buyer_name} with {supplier} runs from {first} to {last}.")
    if not start and not end:
        told = say(f"Contract {number} of {buyer_name} with {supplier} has no published term.")
    return say(f"{told} It is no longer in the publisher's list since {gone}.") if gone else told


def record_holdings(record: Record, found: Found, suppliers: Iterable[str], trade: Trade) -> Iterator[Row]:
    """One row per thing the record is about. A proposal is evidence of a plan and named as one."""
    first, last = _days(record.event_date)
    dated, start, sure_end, ended_by = _term(record)
    common = {
        "jurisdiction": record.jurisdiction, "kind": "record", "ref": record.id, "title": record.title, "said": record.finding,
        "evidence_from": first, "evidence_to": last, "dated": int(dated), "in_force_from": start, "in_force_to": sure_end,
        "ended_by": ended_by, "source_url": record.source_url, "grade": record.evidence_grade,
        "proposal": int(record.stage == "proposed"),
    }  # fmt: skip
    yield from holding_rows(common, found, suppliers, trade)


def _term(record: Record) -> tuple[bool, str | None, str | None, str | None]:
    """(is a dated contract, first certain day, last certain day, last possible day) of a record's term."""
    contract = record.event_type in CONTRACT_EVENTS and record.stage in ("reported", "paid")
    if not (contract and record.period_start and record.period_end and record.review != "yes"):
        return False, None, None, None
    _, start = _days(record.period_start)
    end, ended_by = _days(record.period_end)
    return True, start, end, ended_by


def _days(text: str) -> tuple[str | None, str | None]:
    if not text:
        return None, None
    first, last = interval(text)
    return first.isoformat(), last.isoformat()


def undated_holdings(
    kind: Literal["payment", "matter", "document"],
    row: Row,
    said: str,
    day: str | None,
    found: Found,
    trade: Trade,
    grade: str = "official",
    proposal: bool = False,
) -> Iterator[Row]:
    """One row per thing that a row of another table than contracts and records is evidence of.

    None of them has a term, so they never say that a contract runs or ended; `said` is its sentence, `day` an ISO day.
    """
    common = {
        "jurisdiction": row["jurisdiction"], "kind": kind, "ref": row["id"], "title": row["title"], "said": said,
        "evidence_from": day, "evidence_to": day, "dated": 0, "in_force_from": None, "in_force_to": None, "ended_by": None,
        "source_url": row["source_url"], "grade": grade, "proposal": int(proposal),
    }  # fmt: skip
    return holding_rows(common, found, [row["supplier"]] if row["supplier"] else [], trade)


def holding_rows(common: Row, found: Found, suppliers: Iterable[str], trade: Trade) -> Iterator[Row]:
    """One row of `holdings` per thing that something is about; `common` is what all of them say, `suppliers` the parties named."""
    for about, kind, firm in abouts(found, suppliers, trade):
        yield {"id": f"{common['ref']}__{kind}__{about}", "about": about, "about_kind": kind, "firm": int(firm), **common}
