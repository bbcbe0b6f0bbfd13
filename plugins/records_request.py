"""A public-records request that is ready to copy: for one place and one product, supplier or technology.

The law and its time limit are rows of `records_laws`; the numbers are those of the contracts and records we hold. Nothing
is sent, and what we know from memory is marked in the text itself, so that nobody sends it unread.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any
from urllib.parse import urlencode

from datasette import Response, hookimpl

DATABASE = "registry"
LONGEST = 200
NUMBERS = 12  # of contracts and of records; more would bury the request

_PLACE = """
select jurisdictions.id, jurisdictions.name, jurisdictions.state, jurisdictions.deciding_body from jurisdictions
where jurisdictions.id in (
  select jurisdiction from place_names
  where name = trim(replace(replace(replace(lower(:place), ',', ' '), '.', ' '), '  ', ' ')))
"""

_NAMES = """
select distinct names.about, names.display, coalesce(products.face, '') as face
from names left join products on products.id = names.about
where names.name in (lower(trim(:about)), :folded) or names.about = lower(trim(:about))
order by case names.kind when 'product' then 1 when 'supplier' then 2 when 'technology' then 3 end
"""

_LAW = "select * from records_laws where id = lower(:state)"

_CONTRACTS = """
select distinct contracts.contract_number, contracts.title, contracts.supplier_name
from holdings join contracts on contracts.id = holdings.ref
where holdings.kind = 'contract' and holdings.jurisdiction = :place and holdings.firm = 1
  and holdings.about in (select value from json_each(:abouts)) and coalesce(contracts.contract_number, '') <> ''
order by contracts.period_end_date desc limit :most
"""

# The newest last; `evidence_from` is the first day that the date can mean.
_RECORDS = """
select distinct records.title, records.event_date, records.source_publisher, records.buyer_unit
from holdings join records on records.id = holdings.ref
where holdings.kind = 'record' and holdings.jurisdiction = :place and holdings.about in (select value from json_each(:abouts))
order by holdings.evidence_from desc, records.id limit :most
"""

DOCUMENTS = (
    "contracts, purchase orders, statements of work, quotations, amendments, renewals and extensions, with start and end dates",
    "invoices and payments, including purchases through a reseller, a cooperative contract or another agency's contract",
    "grants, gifts, loans, trials, forfeiture funds and foundation money by which it was obtained, with applications and awards",
    "agreements by which it or its data are shared with another agency, a school, a private party or a fusion centre",
    "the version and the modules installed or licensed, and any decision to switch a module on or off",
    "use policies, impact reports, annual reports and audits",
)


def say(text: str) -> str:
    """Mark a sentence of ours for translation; pages tell it in their language (see languages.py)."""
    return text


def folded(text: str) -> str:
    """A name as the registry folds names: plain lower-case letters and digits with single spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def limit_words(law: dict[str, Any]) -> str:
    """The time limit as a clause: "10 business days for the records"."""
    return f"{law['days']} {law['day_kind']} days for {law['answer']}" if law["days"] else str(law["answer"])


def _opening(place: dict[str, Any], about: str, law: dict[str, Any] | None) -> list[str]:
    under = f"Under the {law['name']} ({law['citation']}), I ask" if law else "Under the public-records law that applies, I ask"
    check = ["[Check before sending, then delete this line: the law's name, citation and time limit are from memory.]", ""]
    return [
        *(check if law and law["evidence"] == "M" else []),
        f"To: Public records officer, {place['name']}", f"Subject: Public-records request, {about}", "",
        f"{under} for copies of these records about {about}, in any department, from the first purchase or use to today:", "",
    ]  # fmt: skip


def _asked_for(place: dict[str, Any], face: str) -> list[str]:
    body = place["deciding_body"] or "the body that decides on purchases"
    votes = f"items, minutes and votes on it; who decides, as we know it: {body}"
    faces = ["records that show whether face recognition was offered, licensed, installed or used"] if face in ("yes", "optional") else []
    return [f"{number}. {words}" for number, words in enumerate([*DOCUMENTS, *faces, votes], 1)]


def _known(contracts: list[dict[str, Any]], records: list[dict[str, Any]]) -> list[str]:
    """The numbers and files that are published already, so that nobody has to search for them."""
    numbers = [
        f"- contract {one['contract_number']}, {one['title']} ({one['supplier_name'] or 'supplier not stated'})" for one in contracts
    ]
    named = [f"- {one['title']} ({', '.join(filter(None, [one['event_date'], one['source_publisher']]))})" for one in records]
    return ["", "These are known from published sources and may help to find the records:", *numbers, *named] if numbers or named else []


def _closing(law: dict[str, Any] | None) -> list[str]:
    time = f"As I understand the law, it gives {limit_words(law)}. " if law else ""
    return [
        "", f"{time}Electronic copies are best. If part of a record is withheld, please release the rest and name the ground. "
        "If no record exists, please say so in writing. Please tell me before any fee.", "", "[Your name and how to reach you]",
    ]  # fmt: skip


def request_text(
    place: dict[str, Any], name: dict[str, Any], law: dict[str, Any] | None, contracts: list[dict[str, Any]], records: list[dict[str, Any]]
) -> str:
    """The whole request."""
    lines = [*_opening(place, name["display"], law), *_asked_for(place, name["face"]), *_known(contracts, records), *_closing(law)]
    return "\n".join(lines) + "\n"


async def _rows(datasette: Any, sql: str, **given: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in await datasette.get_database(DATABASE).execute(sql, given)]


async def _letter(datasette: Any, about: str, place: dict[str, Any]) -> dict[str, Any]:
    """Law, text and query of the request; a name we do not know is used as it was typed."""
    names = await _rows(datasette, _NAMES, about=about, folded=folded(about)) or [{"about": "", "display": about, "face": ""}]
    abouts = json.dumps([one["about"] for one in names])
    law = (await _rows(datasette, _LAW, state=place["state"]) or [None])[0]
    contracts = await _rows(datasette, _CONTRACTS, place=place["id"], abouts=abouts, most=NUMBERS)
    records = await _rows(datasette, _RECORDS, place=place["id"], abouts=abouts, most=NUMBERS)
    return {
        "law": law, "known": bool(names[0]["about"]), "text": request_text(place, names[0], law, contracts, records),
        "query": urlencode({"about": about, "place": place["id"]}),
    }  # fmt: skip


async def _context(datasette: Any, request: Any) -> dict[str, Any]:
    # A line break in what was typed must not begin a line of the request.
    about, typed = (" ".join((request.args.get(name) or "").split())[:LONGEST] for name in ("about", "place"))
    places = await _rows(datasette, _PLACE, place=typed)
    place = places[0] if len(places) == 1 else None
    letter = await _letter(datasette, about, place) if place and about else None
    return {"about": about, "asked_place": typed, "place": place, "letter": letter, "notice": _notice(about, typed, len(places), letter)}


def _notice(about: str, typed: str, places: int, letter: dict[str, Any] | None) -> str:
    if not about or not typed:
        return say("Name a product, supplier or technology and a place.")
    if places > 1:
        return say(f"More than one place is called “{typed}”. Add the state.")
    if letter is None:
        return say(f"We know no place called “{typed}”, so we cannot name its law. The places we know are listed under Places.")
    return (
        ""
        if letter["known"]
        else say(f"We know no product, supplier or technology called “{about}”. Check the spelling; the request uses your words.")
    )


async def request_page(datasette: Any, request: Any) -> Response:
    """/request"""
    context = await _context(datasette, request)
    return Response.html(await datasette.render_template("request.html", context, request=request, view_name="request"))


async def request_plain(datasette: Any, request: Any) -> Response:
    """/request.txt"""
    context = await _context(datasette, request)
    notice, letter = context["notice"], context["letter"]
    if letter is None:
        return Response.text(notice + "\n", status=404)
    return Response.text(f"[{notice}]\n\n{letter['text']}" if notice else letter["text"])


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The page and the plain text."""
    return [(r"^/request$", request_page), (r"^/request\.txt$", request_plain)]


@hookimpl
def extra_template_vars(datasette: Any, template: str | None) -> dict[str, Any]:
    """`records_request(about, place id)` for the page of an answer."""

    async def records_request(about: str, place: str) -> dict[str, Any]:
        return await _letter(datasette, about, (await _rows(datasette, _PLACE, place=place))[0])

    return {"records_request": records_request} if template == "answer.html" else {}
