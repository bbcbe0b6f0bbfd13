"""The home page's figures, the questions in people's words, and the evidence under an answer."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from datasette import hookimpl

DATABASE = "registry"
SHOWN = 200  # rows under an answer, the newest; the rest is one link away

_FIGURES = """
select (select count(*) from contracts) as contracts,
       (select count(*) from contracts where evidence <> 'supplier') as firm,
       (select count(*) from records) as records,
       (select count(*) from jurisdictions) as places,
       (select count(*) from laws) as laws,
       (select max(read_at) from loads) as last_load
"""

_NOT_SEARCHED = """
select coverage.jurisdiction, jurisdictions.name as place, coalesce(sources.title, coverage.source) as title,
       coverage.state, coverage.why
from coverage left join jurisdictions on jurisdictions.id = coverage.jurisdiction
left join sources on sources.id = coverage.source
where coverage.state <> 'searched' order by place, title limit 12
"""

_BUSIEST = """
select jurisdiction, place, contracts, records, laws from places
where contracts + records > 0 order by contracts desc, records desc limit 8
"""

# The newest rows of the canned query and how many there are; gathered once, so that fifty thousand are not carried out of the database.
_NEWEST = """
with every as materialized ({sql})
select every.*, (select count(*) from every) as pieces from every order by evidence_from desc, coalesce(contract, record) desc limit :most
"""

_UNSEARCHED_PLACES = "select count(*) as places from searched_places where contracts_through is null"


async def _rows(datasette: Any, sql: str, given: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    found = await datasette.get_database(DATABASE).execute(sql, given or {})
    return [dict(row) for row in found]


def _folded(text: str) -> str:
    """A name as the registry folds names: plain lower-case letters and digits with single spaces."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


async def _questions(datasette: Any, actor: Any) -> list[dict[str, Any]]:
    """The canned queries, as metadata.yml orders them."""
    return [dict(query) for query in (await datasette.get_canned_queries(DATABASE, actor)).values()]


async def _home(datasette: Any, request: Any) -> dict[str, Any]:
    return {
        "figures": (await _rows(datasette, _FIGURES))[0],
        "not_searched": await _rows(datasette, _NOT_SEARCHED),
        "unsearched_places": (await _rows(datasette, _UNSEARCHED_PLACES))[0]["places"],
        "busiest": await _rows(datasette, _BUSIEST),
        "questions": await _questions(datasette, request.actor),
    }


async def _answer(datasette: Any, request: Any) -> dict[str, Any]:
    """The rows under an answer; a row that only says that nothing was found adds nothing to it."""
    query = await datasette.get_canned_query(DATABASE, "answer_evidence", request.actor)
    if not request.args.get("about") or not request.args.get("place"):
        return {"evidence": []}
    given = {name: request.args.get(name) or "" for name in query["params"]}
    for about in dict.fromkeys((given["about"], _folded(given["about"]))):
        rows = await _rows(datasette, _NEWEST.format(sql=query["sql"]), {**given, "about": about, "most": SHOWN})
        if rows[0]["note"] is None:
            return {"evidence": rows[::-1], "evidence_left_out": rows[0]["pieces"] - len(rows)}
    return {"evidence": []}


@hookimpl
def extra_template_vars(datasette: Any, request: Any, template: str | None) -> Any:
    """`figures`, `questions` and so on for the home page; `evidence` for the page of an answer."""

    async def variables() -> dict[str, Any]:
        if template == "index.html":
            return await _home(datasette, request)
        if template == "query-registry-answer.html":
            return await _answer(datasette, request)
        return {}

    return variables
