"""Socrata, SODA 2.1 (https://dev.socrata.com/docs/endpoints): rows as a bare array, null fields left out, no total in the body.

Order is not implicit: without `$order` pages overlap and rows go missing, so every page is ordered by the row's `:id`.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import msgspec

from ..fetch import Fetcher
from ..pages import WireColumn
from ..source import Source
from .paged import Asked, Survey, Wire, shaped

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
    url = f"{source.access['base']}/api/views/{source.access['dataset']}.json"
    view = shaped(fetcher.page(url)[1], _View, url)
    page = int(source.access.get("page", PAGE))
    return Survey(_columns(source, view), _count(source, fetcher, query), str(view.rows_updated_at), IDENTITY, page)


def _columns(source: Source, view: _View) -> dict[str, WireColumn]:
    """The columns by the name the source file uses: the portal's field name, or the label shown to people."""
    labels = source.access.get("columns") == "labels"
    own = [one for one in view.columns if not one.field_name.startswith(":")]
    return {one.name if labels else one.field_name: WireColumn(name=one.field_name, type=one.data_type_name) for one in own}


def _count(source: Source, fetcher: Fetcher, query: str) -> int:
    url = _address(source, {"$select": "count(*)"}, query)
    ((_, number),) = shaped(fetcher.page(url)[1], tuple[OneNumber], url)[0].items()
    return number


def address(source: Source, found: Survey, asked: Asked) -> str:
    """The address of the next page, of the columns that are kept and no others."""
    wanted = [found.columns[column].name for column in source.kept if column in found.columns]
    return _address(
        source,
        {"$select": ",".join([IDENTITY, *wanted]), "$order": IDENTITY, "$limit": str(asked.page), "$offset": str(asked.received)},
        asked.query,
    )


def _address(source: Source, parameters: dict[str, str], query: str) -> str:
    conditions = [one for one in (source.access.get("where", ""), query) if one]
    where = {"$where": " AND ".join(f"({one})" for one in conditions) if len(conditions) > 1 else conditions[0]} if conditions else {}
    return f"{source.access['base']}/resource/{source.access['dataset']}.json?{urlencode({**parameters, **where}, safe='$:,*()')}"


WIRE = Wire("array", survey, address)
