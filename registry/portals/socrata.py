"""Socrata: rows as a bare array, null fields left out, no total in the body. SODA 2.1 without a token, or SODA3 with one.

Order is not implicit: without an order pages overlap and rows go missing, so every page is ordered by the row's `:id`.
SODA 2.1 (https://dev.socrata.com/docs/endpoints) is asked with addresses; SODA3 (https://dev.socrata.com/docs/queries) with
one query in the body, and answers nobody without a token.
"""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec

from ..errors import SourceError
from ..fetch import Ask, Fetcher
from ..pages import WireColumn
from ..source import Source
from .paged import Asked, Survey, Wire, answer, page_of

IDENTITY = ":id"
PAGE = 10_000
OneNumber = Annotated[dict[str, int], msgspec.Meta(min_length=1, max_length=1)]


class _Column(msgspec.Struct, rename="camel"):
    field_name: str
    name: str
    data_type_name: str = ""


class _View(msgspec.Struct, rename="camel"):
    columns: list[_Column]
    rows_updated_at: int = 0


def survey(source: Source, fetcher: Fetcher, query: str) -> Survey:
    """Columns and last change from the metadata, the number of rows from a count."""
    if _is_soda3(source) and not fetcher.secret.headers:
        raise SourceError(
            f"{source.id}: {source.url} is asked through SODA3, which answers nobody without a token. Set the environment variable "
            f"{source.access['token_env']} to one, or take `api: soda3` out of data/sources/{source.id}.yml."
        )
    ask = Ask(f"{source.access['base']}/api/views/{source.access['dataset']}.json")
    view = answer(fetcher, ask, _View)
    page = int(source.access.get("page", PAGE))
    return Survey(_columns(source, view), _count(source, fetcher, query), str(view.rows_updated_at), IDENTITY, page)


def _columns(source: Source, view: _View) -> dict[str, WireColumn]:
    """The columns by the name the source file uses: the portal's field name, or the label shown to people."""
    labels = source.access.get("columns") == "labels"
    own = [one for one in view.columns if not one.field_name.startswith(":")]
    return {one.name if labels else one.field_name: WireColumn(name=one.field_name, type=one.data_type_name) for one in own}


def _count(source: Source, fetcher: Fetcher, query: str) -> int:
    select, where = "count(*)", _where(source, query)
    ask = _soda3(source, select, where, {}) if _is_soda3(source) else _soda2(source, {"$select": select}, where)
    ((_, number),) = answer(fetcher, ask, tuple[OneNumber])[0].items()
    return number


def address(source: Source, found: Survey, asked: Asked) -> Ask:
    """What to ask for the next page, of the columns that are kept and no others."""
    select = ",".join([IDENTITY, *(found.columns[column].name for column in source.wanted if column in found.columns)])
    where = _where(source, asked.query)
    if _is_soda3(source):
        number, size = page_of(source, asked)
        return _soda3(source, select, f"{where} ORDER BY {IDENTITY}", {"page": {"pageNumber": number, "pageSize": size}})
    paging = {"$order": IDENTITY, "$limit": str(asked.page), "$offset": str(asked.received)}
    return _soda2(source, {"$select": select, **paging}, where)


def _is_soda3(source: Source) -> bool:
    return source.access.get("api") == "soda3"


def _where(source: Source, query: str) -> str:
    """The condition of the source file and that of the query, as the clause of a SoQL query; "" for neither."""
    conditions = [one for one in (source.access.get("where", ""), query) if one]
    if len(conditions) > 1:
        conditions = [f"({one})" for one in conditions]
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _soda2(source: Source, parameters: dict[str, str], where: str) -> Ask:
    condition = {"$where": where.removeprefix(" WHERE ")} if where else {}
    asked = urlencode({**parameters, **condition}, safe="$:,*()")
    return Ask(f"{source.access['base']}/resource/{source.access['dataset']}.json?{asked}")


def _soda3(source: Source, select: str, clauses: str, paging: dict[str, Any]) -> Ask:
    body = {"query": f"SELECT {select}{clauses}", **paging, "includeSynthetic": False}
    return Ask(f"{source.access['base']}/api/v3/views/{source.access['dataset']}/query.json", json.dumps(body))


WIRE = Wire("array", survey, address)
