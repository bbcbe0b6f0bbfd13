"""Federal awards (https://api.usaspending.gov/docs/endpoints): a search by POST for each name, at most 100 awards a page.

The first page says whether another follows; if so, the total is asked for too, with the same filters. Past 50,000 awards a
page is asked for by the last one's id and sort value, which the page before gave.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ..access import SEARCHES
from ..fetch import Ask, Fetcher
from ..pages import WireColumn
from ..source import Source
from .paged import Asked, Survey, Wire, answer, page_of, shaped

IDENTITY = "generated_internal_id"
SORT = "Award ID"
PAGE = 100
WINDOW = 50_000


class _Metadata(msgspec.Struct, rename="camel"):
    has_next: bool


class _Found(msgspec.Struct):
    results: list[dict[str, Any]]
    page_metadata: _Metadata


class _Counts(msgspec.Struct):
    results: dict[str, int]


def survey(source: Source, fetcher: Fetcher, query: str) -> Survey:
    """First page and number of awards that a name finds. Columns are those asked for: the portal refuses or omits what it has not."""
    columns = {column: WireColumn(name=column, type="") for column in source.wanted}
    page = min(int(source.access.get("page", PAGE)), PAGE)
    taken = fetcher.take(address(source, Survey(columns, 0, "", IDENTITY, page), Asked(0, "", page, query)))
    found = shaped(fetcher.read(taken), _Found, taken.name)
    total = len(found.results)
    if found.page_metadata.has_next:
        body = {"filters": _filters(source, query), "subawards": False}
        total = sum(answer(fetcher, _post(source, "spending_by_award_count", body), _Counts).results.values())
    return Survey(columns, total, "", IDENTITY, page, taken)


def address(source: Source, found: Survey, asked: Asked) -> Ask:
    """What to ask for the next page, of the columns that are kept and no others."""
    number, size = page_of(source, asked)
    fields = list(dict.fromkeys([SORT, *(column for column in source.wanted if column != IDENTITY)]))
    body = {
        "filters": _filters(source, asked.query), "fields": fields, "page": number, "limit": size, "sort": SORT, "order": "asc",
        "subawards": False, **(json.loads(asked.onward) if asked.received + size > WINDOW else {}),
    }  # fmt: skip
    return _post(source, "spending_by_award", body)


def _filters(source: Source, query: str) -> dict[str, list[str]]:
    return {"award_type_codes": source.access["awards"].split(","), source.access.get("search", SEARCHES[0]): [query]}


def _post(source: Source, endpoint: str, body: dict[str, Any]) -> Ask:
    return Ask(f"{source.access['base']}/api/v2/search/{endpoint}/", json.dumps(body))


def _onward(body: Any) -> str | None:
    """The last award's id and sort value, which belong together; None where no page follows."""
    told = body["page_metadata"]
    last, value = int(told.get("last_record_unique_id") or 0), told.get("last_record_sort_value")
    return json.dumps({"last_record_unique_id": last, "last_record_sort_value": value}) if told["hasNext"] else None


WIRE = Wire("results", survey, address, onward=_onward, complete=True)
