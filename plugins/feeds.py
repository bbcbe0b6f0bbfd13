"""When to be heard: contracts that end soon and matters on coming agendas, as a page, a calendar (RFC 5545) and an Atom feed (RFC 4287).

The rows are those of the canned queries `ending_soon` and `coming_agendas` of metadata.yml. Each of the three says which
councils' agendas are loaded: an empty calendar must not read as "nothing is coming up".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from datasette import Response, hookimpl

DATABASE = "registry"
DAYS, MOST_DAYS = 90, 366
# Ids of calendar entries and feed entries stay the same wherever the site is served from.
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://schema.org/GovernmentService#surveillance-procurement-registry")
BANDS = ((0, 30), (31, 60), (61, 90), (91, MOST_DAYS))
LINE = 73  # octets of a calendar line before it is folded; the standard allows 75 with the fold's own
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})
_KNOWN = """
select count(*) from place_names where name = trim(replace(replace(replace(lower(:place), ',', ' '), '.', ' '), '  ', ' '))
"""
_COUNCILS = """
select group_concat(sources.title || ' (' || coverage.searched_through || ')', '; ')
from coverage join sources on sources.id = coverage.source
where sources.kind = 'matters' and coverage.state = 'searched' and coalesce(coverage.searched_through, '') <> ''
  and (:place = '' or coverage.jurisdiction in (select jurisdiction from place_names
    where name = trim(replace(replace(replace(lower(:place), ',', ' '), '.', ' '), '  ', ' '))))
"""
Row = dict[str, Any]
Told = Callable[[str], str]


def say(text: str) -> str:
    """Mark a sentence of ours for translation; pages tell it in their language (see languages.py)."""
    return text


NOT_LOADED = say("Matters on coming council agendas are not loaded yet, so a hearing may be near that is not listed here.")


def days_asked(text: str) -> int | None:
    """Days ahead: empty means 90, at most a year; None for what is no such number."""
    if not text:
        return DAYS
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 4 and 1 <= int(text) <= MOST_DAYS else None


def day_asked(text: str) -> date | None:
    """The first day: empty means today; None for what is no day written as YYYY-MM-DD, or has no days after it that can be written."""
    if not text:
        return datetime.now(UTC).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text and day.year < MAXYEAR else None


def councils_told(councils: str | None) -> str:
    """Which councils' agendas are behind the list, each with the newest day it shows."""
    if not councils:
        return NOT_LOADED
    return say(f"Matters on coming agendas are those of {councils}; a hearing elsewhere, or announced since, is not listed here.")


async def ending(datasette: Any, request: Any) -> dict[str, Any]:
    """What was asked for, the contracts that end and the matters heard in those days, and the words to say when there is none."""
    asked = {name: " ".join((request.args.get(name) or "").split())[:200] for name in ("place", "from_date", "days")}
    first, days = day_asked(asked["from_date"]), days_asked(asked["days"])
    if first is None or days is None:
        wrong = f"We cannot read the date “{asked['from_date']}”; write it as YYYY-MM-DD." if first is None else ""
        wrong = wrong or say(f"We cannot read “{asked['days']}” as a number of days from 1 to {MOST_DAYS}.")
        return {"asked": asked, "first": None, "days": days, "rows": [], "matters": [], "note": wrong,
                "known": False, "loaded": "", "councils": NOT_LOADED}  # fmt: skip
    given = {"place": asked["place"], "from_date": first.isoformat(), "days": str(days)}
    rows, note = await _asked(datasette, request, "ending_soon", given, first)
    matters, _ = await _asked(datasette, request, "coming_agendas", given, first)
    councils = councils_told(await _one(datasette, _COUNCILS, place=asked["place"]))
    known = not asked["place"] or await _one(datasette, _KNOWN, place=asked["place"])
    loaded = await _one(datasette, "select max(read_at) from loads") or "1970-01-01T00:00:00Z"
    return {"asked": asked, "first": first, "days": days, "rows": rows, "matters": matters, "note": note, "known": known, "loaded": loaded,
            "councils": councils}  # fmt: skip


async def _asked(datasette: Any, request: Any, name: str, given: Row, first: date) -> tuple[list[Row], str]:
    """The rows of one canned query, or none and what it says of that."""
    query = await datasette.get_canned_query(DATABASE, name, request.actor)
    found = [dict(row) for row in await datasette.get_database(DATABASE).execute(query["sql"], given)]
    if found[0]["note"]:
        return [], found[0]["note"]
    return [_told(datasette, request, row, first) for row in found], ""


def _told(datasette: Any, request: Any, row: Row, first: date) -> Row:
    hearing = "matter" in row
    table, ref = ("matters", row["matter"]) if hearing else ("contracts", row["contract"])
    day = row["date_agenda"] if hearing else row["period_end_date"]
    page = datasette.absolute_url(request, datasette.urls.row(DATABASE, table, ref))
    return {**row, "ref": ref, "day": day, "ends": date.fromisoformat(day), "page": page, "in_days": (date.fromisoformat(day) - first).days}


async def _one(datasette: Any, sql: str, **given: str) -> Any:
    return (await datasette.get_database(DATABASE).execute(sql, given)).single_value()


def entry_id(row: Row) -> str:
    """One id for one contract and one end: an amendment that moves the end is a new entry."""
    return str(uuid.uuid5(SPACE, f"{row['ref']} {row['day']}"))


def summary(row: Row, told: Told = say) -> str:
    """One line for a calendar or a feed reader."""
    title, place = row["title"] or row["ref"], row["place"] or row["jurisdiction"]
    if "matter" in row:
        return told(say(f"Before the council: {title} ({place})"))
    return told(say(f"Contract ends: {title} ({place})"))


def description(row: Row, told: Told = say) -> str:
    """What the entry says below its title; a lead is named as one."""
    technologies = ", ".join(told(item.replace("_", " ")) for item in json.loads(row["technologies"] or "[]"))
    lead = say("A lead: only the supplier's name matches, so somebody has to read it first.")
    if "matter" in row:
        heard = (*_hearing(row, technologies, told), lead if row["evidence"] == "supplier" else "", row["councils"])
        return " ".join(told(one) for one in heard if one)
    supplier, unit = row["supplier_name"] or told(say("a supplier not stated")), row["buyer_unit"] or told(say("not stated"))
    listed, day = technologies or told(say("a technology not stated")), row["period_end_date"]
    sentences = (
        say(f"The published term of this contract with {supplier} for {listed} ends on {day}. A renewal may be decided before."),
        say(f"Department: {unit}."), lead if row["evidence"] == "supplier" else "", row["councils"],
    )  # fmt: skip
    return " ".join(told(one) for one in sentences if one)


def _hearing(row: Row, technologies: str, told: Told) -> tuple[str, ...]:
    number, body, day = row["matter_number"], row["body"] or told(say("a body not stated")), row["date_agenda"]
    listed = technologies or told(say("a technology not stated"))
    return (
        say(f"Matter {number} on {listed} is on the agenda of {body} on {day}, as published."),
        say("An agenda may change: see the council's own page for the time and place, and for how to speak."),
    )


def folded(line: str) -> str:
    """A calendar line cut so that no part is longer than 75 octets and no letter is cut in two."""
    parts, part = [], ""
    for letter in line:
        if len((part + letter).encode()) > LINE:
            parts.append(part)
            part = ""
        part += letter
    return "\r\n ".join([*parts, part])


def _event(row: Row, stamp: str, told: Told) -> list[str]:
    return [
        "BEGIN:VEVENT", f"UID:{entry_id(row)}", f"DTSTAMP:{stamp}", f"DTSTART;VALUE=DATE:{row['ends']:%Y%m%d}",
        f"DTEND;VALUE=DATE:{row['ends'] + timedelta(days=1):%Y%m%d}", f"SUMMARY:{summary(row, told).translate(ESCAPES)}",
        f"DESCRIPTION:{description(row, told).translate(ESCAPES)}", f"URL:{row['page']}", "TRANSP:TRANSPARENT", "END:VEVENT",
    ]  # fmt: skip


def _nothing(title: str, note: str, councils: str, stamp: str, told: Told) -> list[str]:
    """A note instead of events: a calendar needs one entry, and an empty one would read as "nothing is coming up"."""
    return ["BEGIN:VJOURNAL", f"UID:{uuid.uuid5(SPACE, title)}", f"DTSTAMP:{stamp}", f"DTSTART;VALUE=DATE:{stamp[:8]}",
            f"SUMMARY:{title.translate(ESCAPES)}", f"DESCRIPTION:{f'{note} {told(councils)}'.translate(ESCAPES)}",
            "END:VJOURNAL"]  # fmt: skip


def calendar(title: str, rows: list[Row], note: str, councils: str, loaded: str, told: Told = say, language: str = "en") -> str:
    """An iCalendar file with one whole-day event for each end and each hearing; `loaded` (ISO, UTC) is the stamp of every event."""
    stamp = datetime.fromisoformat(loaded).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//Surveillance technology procurement registry//Contracts that end//{language.upper()}",
        "CALSCALE:GREGORIAN", "METHOD:PUBLISH", f"X-WR-CALNAME:{title.translate(ESCAPES)}",
        f"X-WR-CALDESC:{told(councils).translate(ESCAPES)}",
    ]  # fmt: skip
    events = [line for row in rows for line in _event(row, stamp, told)] or _nothing(title, note, councils, stamp, told)
    return "".join(folded(line) + "\r\n" for line in [*lines, *events, "END:VCALENDAR"])


def _entry(row: Row, loaded: str, told: Told) -> str:
    return (
        f"<entry><id>urn:uuid:{entry_id(row)}</id><title>{escape(summary(row, told))}</title><updated>{loaded}</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(row["page"])}/>'
        f"<summary>{escape(description(row, told))}</summary></entry>\n"
    )


def _xml(text: str) -> str:
    """Text without the control characters that XML forbids even when escaped."""
    return "".join(letter for letter in text if letter in "\t\n\r" or letter >= " ")


def atom(
    title: str, rows: list[Row], note: str, councils: str, loaded: str, page: str, itself: str, told: Told = say, language: str = "en"
) -> str:
    """An Atom feed of the same rows; what there is to say of an empty one stands in its subtitle."""
    subtitle = f"{note} {told(councils)}".strip()
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="' + language + '">\n'
        f"<id>urn:uuid:{uuid.uuid5(SPACE, title.lower())}</id><title>{escape(title)}</title><subtitle>{escape(subtitle)}</subtitle>"
        f"<updated>{loaded}</updated><author><name>{escape(told(say('Surveillance technology procurement registry')))}</name></author>\n"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(itself)}/>'
        f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>\n'
    )
    return _xml(head + "".join(_entry(row, loaded, told) for row in rows) + "</feed>\n")


def title_of(found: dict[str, Any]) -> str:
    """The name of the page, the calendar and the feed; it does not change with what is in them."""
    place = found["asked"]["place"]
    return say(f"Surveillance contracts that end soon, {place}") if place else say("Surveillance contracts that end soon")


def _address(datasette: Any, request: Any, ending: str, found: dict[str, Any]) -> str:
    query = urlencode({name: value for name, value in found["asked"].items() if value})
    return str(datasette.absolute_url(request, datasette.urls.path(f"/testify{ending}{'?' + query if query else ''}")))


def _permanent(datasette: Any, found: dict[str, Any]) -> str:
    """The address that goes on showing these days: without the first of them it shows those ahead of whoever follows it."""
    given = {**found["asked"], "from_date": found["first"] or found["asked"]["from_date"], "days": found["days"] or found["asked"]["days"]}
    return str(datasette.urls.path("/testify?" + urlencode({name: value for name, value in given.items() if value})))


async def testify_page(datasette: Any, request: Any) -> Response:
    """/testify"""
    found = await ending(datasette, request)
    bands = [
        {"from": low, "to": min(high, found["days"]), "rows": [row for row in found["rows"] if low <= row["in_days"] <= high]}
        for low, high in BANDS if found["rows"] and low <= found["days"]
    ]  # fmt: skip
    context = {**found, "title": title_of(found), "bands": bands, "permanent": _permanent(datasette, found),
               "ics": _address(datasette, request, ".ics", found), "atom": _address(datasette, request, ".atom", found)}  # fmt: skip
    return Response.html(await datasette.render_template("testify.html", context, request=request, view_name="testify"))


def _refused(found: dict[str, Any], told: Told) -> Response | None:
    """A calendar program must not keep an empty calendar of a place or day that we do not know."""
    if found["first"] is None or found["days"] is None:
        return Response.text(told(found["note"]) + "\n", status=400)
    return None if found["known"] else Response.text(told(found["note"]) + "\n", status=404)


def _both(found: dict[str, Any]) -> list[Row]:
    """Hearings and ends by their day, each with what is said of the councils."""
    rows = sorted((*found["matters"], *found["rows"]), key=lambda row: (row["day"], row["ref"]))
    return [{**row, "councils": found["councils"]} for row in rows]


def _language(datasette: Any) -> tuple[Told, str]:
    """How to tell a sentence in the language of the address, and the language's code."""
    return datasette.jinja_env.filters["told"], datasette.jinja_env.globals["language"]()


async def testify_ics(datasette: Any, request: Any) -> Response:
    """/testify.ics"""
    found = await ending(datasette, request)
    told, language = _language(datasette)
    refused = _refused(found, told)
    if refused:
        return refused
    text = calendar(told(title_of(found)), _both(found), told(found["note"]), found["councils"], found["loaded"], told, language)
    return Response(text, content_type="text/calendar; charset=utf-8")


async def testify_atom(datasette: Any, request: Any) -> Response:
    """/testify.atom"""
    found = await ending(datasette, request)
    told, language = _language(datasette)
    refused = _refused(found, told)
    if refused:
        return refused
    page, itself = (_address(datasette, request, name, found) for name in ("", ".atom"))
    feed = atom(
        told(title_of(found)), _both(found), told(found["note"]), found["councils"], found["loaded"], page, itself, told, language
    )
    return Response(feed, content_type="application/atom+xml; charset=utf-8")


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The page, the calendar and the feed."""
    return [(r"^/testify$", testify_page), (r"^/testify\.ics$", testify_ics), (r"^/testify\.atom$", testify_atom)]
