"""Turn the raw revisions of one contract into one OCDS-worded contract with its amendments. Pure.

A contract is judged as a whole: its value is the sum of its revisions (or the newest one's, where each tells the
total), its term runs from the first start to the end in its newest revision, and it was signed when the first
revision was.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from . import clean
from .audit import reader
from .issues import Issue
from .source import Source
from .staged import RawRow

Row = dict[str, Any]


class RolledUp(NamedTuple):
    """One contract (columns of `contracts` known so far), its amendments, and what looked odd."""

    contract: Row
    amendments: list[Row]
    issues: list[Issue]


def roll_up(source: Source, number: str, rows: list[RawRow], origin: str, load: str) -> RolledUp:
    """The contract that raw revisions of one number make; amounts in cents become dollars only here."""
    issues: list[Issue] = []
    ordered = in_order(source, rows)
    contract_id = f"{source.ids_begin}_{clean.identifier(number)}"
    amendments = _amendments(source, contract_id, ordered, load, origin, issues)
    return RolledUp(_contract(source, contract_id, number, ordered, amendments, load), amendments, issues)


def in_order(source: Source, rows: list[RawRow]) -> list[RawRow]:
    """The revisions from first to newest: by the day each was signed where all say it, else by their numbers.

    Cities have renumbered: an old revision may carry a text where later ones carry numbers, and numbers alone would put it last.
    """
    days = {row["row"]: str(read_field(source, "date_signed", row) or "") for row in rows}
    dated = all(days.values())
    return sorted(rows, key=lambda row: (days[row["row"]] if dated else "", revision_order(row.get("revision", "")), int(row["row"])))


def revision_order(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts `2` before `10`, and `A2` before `A10`."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def _amendments(source: Source, contract: str, rows: list[RawRow], load: str, origin: str, issues: list[Issue]) -> list[Row]:
    seen: dict[str, list[str]] = {}
    amendments = []
    for row in rows:
        before = seen.setdefault(row.get("revision", ""), [])
        amendments.append(_amendment(source, contract, row, before, load, origin, issues))
        before.append(row.get("value_amount", ""))
    return _only_newest_counted(amendments) if source.amounts_are == "totals" else amendments


def _only_newest_counted(amendments: list[Row]) -> list[Row]:
    """Each revision tells the amount of the whole contract: the newest that tells one stands, none is added."""
    newest = next((one["id"] for one in reversed(amendments) if one["value_amount"] is not None), None)
    return [{**one, "counted": int(one["id"] == newest)} for one in amendments]


def _amendment(source: Source, contract: str, row: RawRow, before: list[str], load: str, origin: str, issues: list[Issue]) -> Row:
    """One revision. An amount that repeats within one revision number is the same amount told twice: not counted again."""
    revision, occurrence = row.get("revision", ""), len(before) + 1
    cents = read_field(source, "value_amount", row)
    return {
        "id": f"{contract}_r{clean.identifier(revision)}-{occurrence}",
        "contract": contract,
        "revision": revision,
        "occurrence": occurrence,
        "title": _shown(source, row, "title", origin, issues),
        "supplier_name": _shown(source, row, "supplier_name", origin, issues),
        "date_signed": read_field(source, "date_signed", row),
        "period_start_date": read_field(source, "period_start_date", row),
        "period_end_date": read_field(source, "period_end_date", row),
        "value_amount": None if cents is None else int(cents) / 100,
        "counted": int(row.get("value_amount", "") not in before),
        "source_row": int(row["row"]),
        "source_url": clean.web_address(row.get("source_url", "")),
        "load": load,
    }


def read_field(source: Source, name: str, row: RawRow) -> str | int | None:
    """A date (ISO day) or amount (cents), or None where it is blank or unreadable; the audit of staging has reported the latter by row."""
    try:
        return reader(source, name)(row.get(name, ""))
    except ValueError:
        return None


def _shown(source: Source, row: RawRow, name: str, origin: str, issues: list[Issue]) -> str:
    raw = row.get(name, "")
    if len(raw) > clean.LONGEST_TEXT:
        issues.append(
            Issue(
                source.id,
                "error",
                "text_cut",
                origin,
                int(row["row"]),
                name,
                raw[:80],
                f"Row {row['row']}: text of {len(raw):,} characters, shown up to {clean.LONGEST_TEXT:,}.",
                "The whole text is in staging; look whether a quotation mark is missing.",
            )
        )
    return clean.text(raw)


def _contract(source: Source, contract_id: str, number: str, rows: list[RawRow], amendments: list[Row], load: str) -> Row:
    signed = _first(amendments, "date_signed")
    start = min((day for day in _all(amendments, "period_start_date")), default=None)
    counted = [row["value_amount"] for row in amendments if row["counted"] and row["value_amount"] is not None]
    return {
        "id": contract_id,
        "jurisdiction": source.jurisdiction,
        "buyer_name": clean.text(_newest(rows, "buyer_name")) or source.buyer_name,
        "buyer_unit": clean.text(_newest(rows, "buyer_unit")),
        "supplier_name": clean.text(_newest(rows, "supplier_name")),
        "title": clean.text(_oldest(rows, "title")),
        "description": clean.text(_oldest(rows, "description")),
        "status": clean.text(_newest(rows, "status")),
        "date_signed": signed,
        "period_start_date": start,
        "period_end_date": next(iter(_all(amendments[::-1], "period_end_date")), None),
        "value_amount": round(sum(counted), 2) if counted else None,
        "value_currency": source.currency,
        "procurement_method": clean.text(_newest(rows, "procurement_method")),
        "contract_number": clean.text(number),
        "year": int((signed or start or "0")[:4]) or None,
        "amendment_count": len(amendments) - 1,
        "source": source.id,
        "source_url": next(iter(_all(amendments[::-1], "source_url")), "") or source.url,
        "load": load,
        "disappeared_on": None,
    }


def _newest(rows: list[RawRow], name: str) -> str:
    """What the newest revision that is not silent says."""
    return next((row[name] for row in reversed(rows) if row.get(name, "").strip()), "")


def _oldest(rows: list[RawRow], name: str) -> str:
    """What the oldest revision that is not silent says: later ones often say only "extend 365 days"."""
    return _newest(rows[::-1], name)


def _all(rows: list[Row], name: str) -> list[str]:
    return [row[name] for row in rows if row[name]]


def _first(amendments: list[Row], name: str) -> str | None:
    """The first revision's day, else the earliest one published."""
    return amendments[0][name] or min(_all(amendments, name), default=None)
