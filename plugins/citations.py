"""How to cite a page, and how to report an error in it: the same block on every page that somebody may quote."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from datasette import hookimpl

DATABASE = "registry"
MONTHS = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
BIBTEX = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "$": r"\$", "#": r"\#", "_": r"\_"}
# A query string is cited as it was asked; these letters in it would end or open a field of BibTeX.
ADDRESS = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})
LONGEST_KEY = 60
MARKDOWN = re.compile(r"([\\`*_\[\]<>])")


def say(text: str) -> str:
    """Mark a sentence of ours for translation; pages tell it in their language (see languages.py)."""
    return text


def bluebook_day(day: date) -> str:
    """A day as the Bluebook writes it: Nov. 22, 2026."""
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def bibtex(text: str) -> str:
    """Text in which BibTeX sees letters only."""
    return "".join(BIBTEX.get(letter, letter) for letter in text)


def bibtex_key(address: str) -> str:
    """A key that no other page has: the address as words; a long one is cut, and a hash of the whole tells it from its neighbours."""
    words = re.sub(r"[^a-z0-9]+", "-", address.partition("://")[2].partition("/")[2].lower()).strip("-") or "registry"
    return words if len(words) <= LONGEST_KEY else f"{words[:LONGEST_KEY]}-{sha256(address.encode()).hexdigest()[:8]}"


def forms(title: str, site: str, address: str, state: str, licence: str, today: date, told: Any = say) -> list[dict[str, str]]:
    """The four ways to cite; `state` says how old the facts are ("as of 2020-06-24; data loaded 2026-11-22")."""
    title, address = " ".join(title.split()), address.translate(ADDRESS)
    key = bibtex_key(address)
    state_capital = state[:1].upper() + state[1:]
    link_text, link = MARKDOWN.sub(r"\\\1", title), address.replace("(", "%28").replace(")", "%29")
    entry = (
        f"@misc{{{key},\n  title = {{{bibtex(title)}}},\n  author = {{{{{bibtex(site)}}}}},\n  year = {{{today.year}}},\n"
        f"  url = {{{address}}},\n  urldate = {{{today}}},\n  note = {{{bibtex(state_capital)}. {bibtex(licence)}}}\n}}"
    )
    aged, licensed = f"{state_capital}; {told(say(f'read {today}'))}", told(say(f"Licence: {licence}"))
    return [
        {"name": say("Plain"), "text": f"“{title}”. {site}. {aged}. {address}. {licensed}."},
        {"name": "Markdown", "text": f"[{link_text}]({link}). *{site}*. {aged}. {licence}."},
        {"name": "BibTeX", "text": entry},
        {"name": "Bluebook", "text": f"{title}, {site}, {address} [{state}] (last visited {bluebook_day(today)})."},
    ]


def report_address(given: str, address: str) -> str:
    """The configured address with the page's own address in it; empty where none, or no safe one, was configured."""
    return given.replace("{page}", quote(address, safe="")) if given.startswith(("https://", "mailto:")) else ""


def stated(as_of: str, loaded: str, told: Any) -> str:
    """How old the facts are: "as of 2020-06-24; data loaded 2026-11-22"."""
    day = loaded[:10]
    given = say(f"data loaded {day}") if loaded else say("no source loaded yet")
    return "; ".join(told(one) for one in (say(f"as of {as_of}") if as_of else "", given) if one)


async def _last_load(datasette: Any) -> str:
    rows = await datasette.get_database(DATABASE).execute("select max(read_at) from loads")
    return rows.single_value() or ""


@hookimpl
def extra_template_vars(datasette: Any, request: Any) -> Any:
    """`cite(title, path, as_of)` for templates: address, forms, load and report link of one page."""

    async def cite(title: str, path: str, as_of: str = "", read_at: str = "") -> dict[str, Any]:
        today, address = datetime.now(UTC).date(), datasette.absolute_url(request, path)
        loaded = read_at or await _last_load(datasette)
        told, site = datasette.jinja_env.filters["told"], datasette.metadata("title") or say("Registry")
        state, licence = stated(as_of, loaded, told), told(datasette.metadata("license") or "")
        given = (datasette.plugin_config("citations") or {}).get("report_an_error") or ""
        return {
            "address": address, "as_of": as_of, "loaded": loaded, "licence": licence, "report": report_address(given, address),
            "forms": forms(title, told(site), address, state, licence, today, told),
        }  # fmt: skip

    return {"cite": cite} if request is not None else {}
