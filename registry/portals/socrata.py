"""Socrata, SODA 2.1 (https://dev.socrata.com/docs/endpoints): rows as a bare array, null fields left out, no total in the body.

Order is not implicit: without `$order` pages overlap and rows go missing, so every page is ordered by the row's `:id`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ..errors import SourceError
from ..fetch import Fetcher
from ..pages import WireColumn
from ..source import Source
from .paged import Asked, Survey, Wire

IDENTITY = ":id"
PAGE = 10_000


def survey(source: Source, fetcher: Fetcher) -> Survey:
    """Columns and last change from the metadata, the number of rows from a count."""
    url = f"{source.access['base']}/api/views/{source.access['dataset']}.json"
    _, view = fetcher.page(url)
    if not isinstance(view, dict) or not isinstance(view.get("columns"), list):
        raise SourceError(f"{url}: the metadata has no list of columns. Has the data set moved? Correct the source file.")
    page = int(source.access.get("page", PAGE))
    return Survey(_columns(source, view["columns"]), _count(source, fetcher), str(view.get("rowsUpdatedAt", "")), IDENTITY, page)


def _columns(source: Source, listed: list[dict[str, Any]]) -> dict[str, WireColumn]:
    """The columns by the name the source file uses: the portal's field name, or the label shown to people."""
    named_by = "name" if source.access.get("columns") == "labels" else "fieldName"
    found = {str(one[named_by]): WireColumn(name=str(one["fieldName"]), type=str(one.get("dataTypeName", ""))) for one in listed}
    return {name: column for name, column in found.items() if not column.name.startswith(":")}


def _count(source: Source, fetcher: Fetcher) -> int:
    url = _address(source, {"$select": "count(*)"})
    _, body = fetcher.page(url)
    try:
        (only,) = body
        (number,) = only.values()
        return int(number)
    except (ValueError, TypeError, AttributeError) as error:
        raise SourceError(f"{url}: the count is not a number: {str(body)[:120]}. Nothing was changed.") from error


def address(source: Source, found: Survey, asked: Asked) -> str:
    """The address of the next page, of the columns that are kept and no others."""
    wanted = [found.columns[column].name for column in source.kept if column in found.columns]
    return _address(
        source,
        {"$select": ",".join([IDENTITY, *wanted]), "$order": IDENTITY, "$limit": str(asked.page), "$offset": str(asked.received)},
    )


def _address(source: Source, parameters: dict[str, str]) -> str:
    where = {"$where": source.access["where"]} if "where" in source.access else {}
    return f"{source.access['base']}/resource/{source.access['dataset']}.json?{urlencode({**parameters, **where}, safe='$:,*()')}"


WIRE = Wire("array", survey, address)
