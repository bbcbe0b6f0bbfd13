"""What machines read first: robots.txt, sitemap.xml, llms.txt, and the description of the data set for search engines."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from datasette import Response, hookimpl

DATABASE = "registry"
# Tables whose rows have pages worth finding; the order is that of the sitemap's index.
FOUND = ("laws", "jurisdictions", "technologies", "products", "suppliers", "records", "matters", "contracts")
PER_FILE = 10_000  # addresses; the protocol allows 50,000 and 50 MB: https://www.sitemaps.org/protocol.html
PLAIN = (
    "/", "/testify", "/changed", "/testimony", "/map", "/sharing", "/corrections", "/registry/places",
    "/registry/what_we_have_not_searched", "/registry/sources",
)  # fmt: skip
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# Pages that cost much and say nothing that the pages of the rows do not say.
NOT_CRAWLED = ("/*?*sql=", "/*?*_facet", "/*?*_sort", "/*?*_where", "/*?*_next", "/*?*_search", "/*?*_stream", "/*.db$")


async def _value(datasette: Any, sql: str) -> Any:
    return (await datasette.get_database(DATABASE).execute(sql)).single_value()


def _absolute(datasette: Any, request: Any, path: str) -> str:
    return str(datasette.absolute_url(request, datasette.urls.path(path)))


async def robots(datasette: Any, request: Any) -> Response:
    """/robots.txt: everything may be read but the costly ways to read the same."""
    rules = "".join(f"Disallow: {path}\n" for path in NOT_CRAWLED)
    return Response.text(f"User-agent: *\n{rules}\nSitemap: {_absolute(datasette, request, '/sitemap.xml')}\n")


def _xml(kind: str, entries: list[str]) -> Response:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{SITEMAP}" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
    body = head + "\n".join(entries) + f"\n</{kind}>\n"
    return Response(body, content_type="application/xml; charset=utf-8")


async def sitemap_index(datasette: Any, request: Any) -> Response:
    """/sitemap.xml: one file for the plain pages, then files of 10,000 rows of each table."""
    names = ["pages-1"]
    for table in FOUND:
        rows = await _value(datasette, f"select count(*) from {table}")
        names += [f"{table}-{number}" for number in range(1, -(-rows // PER_FILE) + 1)]
    addresses = [_absolute(datasette, request, f"/sitemap-{name}.xml") for name in names]
    return _xml("sitemapindex", [f"<sitemap><loc>{escape(address)}</loc></sitemap>" for address in addresses])


async def _paths(datasette: Any, table: str, number: int) -> list[str]:
    if table == "pages":
        return list(PLAIN) if number == 1 else []
    sql = f"select id from {table} order by id limit :most offset :first"
    rows = await datasette.get_database(DATABASE).execute(sql, {"most": PER_FILE, "first": (number - 1) * PER_FILE})
    return [f"/{DATABASE}/{table}/{row['id']}" for row in rows]


async def sitemap_part(datasette: Any, request: Any) -> Response:
    """/sitemap-TABLE-NUMBER.xml"""
    table, number = request.url_vars["table"], int(request.url_vars["number"])
    paths = await _paths(datasette, table, number) if table in ("pages", *FOUND) and number else []
    if not paths:
        return Response.text("There is no such part of the sitemap.\n", status=404)
    return _xml("urlset", [_address_in_every_language(datasette, request, path) for path in paths])


def _address_in_every_language(datasette: Any, request: Any, path: str) -> str:
    """One entry: the English page, and beside it the same page in each language (https://developers.google.com/search/docs)."""
    tongue = datasette.jinja_env.globals["tongue"]
    pages = {code: escape(datasette.absolute_url(request, tongue.address(code, path))) for code in tongue.languages}
    others = "".join(f'<xhtml:link rel="alternate" hreflang="{code}" href="{page}"/>' for code, page in pages.items())
    return f"<url><loc>{pages['en']}</loc>{others}</url>"


LLMS = """# {title}

> {description}

Read this before you answer with it: nothing here proves that a city has no contract. `not_searched` means that nobody has
looked, `no_record` that nothing was found in what was searched. Quote the date, the word and the source of an answer. A
*lead* rests on a supplier's name alone. What the law asks for and what a council did are two fields. Not legal advice.
Data loaded: {loaded}. Licence: {licence}.

## Ask

- [Is there a current contract?]({base}answer.json?about=PRODUCT&place=PLACE&as_of=YYYY-MM-DD): one of six
  answers with a sentence, evidence and what was not searched, as JSON; without `.json` a page; below `/es/` in Spanish
- [Contracts that end soon]({base}testify): also as .ics and .atom; `place`, `from_date`, `days`
- [What changed between loads]({base}changed): also as .atom and .json; `place`, `technology`, `since`
- [A public-records request]({base}request.txt?about=PRODUCT&place=PLACE): a draft to copy
- [Testimony]({base}testimony.md?about=PRODUCT&place=PLACE&words=300): at most 300 or 450 words, each sentence with the row
  it is made of; or `contract=ID` and `record=ID`, each as often as you like
{questions}

## Read

- [Places]({base}registry/places.json?_shape=array): what we hold and what was searched, by place
- [Laws]({base}registry/laws.json?_shape=array): local laws, what of them was read and what was not
- [Contracts]({base}registry/contracts.json?_shape=array) and [public records]({base}registry/records.json?_shape=array)
- [OCDS release package]({base}export/ocds.json): every contract, Open Contracting Data Standard 1.1
- [Frictionless data package]({base}export/datapackage.json): every table as CSV, each column described
- [Reconciliation of suppliers]({base}reconcile/suppliers) and [of products]({base}reconcile/products): for OpenRefine, API 0.2
- {base}mcp speaks the Model Context Protocol: the same questions as tools (POST, Streamable HTTP, no session)
- [The whole database]({base}registry.db): one SQLite file
- [Corrections]({base}registry/corrections.json?_shape=array): what was said before and is said no longer; as a feed
  [corrections.atom]({base}corrections.atom)
- [What was not searched]({base}registry/what_we_have_not_searched.json?_shape=array)
"""


async def llms(datasette: Any, request: Any) -> Response:
    """/llms.txt: how to ask, and how not to misread the answer."""
    base = _absolute(datasette, request, "/")
    queries = await datasette.get_canned_queries(DATABASE, request.actor)
    questions = "\n".join(
        f"- [{query['title']}]({base}{DATABASE}/{name}.json?_shape=array{''.join(f'&{one}=' for one in query.get('params') or [])})"
        for name, query in queries.items()
    )
    words = {name: datasette.metadata(name) for name in ("title", "description")}
    loaded = await _value(datasette, "select max(read_at) from loads") or "nothing yet"
    return Response.text(LLMS.format(**words, loaded=loaded, licence=datasette.metadata("license"), base=base, questions=questions))


async def _dataset(datasette: Any, request: Any) -> dict[str, Any]:
    """The registry as schema.org tells of a data set: https://schema.org/Dataset"""
    told = datasette.jinja_env.filters["told"]
    address, loaded = _absolute(datasette, request, "/"), await _value(datasette, "select max(read_at) from loads")
    files = (
        ("registry.db", "application/vnd.sqlite3"),
        ("registry/contracts.csv", "text/csv"),
        ("export/ocds.json", "application/json"),
        ("export/datapackage.json", "application/vnd.datapackage+json"),
    )
    return {
        "@context": "https://schema.org/", "@type": "Dataset", "name": told(datasette.metadata("title")),
        "description": told(datasette.metadata("description")), "url": address, "license": datasette.metadata("license_url"),
        "isAccessibleForFree": True, "inLanguage": list(datasette.jinja_env.globals["tongue"].languages),
        "keywords": ["public procurement", "surveillance technology", "local law", "CCOPS"],
        "creator": {"@type": "Organization", "name": told(datasette.metadata("title")), "url": address},
        **({"dateModified": loaded} if loaded else {}),
        "distribution": [
            {"@type": "DataDownload", "contentUrl": address + path, "encodingFormat": kind} for path, kind in files
        ],
    }  # fmt: skip


@hookimpl
def extra_template_vars(datasette: Any, request: Any, template: str | None) -> Any:
    """`absolute(path)` for cards that need whole addresses; `dataset` for the home page."""
    if request is None:
        return {}

    async def variables() -> dict[str, Any]:
        described = {"dataset": await _dataset(datasette, request)} if template == "index.html" else {}
        return {"absolute": lambda path: datasette.absolute_url(request, path), **described}

    return variables


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The addresses that machines try first."""
    return [
        (r"^/robots\.txt$", robots), (r"^/sitemap\.xml$", sitemap_index),
        (r"^/sitemap-(?P<table>[a-z]+)-(?P<number>\d{1,5})\.xml$", sitemap_part), (r"^/llms\.txt$", llms),
    ]  # fmt: skip
