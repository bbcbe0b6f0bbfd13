"""One item before a council as the council's own system tells it, and what it comes to. Pure.

An item on an agenda is the asking, not the answer: it is approved only where the system shows the final vote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from . import clean
from .determine import Found, found_columns
from .holdings import Trade, undated_holdings
from .issues import Issue
from .kinds import MatterOutcome
from .normalise import read_field
from .sentences import say
from .source import Source
from .staged import RawRow

Row = dict[str, Any]
# What tells of something there was, and not only of something that was asked for.
_NOT_MERELY_ASKED = ("approved", "suspended", "terminated")
_DAYS = ("date_decided", "date_agenda", "date_introduced")


def outcome_of(source: Source, status: str, final: bool) -> MatterOutcome | None:
    """What a status word comes to, or None for a word the source file does not know; `final`: the final vote is shown."""
    words = {word.casefold(): outcome for word, outcome in source.statuses.items()}
    outcome = words.get(clean.text(status).casefold())
    return "pending" if outcome == "approved" and not final else outcome


def matter_row(source: Source, row: RawRow, row_id: str, found: Found, load: str) -> Row:
    """The row of `matters` of one item; dates are ISO days, or None where none is published or readable."""
    days = {name: read_field(source, name, row) for name in _DAYS}
    enactment = clean.text(row.get("enactment_number", ""))
    begun = days["date_introduced"] or days["date_agenda"] or days["date_decided"]
    return {
        "id": row_id, "jurisdiction": source.jurisdiction, "source": source.id, "matter_number": clean.text(row["matter_number"]),
        "title": clean.text(row["title"]), "description": clean.text(row.get("description", "")),
        "matter_type": clean.text(row.get("matter_type", "")), "status": clean.text(row["status"]),
        "outcome": outcome_of(source, row["status"], bool(days["date_decided"] or enactment)),
        "body": clean.text(row.get("body", "")), **days, "enactment_number": enactment,
        **found_columns(found), "supplier": found.supplier,
        "source_url": clean.web_address(row.get("source_url", "")) or source.url, "load": load,
        "year": int(str(begun)[:4]) if begun else None,
    }  # fmt: skip


def matter_holdings(matter: Row, found: Found, trade: Trade) -> Iterator[Row]:
    """One row per thing the item speaks of; what was only asked for is named a proposal."""
    proposal = matter["outcome"] not in _NOT_MERELY_ASKED
    return undated_holdings("matter", matter, matter_sentence(matter), day_of(matter), found, trade, proposal=proposal)


def day_of(matter: Mapping[str, Any]) -> str | None:
    """The ISO day of the final vote, else of the agenda, else of the introduction."""
    return matter["date_decided"] or matter["date_agenda"] or matter["date_introduced"] or None


def matter_sentence(matter: Row) -> str:
    """One sentence of what the council's system says of the item."""
    number, body, title = matter["matter_number"], matter["body"], matter["title"]
    stated = matter["status"]
    published = say(f"status as published: {stated}") if stated else say("no status published")
    if body:
        return say(f"Matter {number} before {body}: {title} ({published}).")
    return say(f"Matter {number}: {title} ({published}).")


def unknown_statuses(source: Source, matters: Iterable[tuple[str, int]], origin: str) -> Iterator[Issue]:
    """One issue per status word that the source file does not know; `matters` are (status, row in the file)."""
    first: dict[str, int] = {}
    for status, row in matters:
        if outcome_of(source, status, True) is None:
            first.setdefault(clean.text(status), row)
    for status, row in sorted(first.items()):
        yield Issue(
            source.id, "error", "unknown_status", origin, row, source.fields["status"], status[:200],
            f"Row {row}: the status {status!r} is not known, so its outcome is left open.",
            f"Say what it comes to under statuses: in data/sources/{source.id}.yml.",
        )  # fmt: skip
