"""What changed: what publishers changed between our loads, as a page, an Atom feed (RFC 4287) and JSON.

The rows are those of the canned query `what_changed` of metadata.yml. Where there are none, its note says which loads were
compared, or that only one exists: "no change" must not read as "we looked and all stayed the same".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from datasette import Response, hookimpl

DATABASE = "registry"
ASKED = ("place", "technology", "since")
LONGEST = 200  # characters of what is asked; longer ones are no names
SHOWN = 500  # changes on the page and in JSON, the newest
FED = 200  # changes in the feed, the newest
Row = dict[str, Any]
Told = Callable[[str], str]


def say(text: str) -> str:
    """Mark a sentence of ours for translation; pages tell it in their language (see languages.py)."""
    return text


NOT_HERE = say("Public records and laws are kept by hand, so their changes stand in the changelog of the project, not here.")
# Ids of feeds stay the same wherever the site is served from.
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://schema.org/GovernmentService#surveillance-procurement-registry")
# Where the row that a change is about stands.
TABLES = {"contract": "contracts", "payment": "transactions", "matter": "matters", "document": "documents"}
_COMPARED = """
select words from comparisons
where trim(:place) = '' or jurisdiction in (
  select jurisdiction from place_names where name = trim(replace(replace(replace(lower(:place), ',', ' '), '.', ' '), '  ', ' ')))
order by title
"""


async def changed(datasette: Any, request: Any, most: int) -> dict[str, Any]:
    """What was asked for, the newest `most` changes, how many more there are, and what was compared with what."""
    asked = {name: " ".join((request.args.get(name) or "").split())[:LONGEST] for name in ASKED}
    query = await datasette.get_canned_query(DATABASE, "what_changed", request.actor)
    database = datasette.get_database(DATABASE)
    sql = f"select *, count(*) over () as of_all from ({query['sql']}) limit {most}"
    found = [dict(row) for row in await database.execute(sql, asked)]
    note = found[0]["note"] or ""
    compared = [row["words"] for row in await database.execute(_COMPARED, {"place": asked["place"]})]
    loaded = (await database.execute("select max(read_at) from loads")).single_value() or "1970-01-01T00:00:00Z"
    rows = [] if note else [_told(datasette, request, row) for row in found]
    more = 0 if note else found[0]["of_all"] - len(rows)
    return {"asked": asked, "rows": rows, "more": more, "note": note, "compared": compared, "loaded": loaded}


def _told(datasette: Any, request: Any, row: Row) -> Row:
    table, ref = next((table, row[column]) for column, table in TABLES.items() if row[column])
    page = datasette.absolute_url(request, datasette.urls.row(DATABASE, table, ref))
    told = {name: value for name, value in row.items() if name not in ("note", "of_all")}
    return {**told, "table": table, "ref": ref, "page": page}


def title_of(asked: dict[str, str], told: Told = say) -> str:
    """The name of the page and the feed; it does not change with what is in them."""
    narrowed = ", ".join(told(value.replace("_", " ")) for value in (asked["technology"], asked["place"]) if value)
    whole = told(say("What changed in surveillance purchases"))
    return f"{whole}: {narrowed}" if narrowed else whole


def entry(row: Row, told: Told = say) -> str:
    """One change as an entry. Its id is the change's own, the same in every feed and after every rebuild."""
    said, noticed = told(row["said"]), row["noticed_on"]
    title = f"{row['title'] or row['ref']} ({row['place'] or row['jurisdiction']}): {said}"
    words = [said, told(say(f"Noticed on {noticed}; when the publisher changed it is not known."))]
    words += [told(say("A lead: only the supplier's name matches."))] if row["evidence"] == "supplier" else []
    return (
        f"<entry><id>urn:uuid:{uuid.uuid5(SPACE, row['id'])}</id><title>{escape(title)}</title>"
        f"<updated>{noticed}T00:00:00Z</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(row["page"])}/><summary>{escape(" ".join(words))}</summary></entry>\n'
    )


def _xml(text: str) -> str:
    """Text without the control characters that XML forbids even when escaped."""
    return "".join(letter for letter in text if letter in "\t\n\r" or letter >= " ")


def atom(found: dict[str, Any], page: str, itself: str, told: Told = say, language: str = "en") -> str:
    """The feed; what there is to say of an empty one stands in its subtitle."""
    title, site = title_of(found["asked"], told), told(say("Surveillance technology procurement registry"))
    subtitle = " ".join(told(one) for one in (*([found["note"]] if found["note"] else found["compared"]), NOT_HERE))
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="' + language + '">\n'
        f"<id>urn:uuid:{uuid.uuid5(SPACE, title.lower())}</id><title>{escape(title)}</title><subtitle>{escape(subtitle)}</subtitle>"
        f"<updated>{found['loaded']}</updated><author><name>{escape(site)}</name></author>\n"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(itself)}/>'
        f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>\n'
    )
    return _xml(head + "".join(entry(row, told) for row in found["rows"]) + "</feed>\n")


def _address(datasette: Any, request: Any, ending: str, asked: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return str(datasette.absolute_url(request, datasette.urls.path(f"/changed{ending}{'?' + query if query else ''}")))


async def changed_page(datasette: Any, request: Any) -> Response:
    """/changed"""
    found = await changed(datasette, request, SHOWN)
    addresses = {name: _address(datasette, request, f".{name}", found["asked"]) for name in ("atom", "json")}
    title = title_of(found["asked"], datasette.jinja_env.filters["told"])
    context = {**found, **addresses, "title": title, "not_here": NOT_HERE}
    return Response.html(await datasette.render_template("changed.html", context, request=request, view_name="changed"))


def _refused(found: dict[str, Any], told: Told = say) -> Response | None:
    """A feed reader must not keep an empty feed of a place, technology or day that we cannot read."""
    note = found["note"]
    status = 400 if note.startswith("We cannot read") else 404 if note.startswith(("We hold no", "We know no")) else 200
    return Response.text(told(note) + "\n", status=status) if status != 200 else None


async def changed_atom(datasette: Any, request: Any) -> Response:
    """/changed.atom"""
    found = await changed(datasette, request, FED)
    page, itself = (_address(datasette, request, ending, found["asked"]) for ending in ("", ".atom"))
    told, language = datasette.jinja_env.filters["told"], datasette.jinja_env.globals["language"]()
    feed = atom(found, page, itself, told, language)
    return _refused(found, told) or Response(feed, content_type="application/atom+xml; charset=utf-8")


async def changed_json(datasette: Any, request: Any) -> Response:
    """/changed.json"""
    found = await changed(datasette, request, SHOWN)
    return _refused(found) or Response.json({**found, "not_here": NOT_HERE})


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The page, the feed and the data."""
    return [(r"^/changed$", changed_page), (r"^/changed\.atom$", changed_atom), (r"^/changed\.json$", changed_json)]
