"""ArcGIS FeatureServer layers: errors come with status 200, dates in milliseconds, and paging by offset loses rows.

So each page asks for the rows after the last object id, which needs no offset and no trust in `exceededTransferLimit`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ..errors import SourceError
from ..fetch import Fetcher
from ..pages import WireColumn
from ..source import Source
from .paged import Asked, Survey, Wire

PAGE = 1_000


def survey(source: Source, fetcher: Fetcher) -> Survey:
    """Columns, object id, page size and last change from the layer's metadata, the number of rows from a count."""
    layer = _asked(fetcher, f"{_layer(source)}?f=json", "fields")
    fields = [one for one in layer["fields"] if one.get("type") != "esriFieldTypeGeometry"]
    identity = layer.get("objectIdField") or next((one["name"] for one in fields if one.get("type") == "esriFieldTypeOID"), "")
    if not identity:
        raise SourceError(f"{source.id}: {source.url}: the layer names no object id, so its rows cannot be counted.")
    count = _asked(fetcher, _query(source, {"where": _where(source), "returnCountOnly": "true"}), "count")
    columns = {str(one["name"]): WireColumn(name=str(one["name"]), type=str(one["type"])) for one in fields if one["name"] != identity}
    most = int(layer.get("maxRecordCount") or PAGE)
    changed = str((layer.get("editingInfo") or {}).get("lastEditDate", ""))
    return Survey(columns, int(count["count"]), changed, str(identity), min(most, int(source.access.get("page", PAGE))))


def _asked(fetcher: Fetcher, url: str, needed: str) -> dict[str, Any]:
    _, body = fetcher.page(url)
    if not isinstance(body, dict) or needed not in body:
        raise SourceError(
            f"{url}: status 200, but no {needed}. The portal says: {str(body)[:200]}. Has the layer moved? Correct the source file."
        )
    return body


def address(source: Source, found: Survey, asked: Asked) -> str:
    """The address of the next page, of the columns that are kept and no others."""
    if asked.last and not asked.last.isdecimal():
        raise SourceError(f"{source.id}: {source.url}: the object id {asked.last[:40]!r} is not a number, so no page can follow it.")
    after = f" AND {found.identity} > {asked.last}" if asked.last else ""
    wanted = [column for column in source.kept if column in found.columns]
    return _query(
        source,
        {
            "where": f"({_where(source)}){after}",
            "outFields": ",".join([found.identity, *wanted]),
            "orderByFields": found.identity,
            "returnGeometry": "false",
            "resultRecordCount": str(asked.page),
        },
    )


def _where(source: Source) -> str:
    return source.access.get("where", "1=1")


def _layer(source: Source) -> str:
    return f"{source.access['base']}/{source.access['layer']}"


def _query(source: Source, parameters: dict[str, str]) -> str:
    return f"{_layer(source)}/query?{urlencode({**parameters, 'f': 'json'}, safe=',=()*')}"


WIRE = Wire("features", survey, address)
