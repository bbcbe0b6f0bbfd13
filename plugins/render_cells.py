"""Cells a person can read: money, links, outcomes in words, lists and traces. Portal text is hostile: all is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache, partial
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from datasette import hookimpl
from markupsafe import Markup, escape

Told = Callable[[Any], Any]


def say(text: str) -> str:
    """Mark words of ours for translation; `told` (see languages.py) puts them into the language of the page."""
    return text


# What each word of a closed list means to a reader: tone (for colour), label, and meaning (for the title).
# Green is for what is settled: that nothing was found is no more than a note.
OUTCOMES: dict[str, tuple[str, str, str]] = {
    "banned": ("stop", say("Banned"), say("The local law prohibits this technology for this department.")),
    "approval_required": ("warn", say("Approval required"), say("The local law asks for a vote of the deciding body.")),
    "existing_technology_report": ("note", say("Report, no new vote"), say("Covered by the law; no new vote appears to be needed.")),
    "disclosure_only": ("note", say("Disclosure only"), say("A policy or notice must be published; no vote is needed.")),
    "exempt": ("calm", say("Exempt"), say("The law names this kind of item as exempt.")),
    "not_covered": ("calm", say("Not covered"), say("A law exists but does not cover this.")),
    "no_local_law": ("note", say("No law known for that day"), say("We know of no local approval law in force there on that day.")),
    "needs_review": ("warn", say("Needs review"), say("Facts or law are unclear; a person has to check.")),
    "in_force": ("stop", say("In force"), say("A dated contract covers the day.")),
    "ended": ("calm", say("Ended"), say("The dated contracts we hold all ended before the day.")),
    "review": ("warn", say("Review"), say("There is evidence, but no dated contract settles it: neither yes nor no.")),
    "no_record": ("note", say("No record"), say("Nothing in what we searched through the day. Not proof that there is none.")),
    "not_searched": ("unknown", say("Not searched"), say("Nobody has searched. This is not a no.")),
    "did_you_mean": ("unknown", say("Did you mean?"), say("The name, place or date is not one we know. This is not a no.")),
    "approved": ("calm", say("Approved"), say("A government record shows approval.")),
    "refused": ("stop", say("Refused"), say("A government record shows a refusal.")),
    "pending": ("note", say("Pending"), say("A vote is on an agenda.")),
    "suspended": ("warn", say("Suspended"), say("A government record shows a suspension.")),
    "withdrawn": ("note", say("Withdrawn"), say("The request was withdrawn.")),
    "terminated": ("note", say("Terminated"), say("A government record shows that it was ended.")),
    "not_found": ("warn", say("No vote found"), say("The records we searched show no vote.")),
    "term": ("calm", say("Words match"), say("Words of the title or description match.")),
    "product": ("calm", say("Product named"), say("A known product is named.")),
    "supplier": ("unknown", say("Lead only"), say("Only the supplier's name matches; this proves nothing by itself.")),
    "searched": ("calm", say("Searched"), say("The source was read through the day shown.")),
    "failed": ("warn", say("Failed"), say("The source could not be read. This is not a no.")),
    "blocked": ("warn", say("Blocked"), say("The portal does not let us in. This is not a no.")),
    "never": ("unknown", say("Never searched"), say("Nobody has read this source. This is not a no.")),
}
# The same words mean other things elsewhere (evidence of a law is a letter, `product` is also a column of names).
OUTCOME_COLUMNS = {"determination", "outcome", "floor", "likely", "answer", "approval_status", "state", "evidence"}
EVIDENCE = {
    "P": say("P: the legal text was read"),
    "O": say("O: an official page says so"),
    "S": say("S: a secondary source says so"),
    "M": say("M: from memory, not verified"),
}
# How the laws table names kinds of laws and the reach of a law over departments.
LAW_WORDS = {
    "ccops": say("oversight law: a vote comes first"),
    "ccops_partial": say("oversight law of limited reach"),
    "ban": say("ban"),
    "conditional_ban": say("ban unless the council votes"),
    "disclosure": say("disclosure law: publish, no vote"),
    "advisory": say("advisory body: decides nothing"),
    "all": say("all departments"),
    "list": say("only the departments it names, shown below"),
    "police_only": say("police only"),
}
PAGES = {
    "contract": "contracts", "record": "records", "law": "laws", "rule": "rules", "technology": "technologies",
    "product": "products", "supplier": "suppliers", "jurisdiction": "jurisdictions", "source": "sources",
    "payment": "transactions", "matter": "matters", "document": "documents",
}  # fmt: skip
LISTS = {"technologies": "technologies", "products": "products"}
PLAIN_LISTS = {
    "not_searched", "not_searched_for", "unknowns", "sources", "aliases", "former_names", "parents", "overlays", "terms",
    "weak_terms", "negative_terms", "also", "columns_never_fetched",
}  # fmt: skip
# Columns whose words are sentences of ours.
SENTENCES = {
    "sentence", "reason", "meaning", "why", "words", "searched", "note", "evidence_when", "what_was_searched", "module_in_record",
    "beside_the_law", "said", "name", "definition", "happened", "event_date", "deciding_body",
}  # fmt: skip
TREES = {"trace", "facts", "agencies"}
# Questions (no table) and views hold bare ids; a table's own foreign keys are links already.
TOLD = (None, "acquisitions", "places", "searched_places")
POINTED = re.compile(r'(<a href="[^"]*">)(.*)(</a>&nbsp;<em>.*</em>)')  # Datasette's link to the row that a key points to
SLUG = re.compile(r"[A-Za-z0-9_-]+")
SYMBOLS = {"USD": "$"}
# A table has many columns and all others are left to Datasette; this is asked for each of some thousand cells of a page.
OURS = frozenset({"value_amount", "evidence", "place", "title", "said"}.union(OUTCOME_COLUMNS, PAGES, LISTS, PLAIN_LISTS, SENTENCES, TREES))
# The same few words, ids and addresses come again on every page, so what was made of them is kept; in whichever language they are.
_kept = lru_cache(maxsize=4096, typed=True)


def parsed(value: Any) -> Any:
    """JSON text as its value; None for anything that is not JSON."""
    if not isinstance(value, str):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def money(value: Any, currency: str | None = "USD", told: Told = say) -> str:
    """An amount with its currency: $53,117,770.30, or 12.00 CAD; text that is no number is returned as it is."""
    if not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    sign, digits = ("-" if value < 0 else ""), f"{abs(value):,.2f}"
    if currency in SYMBOLS:
        return f"{sign}{SYMBOLS[currency]}{digits}"
    return f"{sign}{digits} {currency or told(say('(currency not stated)'))}"


def web_host(value: Any) -> str:
    """The host of an http or https address, or an empty string for anything else (javascript:, data:, text)."""
    if not isinstance(value, str) or re.search(r"\s", value.strip()):
        return ""
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return ""
    return parts.netloc.rpartition("@")[2] if parts.scheme in ("http", "https") else ""


def verified(value: Any, told: Told = say) -> str:
    """Evidence codes in words; "O/M" means that parts of it rest on different grounds."""
    codes = str(value or say("not stated")).split("/")
    return "; ".join(told(EVIDENCE.get(code.strip(), code.strip())) for code in codes)


@_kept
def link(value: Any, label: str = "") -> Any:
    """A web address as a link that shows its host; anything else as plain escaped text."""
    host = web_host(value)
    if not host:
        return "" if value is None else str(value)
    return Markup('<a href="{}" rel="nofollow noopener">{}</a>').format(value.strip(), label or host)


def outcome(value: Any, told: Told = say) -> Any:
    """A word of a closed list as a label with its meaning; the colour only repeats what the label says."""
    if value not in OUTCOMES:
        return told(EVIDENCE.get(value, "" if value is None else str(value)))
    tone, label, meaning = OUTCOMES[value]
    return _labelled(tone, told(label), told(meaning))


@_kept
def _labelled(tone: str, label: str, meaning: str) -> Markup:
    return Markup('<span class="outcome tone-{}" title="{}">{}</span>').format(tone, meaning, label)


def label(value: Any, told: Told = say) -> str:
    """A word of a closed list as its label; any other text as it is."""
    return str(told(OUTCOMES[value][1])) if value in OUTCOMES else str(value)


def first_link(cell: Any) -> Any:
    """A foreign key's link without the bare id that Datasette writes behind it; markup of ours only, never of a portal."""
    return Markup(str(cell).split("&nbsp;<em>")[0]) if isinstance(cell, Markup) else cell


def page_link(value: Any, page: str, base: str = "/", label: Any = None) -> Any:
    """A link to a row's own page, for ids that are made of letters, digits, _ and - alone."""
    if not isinstance(value, str) or not SLUG.fullmatch(value):
        return "" if value is None else str(value)
    return Markup(f'<a href="{escape(base)}registry/{escape(page)}/{value}">{escape(label or value)}</a>')


def spaced(value: Any, told: Told = say) -> str:
    """A slug as words."""
    return str(told(str(value).replace("_", " ")))


def chips(value: Any, page: str, base: str = "/", told: Told = say) -> Any:
    """A JSON array of ids as links to their pages."""
    items = parsed(value)
    if not isinstance(items, list):
        return "" if value is None else str(value)
    return Markup(" ").join(_chip(str(item), page, base, spaced(item, told)) for item in items)


@_kept
def _chip(item: str, page: str, base: str, words: str) -> Markup:
    return Markup('<span class="chip">{}</span>').format(page_link(item, page, base, words))


def lines(value: Any, told: Told = say, said: Told = say) -> Any:
    """A JSON array of texts as a list, one item a line."""
    items = parsed(value)
    if not isinstance(items, list):
        return "" if value is None else str(value)
    inside = Markup("").join(Markup("<li>{}</li>").format(tree(item, told, said)) for item in items)
    return Markup('<ul class="plain">{}</ul>').format(inside) if items else ""


def tree(value: Any, told: Told = say, said: Told = say, depth: int = 0) -> Any:
    """Any JSON value as nested ordered lists and labelled parts; six levels are more than a trace has."""
    if depth > 6:
        return escape(json.dumps(value, ensure_ascii=False))
    if isinstance(value, list):
        inside = Markup("").join(Markup("<li>{}</li>").format(tree(item, told, said, depth + 1)) for item in value)
        return Markup("<ol>{}</ol>").format(inside) if value else escape(told(say("none")))
    if isinstance(value, dict):
        return Markup("").join(_part(key, item, told, said, depth) for key, item in value.items())
    return outcome(value, told) if value in OUTCOMES else escape(said(say("not known") if value is None else value))


def _part(key: str, item: Any, told: Told, said: Told, depth: int) -> Markup:
    """One named part of a trace."""
    item = escape(verified(item, told)) if key == "evidence" and isinstance(item, str) else item
    return Markup('<div class="part"><span class="key">{}</span> {}</div>').format(spaced(key, told), tree(item, told, said, depth + 1))


def folded_tree(value: Any, summary: str = say("Show the steps"), told: Told = say, said: Told = say) -> Any:
    """A trace that opens when asked for, so that a table of them stays readable."""
    found = parsed(value)
    if found is None or found in ([], {}):
        return "" if found in ([], {}) or value is None else str(value)
    return Markup('<details class="trace"><summary>{}</summary>{}</details>').format(told(summary), tree(found, told, said))


def _readable(row: Any, value: Any, column: str, table: str | None, base: str, filters: Any) -> Any:
    """The cell as markup or text, or None to leave it to Datasette. A column's name decides, never the text in it."""
    told = filters["told"]
    if column == "value_amount":
        return money(value, dict(row).get("value_currency"), told)
    if column in TREES or (column == "evidence" and str(value).startswith("{")):
        return folded_tree(value, told=told, said=filters["said"])
    if column in OUTCOME_COLUMNS:
        return outcome(value, told)
    if column in LISTS and table != "laws":
        return chips(value, LISTS[column], base, told)
    if column in PLAIN_LISTS or column in LISTS:  # a law's terms are its own, not our technologies
        return lines(value, told, filters["said"])
    if column in SENTENCES and told(value) != value:
        return filters["said"](value)
    return link(value) if column.endswith("url") and web_host(value) else None


def _told_row(row: Any, value: Any, column: str, base: str, filters: Any) -> Any:
    """In a question's rows the title leads to the contract or record, and the place's name to the place."""
    if column not in ("place", "title", "said"):
        return None
    given = dict(row)
    if column == "place" and given.get("jurisdiction"):
        return page_link(given["jurisdiction"], "jurisdictions", base, value)
    words = filters["said" if column == "said" else "quoted"](value)
    kind = next((one for one in ("contract", "record") if given.get(one)), None)
    return page_link(given[kind], PAGES[kind], base, words) if kind and column != "place" else None


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, datasette: Any) -> Any:
    """Render what we know the meaning of; a foreign key of a table is already a link with a label."""
    if (column not in OURS and not column.endswith("url")) or value is None or value == "" or isinstance(value, dict):
        return None
    base, filters = datasette.setting("base_url"), datasette.jinja_env.filters
    told = _told_row(row, value, column, base, filters) if table in TOLD else None
    if told is None and column in PAGES and table in TOLD:
        return page_link(value, PAGES[column], base, spaced(value, filters["told"]) if column == "technology" else None)
    cell = _readable(row, value, column, table, base, filters) if told is None else told
    return escape(cell) if isinstance(cell, str) and cell != value else cell


def published(filters: Any, cell: Any) -> Any:
    """A cell as Datasette shows it: the label of a row it points to is told, and words that nobody has told are others'."""
    pointed = POINTED.fullmatch(cell) if isinstance(cell, Markup) else None
    if pointed:
        return Markup(pointed[1]) + filters["said"](unescape(pointed[2])) + Markup(pointed[3])
    return filters["quoted"](cell) if isinstance(cell, str) and " " in cell else cell


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """The same words for templates, in the language of the page."""
    told, said, quoted = (env.filters[name] for name in ("told", "said", "quoted"))
    env.filters |= {
        "money": partial(money, told=told), "web_link": link, "outcome": partial(outcome, told=told), "label": partial(label, told=told),
        "bullets": partial(lines, told=told, said=said), "steps": partial(folded_tree, told=told, said=said), "from_json": parsed,
        "cell": partial(published, env.filters), "stored": lambda value, column: said(value) if column in SENTENCES else quoted(value),
        "tree": partial(tree, told=told, said=said), "code": partial(verified, told=told), "spaced": partial(spaced, told=told),
        "law_words": lambda value: told(LAW_WORDS.get(value) or str(value or say("not stated")).replace("_", " ")),
        "first_link": first_link, "page": lambda value, page, label=None: page_link(value, page, datasette.urls.instance(), label),
        "chips": lambda value, page: chips(value, page, datasette.urls.instance(), told),
    }  # fmt: skip
