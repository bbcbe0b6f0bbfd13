"""/corrections and /corrections.atom: how to report an error, and what this registry said and no longer says.

The log is the table `corrections`. `corrected(table, id)` gives a row's own page its lines of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from datasette import Response, hookimpl

DATABASE = "registry"
SHOWN = 200  # the newest; the table has them all
_NEWEST = "select * from corrections order by corrected_on desc, id limit :most"
_OF_ROW = "select * from corrections where of_table = :table and ref = :ref order by corrected_on desc, field"
# Ids of feed entries stay the same wherever the site is served from.
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://schema.org/CorrectionComment#surveillance-procurement-registry")
# Tables whose rows can be corrected, as registry/corrections.py lists them.
CORRECTED = ("records", "laws", "jurisdictions", "technologies", "suppliers", "sources", "products")
Row = dict[str, Any]
Told = Callable[[str], str]


def say(text: str) -> str:
    """Mark a sentence of ours for translation; pages tell it in their language (see languages.py)."""
    return text


async def _rows(datasette: Any, sql: str, **given: Any) -> list[Row]:
    return [dict(row) for row in await datasette.get_database(DATABASE).execute(sql, given)]


def _absolute(datasette: Any, request: Any, path: str) -> str:
    return str(datasette.absolute_url(request, datasette.urls.path(path)))


def title(row: Row, words: Callable[..., str]) -> str:
    """One correction in a line: which row, which field, what it said and says."""
    before, after = (row[name] or words(say("nothing")) for name in ("said", "says"))
    line = say("{row}: {field} said “{before}”, says “{after}”")
    return words(line, row=f"{row['of_table']}/{row['ref']}", field=row["field"], before=before, after=after)


def _entry(row: Row, page: str, words: Callable[..., str]) -> str:
    return (
        f"<entry><id>urn:uuid:{uuid.uuid5(SPACE, row['id'])}</id><title>{escape(title(row, words))}</title>"
        f"<updated>{row['corrected_on']}T00:00:00Z</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(page)}/><summary>{escape(row["why"])}</summary></entry>\n'
    )


def _feed(rows: list[Row], site: str, page: str, pages: list[str], tongue: Any, language: str) -> str:
    """The log as Atom; the log of each language is a feed of its own."""
    newest, log = rows[0]["corrected_on"] if rows else "1970-01-01", "log" if language == "en" else f"log {language}"
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="' + language + '">\n'
        f"<id>urn:uuid:{uuid.uuid5(SPACE, log)}</id><title>{escape(tongue.words('Corrections'))}</title>"
        f"<updated>{newest}T00:00:00Z</updated><author><name>{escape(tongue.told(site))}</name></author>\n"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(page + ".atom")}/>'
        f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>\n'
    )
    return head + "".join(_entry(row, where, tongue.words) for row, where in zip(rows, pages, strict=True)) + "</feed>\n"


async def corrections_page(datasette: Any, request: Any) -> Response:
    """/corrections"""
    rows = await _rows(datasette, _NEWEST, most=SHOWN)
    report = ((datasette.plugin_config("citations") or {}).get("report_an_error") or "").partition("{page}")[0]
    context = {"rows": rows, "shown": SHOWN, "report": report if report.startswith(("https://", "mailto:")) else ""}
    return Response.html(await datasette.render_template("corrections.html", context, request=request, view_name="corrections"))


async def corrections_atom(datasette: Any, request: Any) -> Response:
    """/corrections.atom"""
    rows = await _rows(datasette, _NEWEST, most=SHOWN)
    pages = [_absolute(datasette, request, f"/{DATABASE}/{row['of_table']}/{row['ref']}") for row in rows]
    page, spoken = _absolute(datasette, request, "/corrections"), datasette.jinja_env.globals
    feed = _feed(rows, datasette.metadata("title") or say("Registry"), page, pages, spoken["tongue"], spoken["language"]())
    return Response(feed, content_type="application/atom+xml; charset=utf-8")


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The page and the feed."""
    return [(r"^/corrections$", corrections_page), (r"^/corrections\.atom$", corrections_atom)]


@hookimpl
def extra_template_vars(datasette: Any, table: str | None, view_name: str) -> dict[str, Any]:
    """`corrected(table, id)`: the corrections of one row, newest first."""

    async def corrected(table: str, ref: str) -> list[Row]:
        return await _rows(datasette, _OF_ROW, table=table, ref=ref)

    return {"corrected": corrected} if view_name == "row" and table in CORRECTED else {}
