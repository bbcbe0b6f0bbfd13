"""/testimony and /testimony.md: at most 300 or 450 words to read out, every sentence of them bound to one row of the registry.

The sentences are those of the view `testimony_sentences`, and the answer's own. What a reader types is never printed as
part of a testimony: it only chooses rows. `Sentence` cannot be made without a `Ref`, and the page writes nothing but sentences.
In each language the view's form is filled with the same values of the row; what others published stays as it is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from datasette import Response, hookimpl

DATABASE = "registry"
LENGTHS = (300, 450)  # words; about two and three minutes
MOST_CHOSEN, MOST_LISTED, LONGEST = 60, 200, 200
# The order in which they are read out.
SECTIONS = (("answer",), ("contract", "record"), ("law",), ("vote",), ("coverage",))

_PLACE = """
select jurisdictions.id, jurisdictions.name from jurisdictions where jurisdictions.id in (
  select jurisdiction from place_names
  where name = trim(replace(replace(replace(lower(:place), ',', ' '), '.', ' '), '  ', ' ')))
"""
# Ids are bound one by one: SQLite then makes the sentences of these rows alone, where a list as JSON has it make them all.
_CHOSEN = "select * from testimony_sentences where {column} in ({ids})"
_COVERAGE = """
select * from testimony_sentences where kind = 'coverage' and jurisdiction in (select value from json_each(:places))
order by sentence like 'Searched%', ref
"""
_LAST_LOAD = "select coalesce(max(read_at), '') as read_at from loads"
_CONTRACTS = """
select id, title, supplier_name, date_signed as happened, evidence from contracts where jurisdiction = :place
order by evidence = 'supplier', date_signed desc limit :most
"""
_RECORDS = """
select id, title, event_date as happened, stage from records where jurisdiction = :place and coalesce(same_as, '') = ''
order by event_from desc limit :most
"""
Row = dict[str, Any]


class Ref(NamedTuple):
    """The one row a sentence is made of: where it stands here, where it comes from, and how good it is."""

    id: str
    page: str
    source: str
    source_url: str
    grade: str
    source_date: str
    loaded: str
    sha256: str
    ours: bool = False  # the source is this registry itself, named in our own words


class Sentence(NamedTuple):
    """Words (parts with `text` and `shown`, see filled_forms.py) and the row they are made of; nothing else gets into a testimony."""

    kind: str
    parts: tuple[Any, ...]
    ref: Ref

    @property
    def text(self) -> str:
        """The whole sentence on one line."""
        return " ".join("".join(part.text for part in self.parts).split())


def say(sentence: str) -> str:
    """Mark a sentence of ours for translation; pages tell it in their language (see languages.py)."""
    return sentence


class Choice(NamedTuple):
    """What was chosen, and why nothing can be said where that is so."""

    contracts: list[str]
    records: list[str]
    leads: bool
    answer: list[Sentence]
    places: list[str]
    notice: str


def bound(row: Row, base: str, last_load: str, filled: Any) -> Sentence:
    """The sentence of one row of `testimony_sentences` in the language of the page; ValueError for a row that has no id or no words."""
    if not row["ref"] or not row["sentence"]:
        raise ValueError(f"a sentence needs a row: {row}")
    form = json.loads(row["form"])
    named = {name: row[name] or "" for name in ("source_url", "grade", "source_date", "sha256")}
    source = "".join(part.text for part in filled("{source_title}", form))
    ref = Ref(id=row["ref"], page=f"{base}/{row['page']}/{quote(row['ref'], safe='-_')}", loaded=row["loaded"] or last_load,
              source=source, ours=not form["quoted"].get("source_title"), **named)  # fmt: skip
    return Sentence(row["kind"], filled(form["message"], form), ref)


def words(text: str) -> int:
    """How many words are read out: what stands between spaces and holds a letter or a digit."""
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def by_section(sentences: Iterable[Sentence]) -> list[list[Sentence]]:
    """The sentences of each section; the same words are said once."""
    different = {one.text: one for one in reversed(list(sentences))}
    ordered = list(reversed(different.values()))
    return [[one for one in ordered if one.kind in kinds] for kinds in SECTIONS]


def chosen(sentences: Iterable[Sentence], most: int) -> tuple[list[Sentence], int]:
    """The sentences that fit into so many words, in the order of the sections, and how many were left out.

    They are taken in rounds, one of each section at a time: many purchases never push out the law or what was not searched.
    """
    sections, left = by_section(sentences), most
    kept: set[str] = set()
    for one in (one for rank in zip_longest(*sections) for one in rank if one):
        if words(one.text) <= left:
            left -= words(one.text)
            kept.add(one.text)
    told = [one for section in sections for one in section if one.text in kept]
    return told, sum(map(len, sections)) - len(told)


MARKS = re.compile(r"([\\`*_\[\]<>#|~&!^{}$])")
LINKS = re.compile(r"(?i)\b(https?|ftp|mailto|www)([.:])|@")
START = re.compile(r"^([-+=]|\d+(?=[.)]))")


def markdown(text: str) -> str:
    """Text in which Markdown sees letters only: no link, code, heading, list, quotation, mark-up or line break."""
    plain = MARKS.sub(r"\\\1", " ".join(text.split()))
    plain = LINKS.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else "\\@", plain)
    return START.sub(lambda found: f"\\{found[0]}" if not found[0].isdigit() else f"{found[0]}\\", plain)


def address(url: str) -> str:
    """A web address as Markdown writes one; empty for anything else."""
    safe = url if url.startswith(("http://", "https://")) else ""
    return f"<{quote(safe, safe=':/?#@!$&()*+,;=%~-._')}>" if safe else ""


def _note(number: int, ref: Ref, tongue: Any) -> str:
    given = (
        (say("Registry page {words}"), address(ref.page)),
        (say("source: {words}"), f"{markdown(ref.source)} {address(ref.source_url)}".strip()),
        (say("grade: {words}"), markdown(tongue.told(ref.grade))), (say("source dated: {words}"), markdown(ref.source_date)),
        (say("loaded: {words}"), markdown(ref.loaded)), (say("SHA-256 of the archived file: {words}"), markdown(ref.sha256)),
    )  # fmt: skip
    return f"[^{number}]: {'; '.join(tongue.words(message, words=words) for message, words in given if words)}."


def as_markdown(sentences: list[Sentence], tongue: Any) -> str:
    """The testimony and its footnotes, nothing else."""
    numbered = list(enumerate(sentences, 1))
    parts = [" ".join(f"{markdown(one.text)}[^{number}]" for number, one in numbered if one.kind in kinds) for kinds in SECTIONS]
    return "\n\n".join([*filter(None, parts), *(_note(number, one.ref, tongue) for number, one in numbered)]) + "\n"


def folded(text: str) -> str:
    """A name as the registry folds names: plain lower-case letters and digits with single spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


async def _rows(datasette: Any, sql: str, **given: Any) -> list[Row]:
    return [dict(row) for row in await datasette.get_database(DATABASE).execute(sql, given)]


async def _canned(datasette: Any, request: Any, name: str, given: dict[str, str]) -> list[Row]:
    query = await datasette.get_canned_query(DATABASE, name, request.actor)
    return await _rows(datasette, query["sql"], **given)


def _base(datasette: Any, request: Any) -> str:
    return str(datasette.absolute_url(request, datasette.urls.database(DATABASE)))


async def _evidence(datasette: Any, request: Any, given: dict[str, str]) -> list[Row]:
    for about in dict.fromkeys((given["about"], folded(given["about"]))):
        rows = await _canned(datasette, request, "answer_evidence", {**given, "about": about})
        if rows[0]["note"] is None:
            return rows
    return []


async def _of_answer(datasette: Any, request: Any, given: dict[str, str], places: list[Row]) -> Choice:
    """The answer's own sentence and the firm evidence under it; an answer that only asks back says nothing."""
    row = (await _canned(datasette, request, "answer", given))[0]
    if row["answer"] == "did_you_mean":
        return Choice([], [], False, [], [], row["sentence"])
    asked = {**given, "as_of": row["as_of"], "place": places[0]["id"] if places else given["place"]}
    evidence = [one for one in await _evidence(datasette, request, asked) if one["ground"] == "firm"]
    page = datasette.absolute_url(request, datasette.urls.path(f"/answer?{urlencode(asked)}"))
    load = (await _rows(datasette, _LAST_LOAD))[0]["read_at"]
    tongue, say_of = datasette.jinja_env.globals["tongue"], say("This registry's answer, resting on {count} pieces of evidence")
    source = tongue.words(say_of, count=row["evidence_count"])
    ref = Ref(row["answer"], page, source, "", "", "", load, "", ours=True)
    ids = {kind: [one[kind] for one in reversed(evidence) if one[kind]][:MOST_CHOSEN] for kind in ("contract", "record")}
    said = Sentence("answer", datasette.jinja_env.globals["filled"]("{sentence}", {"told": {"sentence": row["sentence"]}}), ref)
    return Choice(ids["contract"], ids["record"], False, [said], [one["id"] for one in places], "")


async def _choice(datasette: Any, request: Any, asked: dict[str, str]) -> Choice:
    """By ids, by an answer, or nothing yet. Leads are told only when they were chosen by hand."""
    ids = {name: request.args.getlist(name)[:MOST_CHOSEN] for name in ("contract", "record")}
    places = await _rows(datasette, _PLACE, place=asked["place"])
    if ids["contract"] or ids["record"]:
        return Choice(ids["contract"], ids["record"], True, [], [one["id"] for one in places] if len(places) == 1 else [], "")
    if asked["about"]:
        return await _of_answer(datasette, request, asked, places if len(places) == 1 else [])
    if asked["place"] and len(places) != 1:
        return Choice([], [], False, [], [], say("We know no such place, or more than one of that name. Add the state. This is not a no."))
    return Choice([], [], False, [], [], "")


async def _about(datasette: Any, column: str, ids: list[str]) -> list[Row]:
    """What the registry says of these contracts, or of these records."""
    given = {f"id{number}": one for number, one in enumerate(ids)}
    return await _rows(datasette, _CHOSEN.format(column=column, ids=", ".join(f":{name}" for name in given)), **given)


async def _sentences(datasette: Any, request: Any, choice: Choice) -> list[Sentence]:
    found = [*await _about(datasette, "contract", choice.contracts), *await _about(datasette, "record", choice.records)]
    found.sort(key=lambda row: row["ref"])
    found.sort(key=lambda row: (row["firm"], row["happened"]), reverse=True)
    rows = [row for row in found if row["firm"] or choice.leads]
    places = sorted({row["jurisdiction"] for row in rows} | set(choice.places))
    rows += await _rows(datasette, _COVERAGE, places=json.dumps(places)) if rows or choice.answer else []
    base, load = _base(datasette, request), (await _rows(datasette, _LAST_LOAD))[0]["read_at"]
    filled = datasette.jinja_env.globals["filled"]
    return [*choice.answer, *(bound(row, base, load, filled) for row in rows)]


def _length(text: str) -> int:
    return int(text) if text in map(str, LENGTHS) else LENGTHS[0]


async def testimony(datasette: Any, request: Any) -> dict[str, Any]:
    """What was asked, the sentences that fit, how many words they have, and how many sentences were left out."""
    asked = {name: " ".join((request.args.get(name) or "").split())[:LONGEST] for name in ("about", "place", "as_of")}
    choice, most = await _choice(datasette, request, asked), _length(request.args.get("words") or "")
    sentences, left_out = chosen(await _sentences(datasette, request, choice), most)
    missing = set(choice.contracts + choice.records) - {one.ref.id for one in sentences}
    notice = choice.notice or (say("Nothing that was chosen is in this registry.") if missing and not sentences else "")
    return {"asked": asked, "most": most, "sentences": sentences, "words_said": sum(words(one.text) for one in sentences),
            "left_out": left_out, "notice": notice}  # fmt: skip


async def _listed(datasette: Any, place: str) -> dict[str, Any]:
    """What can be chosen in a place."""
    places = await _rows(datasette, _PLACE, place=place)
    if len(places) != 1:
        return {"place": None, "contracts": [], "records": []}
    given = {"place": places[0]["id"], "most": MOST_LISTED}
    contracts, records = [await _rows(datasette, sql, **given) for sql in (_CONTRACTS, _RECORDS)]
    return {"place": places[0], "contracts": contracts, "records": records}


def _sections(sentences: list[Sentence]) -> Iterator[list[tuple[int, Sentence]]]:
    numbered = list(enumerate(sentences, 1))
    return filter(None, ([pair for pair in numbered if pair[1].kind in kinds] for kinds in SECTIONS))


async def testimony_page(datasette: Any, request: Any) -> Response:
    """/testimony"""
    told = await testimony(datasette, request)
    listed = await _listed(datasette, told["asked"]["place"]) if not told["sentences"] else {"place": None}
    query = [(name, one) for name in ("contract", "record", "about", "place", "as_of") for one in request.args.getlist(name)]
    context = {**told, **listed, "lengths": LENGTHS, "sections": list(_sections(told["sentences"])),
               "query": urlencode(query), "most_listed": MOST_LISTED}  # fmt: skip
    return Response.html(await datasette.render_template("testimony.html", context, request=request, view_name="testimony"))


async def testimony_markdown(datasette: Any, request: Any) -> Response:
    """/testimony.md"""
    told, tongue = await testimony(datasette, request), datasette.jinja_env.globals["tongue"]
    if not told["sentences"]:
        notice = tongue.told(told["notice"] or say("Choose contracts, records or an answer at /testimony."))
        return Response.text(notice + "\n", status=404)
    return Response(as_markdown(told["sentences"], tongue), content_type="text/markdown; charset=utf-8")


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The page and the Markdown."""
    return [(r"^/testimony$", testimony_page), (r"^/testimony\.md$", testimony_markdown)]
