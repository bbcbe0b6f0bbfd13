"""/reconcile/suppliers and /reconcile/products: names of a spreadsheet matched to ours, by the protocol that OpenRefine speaks.

Reconciliation Service API 0.2: https://reconciliation-api.github.io/specs/0.2/. A name that is one of the names we know, letter
for letter once folded, is a match; everything else is only a candidate with a score, for a person to look at.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from typing import Any

from datasette import Response, hookimpl
from datasette.utils.asgi import NotFound

DATABASE = "registry"
MOST_QUERIES, MOST_RESULTS, RESULTS, LONGEST = 100, 20, 5, 150
BEST_GUESS = 95  # of 100; only a name we know scores 100
KINDS = {"suppliers": ("supplier", "Supplier"), "products": ("product", "Product")}

_TOLD = {
    "suppliers": """
select id, name, coalesce((select group_concat(technologies.name, ', ') from json_each(suppliers.technologies) as each
  join technologies on technologies.id = each.value), '') as words, basis from suppliers""",
    "products": """
select products.id, products.name, coalesce(suppliers.name, '') || ', ' || coalesce(technologies.name, '') as words, products.basis
from products left join suppliers on suppliers.id = products.supplier left join technologies on technologies.id = products.technology""",
}
_EXACT = "select distinct about, name from names where kind = :kind and name = :name"
_LIKE = """
select names.about, names.name from names_fts join names on names.rowid = names_fts.rowid
where names_fts match :words and names.kind = :kind order by rank limit 60
"""
_BEGINS = """
select distinct about from names where kind = :kind and (name glob :begin || '*' or name glob '* ' || :begin || '*')
order by name limit :most offset :after
"""
Row = dict[str, Any]


def folded(text: str) -> str:
    """A name as the registry folds names: plain lower-case letters and digits with single spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def score(asked: str, name: str) -> float:
    """100 for the same name; for another how much of the letters agree, at most 95."""
    return 100.0 if asked == name else round(BEST_GUESS * difflib.SequenceMatcher(None, asked, name, autojunk=False).ratio(), 1)


def limit_of(query: Row) -> int:
    """How many candidates were asked for, within bounds."""
    asked = query.get("limit")
    return int(min(MOST_RESULTS, max(1, asked))) if isinstance(asked, (int, float)) else RESULTS


def problem(queries: Any) -> str:
    """Why a batch of queries cannot be answered; empty when it can."""
    if not isinstance(queries, dict) or not all(isinstance(one, dict) for one in queries.values()):
        return "`queries` is a JSON object of queries by name."
    if len(queries) > MOST_QUERIES:
        return f"At most {MOST_QUERIES} queries are answered at once."
    return "" if all(isinstance(one.get("query", ""), str) for one in queries.values()) else "`query` is a text."


async def _rows(datasette: Any, sql: str, **given: Any) -> list[Row]:
    return [dict(row) for row in await datasette.get_database(DATABASE).execute(sql, given)]


async def _told(datasette: Any, table: str, ids: list[str]) -> dict[str, Row]:
    sql = f"select * from ({_TOLD[table]}) where id in (select value from json_each(:ids))"
    return {row["id"]: row for row in await _rows(datasette, sql, ids=json.dumps(ids))}


def _words(row: Row) -> str:
    return row["words"].strip(", ") + (" (from memory, not verified)" if row["basis"] == "memory" else "")


async def candidates(datasette: Any, table: str, query: Row) -> list[Row]:
    """The best candidates of one query, the surest first; a type that is not ours has none."""
    kind, label = KINDS[table]
    asked, types = folded(query.get("query", "")[:LONGEST]), query.get("type") or kind
    if not asked or kind not in (types if isinstance(types, list) else [types]):
        return []
    exact = await _rows(datasette, _EXACT, kind=kind, name=asked)
    like = await _rows(datasette, _LIKE, kind=kind, words=" OR ".join(f'"{word}"' for word in asked.split()))
    scores: dict[str, float] = {}
    for row in [*exact, *like]:
        scores[row["about"]] = max(scores.get(row["about"], 0), score(asked, row["name"]))
    best = sorted(scores, key=lambda about: (-scores[about], about))[: limit_of(query)]
    told, sure = await _told(datasette, table, best), [about for about in best if scores[about] == 100]
    return [
        {"id": about, "name": told[about]["name"], "description": _words(told[about]), "score": scores[about],
         "match": sure == [about], "type": [{"id": kind, "name": label}]}
        for about in best if about in told
    ]  # fmt: skip


def _manifest(datasette: Any, request: Any, table: str) -> Row:
    kind, label = KINDS[table]
    base, here = (datasette.absolute_url(request, datasette.urls.path(path)) for path in (f"/{DATABASE}/{table}/", f"/reconcile/{table}"))
    return {
        "versions": ["0.1", "0.2"], "name": f"{datasette.metadata('title')}: {table}", "identifierSpace": base, "schemaSpace": base,
        "defaultTypes": [{"id": kind, "name": label}], "view": {"url": f"{base}{{{{id}}}}"},
        "suggest": {"entity": {"service_url": here, "service_path": "/suggest/entity"}},
    }  # fmt: skip


def _table(request: Any) -> str:
    table = request.url_vars["table"]
    if table not in KINDS:
        raise NotFound(f"There are two services: {', '.join(KINDS)}.")
    return str(table)


async def _asked(request: Any) -> str | None:
    posted = await request.post_vars() if request.method == "POST" else {}
    return posted.get("queries") or request.args.get("queries")


async def reconcile(datasette: Any, request: Any) -> Response:
    """/reconcile/TABLE: what the service is, or the candidates of each query."""
    table, asked = _table(request), await _asked(request)
    if asked is None:
        return Response.json(_manifest(datasette, request, table))
    try:
        queries = json.loads(asked)
    except (ValueError, RecursionError):
        queries = None
    wrong = problem(queries)
    if wrong:
        return Response.json({"error": wrong}, status=400)
    return Response.json({name: {"result": await candidates(datasette, table, one)} for name, one in queries.items()})


async def suggest(datasette: Any, request: Any) -> Response:
    """/reconcile/TABLE/suggest/entity: names that have a word which begins so."""
    table, begin, cursor = _table(request), folded((request.args.get("prefix") or "")[:LONGEST]), request.args.get("cursor") or "0"
    after = int(cursor) if cursor.isdecimal() and cursor.isascii() and len(cursor) < 6 else 0
    found = await _rows(datasette, _BEGINS, kind=KINDS[table][0], begin=begin, most=MOST_RESULTS, after=after) if begin else []
    ids = [row["about"] for row in found]
    told = await _told(datasette, table, ids)
    known = [told[one] for one in ids if one in told]
    return Response.json({"result": [{"id": row["id"], "name": row["name"], "description": _words(row)} for row in known]})


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """One service for each kind of name."""
    return [(r"^/reconcile/(?P<table>\w+)$", reconcile), (r"^/reconcile/(?P<table>\w+)/suggest/entity$", suggest)]
