"""/answer and /answer.json: one question, one of six answers, its evidence, and what was not searched.

The answer itself is the canned query `answer` of metadata.yml, the evidence the canned query `answer_evidence`: one
source of truth for the page, the data, and whoever asks with SQL.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any
from urllib.parse import urlencode

from datasette import Response, hookimpl

DATABASE = "registry"
ASKED = ("about", "place", "as_of")
LONGEST = 200  # characters of a name; longer ones are no names and would only fill the page
SHOWN = 200  # pieces of evidence on the page, the newest; /answer.json has them all

_PLACE = """
select jurisdictions.id, jurisdictions.name, jurisdictions.deciding_body from jurisdictions where jurisdictions.id in (
  select jurisdiction from place_names
  where name = trim(replace(replace(replace(lower(:place), ',', ' '), '.', ' '), '  ', ' ')))
"""

_ABOUT = """
select distinct about, kind, display from names where name in (lower(trim(:about)), :folded) or about = lower(trim(:about))
order by case kind when 'product' then 1 when 'supplier' then 2 when 'technology' then 3 end
"""

# What the registry keeps of the bytes a contract was read from; a record names its publisher instead.
_ARCHIVED = """
select contracts.id, contracts.contract_number, sources.title as source, loads.sha256, loads.read_at
from contracts left join sources on sources.id = contracts.source left join loads on loads.id = contracts.load
where contracts.id in (select value from json_each(:ids))
"""

_PUBLISHED = """
select id, source_title, source_publisher, same_as, event_type, channel from records where id in (select value from json_each(:ids))
"""

# The newest rows of the canned query and how many there are; gathered once, so that fifty thousand are not carried out of the database.
_NEWEST = """
with every as materialized ({sql})
select every.*, (select count(*) from every) as pieces from every order by evidence_from desc, coalesce(contract, record) desc limit :most
"""


# A payment, a matter or a document comes from a load too; what it is says how it came.
_LOADED = """
select here.id, sources.title as source, loads.sha256, loads.read_at, sources.kind as channel
from {table} as here left join sources on sources.id = here.source left join loads on loads.id = here.load
where here.id in (select value from json_each(:ids))
"""
LOADED = ("payment", "matter", "document")
PAGES = {"contract": "contracts", "record": "records", "payment": "transactions", "matter": "matters", "document": "documents"}


def folded(text: str) -> str:
    """A name as the registry folds names: plain lower-case letters and digits with single spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


async def _rows(datasette: Any, sql: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in await datasette.get_database(DATABASE).execute(sql, given)]


async def _canned(datasette: Any, request: Any, name: str, given: dict[str, str]) -> list[dict[str, Any]]:
    query = await datasette.get_canned_query(DATABASE, name, request.actor)
    return await _rows(datasette, query["sql"], given)


async def _evidence(datasette: Any, request: Any, given: dict[str, str], most: int | None) -> list[dict[str, Any]]:
    """The newest rows under an answer, oldest first; a row that only says that nothing was found is no evidence."""
    query = await datasette.get_canned_query(DATABASE, "answer_evidence", request.actor)
    for about in dict.fromkeys((given["about"], folded(given["about"]))):
        asked = {**given, "about": about, "most": -1 if most is None else most}
        rows = await _rows(datasette, _NEWEST.format(sql=query["sql"]), asked)
        if rows[0]["note"] is None:
            return rows[::-1]
    return []


def _told(base: str, row: dict[str, Any], origins: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One piece of evidence as data; `page` is its permanent address, `archived_sha256` the hash of the bytes it was read from."""
    kind = next(one for one in PAGES if row[one])
    ref = row[kind]
    origin = origins.get(ref, {})
    return {
        "date": row["evidence_when"], "said": row["said"], "grade": row["grade"], "ground": row["ground"],
        "proposal": row["proposal"] == "proposal", "contract": row["contract"], "record": row["record"],
        "contract_number": origin.get("contract_number"), "channel": "city_contract" if row["contract"] else origin.get("channel"),
        "payment": row["payment"], "matter": row["matter"], "document": row["document"],
        "source": origin.get("source") or origin.get("source_publisher"), "source_url": row["source_url"],
        "archived_sha256": origin.get("sha256"), "read_at": origin.get("read_at"),
        "page": f"{base}/{PAGES[kind]}/{ref}",  # ids are made of letters, digits, _ and - alone
    }  # fmt: skip


async def _evidence_told(datasette: Any, request: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    origins: dict[str, dict[str, Any]] = {}
    for sql, key in ((_ARCHIVED, "contract"), (_PUBLISHED, "record"), *((_LOADED.format(table=PAGES[one]), one) for one in LOADED)):
        ids = json.dumps([row[key] for row in rows if row[key]])
        origins |= {one["id"]: one for one in await _rows(datasette, sql, {"ids": ids})}
    base = datasette.absolute_url(request, datasette.urls.database(DATABASE))
    return [_told(base, row, origins) for row in rows]


def _address(datasette: Any, request: Any, given: dict[str, str]) -> str:
    return str(datasette.absolute_url(request, datasette.urls.path(f"/answer?{urlencode(given)}")))


def _suggested(datasette: Any, request: Any, given: dict[str, str], one: dict[str, str]) -> dict[str, str]:
    return {**one, "url": _address(datasette, request, {**given, one["parameter"]: one["value"]})}


async def answered(datasette: Any, request: Any, most: int | None = None) -> tuple[dict[str, Any], int]:
    """The answer with its evidence, exactly the eight keys of /answer.json, and how many older pieces `most` left out."""
    given = {name: " ".join((request.args.get(name) or "").split())[:LONGEST] for name in ASKED}
    row = (await _canned(datasette, request, "answer", given))[0]
    unclear = row["answer"] == "did_you_mean"
    rows = [] if unclear else await _evidence(datasette, request, {**given, "as_of": row["as_of"]}, most)
    return {
        "answer": row["answer"], "about": given["about"], "place": given["place"], "as_of": row["as_of"], "sentence": row["sentence"],
        "evidence": await _evidence_told(datasette, request, rows),
        "not_searched": json.loads(row["not_searched"]),
        "suggestions": [_suggested(datasette, request, given, one) for one in json.loads(row["suggestions"])],
    }, rows[0]["pieces"] - len(rows) if rows else 0  # fmt: skip


async def _meant(datasette: Any, found: dict[str, Any]) -> dict[str, Any]:
    """The place and the names that were meant, where they are known without doubt."""
    places = await _rows(datasette, _PLACE, {"place": found["place"]})
    names = await _rows(datasette, _ABOUT, {"about": found["about"], "folded": folded(found["about"])})
    return {"place": places[0] if len(places) == 1 else None, "names": names}


def permanent(found: dict[str, Any], meant: dict[str, Any]) -> str:
    """The address that goes on meaning the same: ids instead of what was typed, and the day written out."""
    about = found["about"].lower() if any(one["about"] == found["about"].lower() for one in meant["names"]) else folded(found["about"])
    place = meant["place"]["id"] if meant["place"] else found["place"]
    return f"/answer?{urlencode({'about': about or found['about'], 'place': place, 'as_of': found['as_of']})}"


def spoken(found: dict[str, Any], told: Any) -> dict[str, Any]:
    """The answer with its sentences in the language of the address; the six answers themselves are the same in every language."""
    evidence = [{**one, "date": told(one["date"]), "said": told(one["said"])} for one in found["evidence"]]
    return {
        **found, "sentence": told(found["sentence"]), "evidence": evidence, "not_searched": [told(one) for one in found["not_searched"]],
    }  # fmt: skip


def called(found: dict[str, Any], names: list[dict[str, Any]]) -> str:
    """Which of the names that were meant the answer speaks of: a product's name is often its maker's too. Empty where none is known."""
    shown = [one["display"] for one in names]
    return next((one for one in shown if one in found["sentence"]), shown[0] if shown else "")


async def answer_data(datasette: Any, request: Any) -> Response:
    """/answer.json, and /es/answer.json with the sentences in Spanish"""
    found, _ = await answered(datasette, request)
    return Response.json(spoken(found, datasette.jinja_env.filters["told"]))


async def answer_page(datasette: Any, request: Any) -> Response:
    """/answer"""
    found, left_out = await answered(datasette, request, SHOWN)
    meant = await _meant(datasette, found)
    context = {"found": found, "left_out": left_out, "meant": meant, "called": called(found, meant["names"]),
               "permanent": datasette.urls.path(permanent(found, meant))}  # fmt: skip
    return Response.html(await datasette.render_template("answer.html", context, request=request, view_name="answer"))


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The two addresses."""
    return [(r"^/answer$", answer_page), (r"^/answer\.json$", answer_data)]
