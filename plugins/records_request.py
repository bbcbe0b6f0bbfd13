"""A public-records request that is ready to copy: for one place and one product, supplier or technology.

The law and its time limit are rows of `records_laws`; the numbers are those of the contracts and records we hold. Nothing
is sent, and what we know from memory is marked in the text itself, so that nobody sends it unread. The request to send is in
English, as the office reads it; a page in another language shows the same request, made by the same function, to read.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from datasette import Response, hookimpl
from markupsafe import Markup, escape

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


def say(text: str) -> str:
    """Mark a sentence of ours for translation; pages tell it in their language (see languages.py)."""
    return text


DOCUMENTS = (
    say("contracts, purchase orders, statements of work, quotations, amendments, renewals and extensions, with start and end dates"),
    say("invoices and payments, including purchases through a reseller, a cooperative contract or another agency's contract"),
    say("grants, gifts, loans, trials, forfeiture funds and foundation money by which it was obtained, with applications and awards"),
    say("agreements by which it or its data are shared with another agency, a school, a private party or a fusion centre"),
    say("the version and the modules installed or licensed, and any decision to switch a module on or off"),
    say("use policies, impact reports, annual reports and audits"),
)
FACES = say("records that show whether face recognition was offered, licensed, installed or used")
PLACE = re.compile(r"\{(\w+)\}")


class Voice(NamedTuple):
    """How a request is written: a message with its places filled, a stored text of ours, and what others published."""

    words: Callable[..., str]
    told: Callable[[str], Any]
    quoted: Callable[[str], Any]


def _english(message: str, **values: Any) -> str:
    return PLACE.sub(lambda place: str(values[place[1]]), message)


ENGLISH = Voice(_english, say, say)


def folded(text: str) -> str:
    """A name as the registry folds names: plain lower-case letters and digits with single spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def limit_words(law: dict[str, Any], voice: Voice) -> str:
    """The time limit as a clause: "10 business days for the records"."""
    answer = voice.told(law["answer"])
    if not law["days"]:
        return answer
    return voice.words(say("{days} {kind} days for {answer}"), days=law["days"], kind=voice.told(law["day_kind"]), answer=answer)


def _opening(place: dict[str, Any], about: str, law: dict[str, Any] | None, voice: Voice) -> list[str]:
    words = voice.words
    check = words(say("[Check before sending, then delete this line: the law's name, citation and time limit are from memory.]"))
    named = {"law": voice.told(law["name"]), "citation": voice.quoted(law["citation"])} if law else {}
    by_law = say(
        "Under the {law} ({citation}), I ask for copies of these records about {about}, in any department, "
        "from the first purchase or use to today:"
    )
    without = say(
        "Under the public-records law that applies, I ask for copies of these records about {about}, in any department, "
        "from the first purchase or use to today:"
    )
    return [
        *([check, ""] if law and law["evidence"] == "M" else []),
        words(say("To: Public records officer, {place}"), place=place["name"]),
        words(say("Subject: Public-records request, {about}"), about=about), "",
        words(by_law if law else without, about=about, **named), "",
    ]  # fmt: skip


def _asked_for(place: dict[str, Any], face: str, voice: Voice) -> list[str]:
    body = voice.told(place["deciding_body"] or say("the body that decides on purchases"))
    votes = voice.words(say("items, minutes and votes on it; who decides, as we know it: {body}"), body=body)
    asked = [*DOCUMENTS, FACES] if face in ("yes", "optional") else DOCUMENTS
    return [voice.words(f"{number}. {{words}}", words=words) for number, words in enumerate([*map(voice.words, asked), votes], 1)]


def _known(contracts: list[dict[str, Any]], records: list[dict[str, Any]], voice: Voice) -> list[str]:
    """The numbers and files that are published already, so that nobody has to search for them."""
    numbers = [
        voice.words(say("- contract {number}, {title} ({supplier})"), number=one["contract_number"], title=voice.quoted(one["title"]),
                    supplier=voice.quoted(one["supplier_name"]) if one["supplier_name"] else voice.words(say("supplier not stated")))
        for one in contracts
    ]  # fmt: skip
    origins = [", ".join(filter(None, [one["event_date"], one["source_publisher"]])) for one in records]
    named = [voice.words("- {title} ({origin})", title=voice.quoted(one["title"]), origin=voice.quoted(origin))
             for one, origin in zip(records, origins, strict=True)]  # fmt: skip
    known = voice.words(say("These are known from published sources and may help to find the records:"))
    return ["", known, *numbers, *named] if numbers or named else []


def _closing(law: dict[str, Any] | None, voice: Voice) -> list[str]:
    rest = voice.words(
        say(
            "Electronic copies are best. If part of a record is withheld, please release the rest and name the ground. "
            "If no record exists, please say so in writing. Please tell me before any fee."
        )
    )
    if law:
        time = voice.words(say("As I understand the law, it gives {time}."), time=limit_words(law, voice))
        rest = voice.words("{time} {rest}", time=time, rest=rest)
    return ["", rest, "", voice.words(say("[Your name and how to reach you]"))]


def request_lines(
    place: dict[str, Any], name: dict[str, Any], law: dict[str, Any] | None, contracts: list[dict[str, Any]],
    records: list[dict[str, Any]], voice: Voice,
) -> list[str]:  # fmt: skip
    """The whole request, line by line."""
    opening, asked_for = _opening(place, name["display"], law, voice), _asked_for(place, name["face"], voice)
    return [*opening, *asked_for, *_known(contracts, records, voice), *_closing(law, voice)]


def _reading(datasette: Any) -> Voice:
    """The voice of a page: markup in its language, in which what was published is marked as English."""
    tongue, filters = datasette.jinja_env.globals["tongue"], datasette.jinja_env.filters

    def words(message: str, **values: Any) -> str:
        return Markup(PLACE.sub(lambda place: str(escape(values[place[1]])), str(escape(tongue.message(message)))))

    return Voice(words, filters["said"], filters["quoted"])


async def _rows(datasette: Any, sql: str, **given: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in await datasette.get_database(DATABASE).execute(sql, given)]


async def _letter(datasette: Any, about: str, place: dict[str, Any]) -> dict[str, Any]:
    """Law, text and query of the request; a name we do not know is used as it was typed."""
    names = await _rows(datasette, _NAMES, about=about, folded=folded(about)) or [{"about": "", "display": about, "face": ""}]
    abouts = json.dumps([one["about"] for one in names])
    law = (await _rows(datasette, _LAW, state=place["state"]) or [None])[0]
    contracts = await _rows(datasette, _CONTRACTS, place=place["id"], abouts=abouts, most=NUMBERS)
    records = await _rows(datasette, _RECORDS, place=place["id"], abouts=abouts, most=NUMBERS)
    given, voice = (place, names[0], law, contracts, records), _reading(datasette)
    return {
        "law": law, "known": bool(names[0]["about"]), "text": "\n".join(request_lines(*given, ENGLISH)) + "\n",
        "to_read": Markup("\n").join(request_lines(*given, voice)), "limit": limit_words(law, voice) if law else "",
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
