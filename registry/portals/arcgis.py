"""ArcGIS FeatureServer layers: errors come with status 200, dates in milliseconds, and paging by offset loses rows.

So each page asks for the rows after the last object id, which needs no offset and no trust in `exceededTransferLimit`.
"""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from ..errors import SourceError
from ..fetch import Ask, Fetcher
from ..pages import WireColumn
from ..source import Source
from .paged import Asked, Survey, Wire, answer

PAGE = 1_000


class _Field(msgspec.Struct):
    name: str
    type: str


class _Editing(msgspec.Struct, rename="camel"):
    last_edit_date: int | None = None


class _Layer(msgspec.Struct, rename="camel"):
    fields: list[_Field]
    object_id_field: str | None = None
    max_record_count: int = PAGE
    editing_info: _Editing | None = None

    @property
    def identity(self) -> str:
        """The column that numbers the rows, or ""."""
        return self.object_id_field or next((one.name for one in self.fields if one.type == "esriFieldTypeOID"), "")


class _Count(msgspec.Struct):
    count: int


def survey(source: Source, fetcher: Fetcher, query: str) -> Survey:
    """Columns, object id, page size and last change from the layer's metadata, the number of rows from a count."""
    ask = Ask(f"{_layer(source)}?f=json")
    layer = answer(fetcher, ask, _Layer)
    if not layer.identity:
        raise SourceError(f"{source.id}: {source.url}: the layer names no object id, so its rows cannot be counted.")
    ask = _query(source, {"where": _where(source, query), "returnCountOnly": "true"})
    count = answer(fetcher, ask, _Count).count
    own = [one for one in layer.fields if one.type != "esriFieldTypeGeometry" and one.name != layer.identity]
    changed = str(layer.editing_info.last_edit_date) if layer.editing_info else ""
    page = min(layer.max_record_count, int(source.access.get("page", PAGE)))
    return Survey({one.name: WireColumn(name=one.name, type=one.type) for one in own}, count, changed, layer.identity, page)


def address(source: Source, found: Survey, asked: Asked) -> Ask:
    """The address of the next page, of the columns that are kept and no others."""
    if asked.last and not asked.last.isdecimal():
        raise SourceError(f"{source.id}: {source.url}: the object id {asked.last[:40]!r} is not a number, so no page can follow it.")
    after = f" AND {found.identity} > {asked.last}" if asked.last else ""
    wanted = [column for column in source.wanted if column in found.columns]
    return _query(
        source,
        {
            "where": f"({_where(source, asked.query)}){after}",
            "outFields": ",".join([found.identity, *wanted]),
            "orderByFields": found.identity,
            "returnGeometry": "false",
            "resultRecordCount": str(asked.page),
        },
    )


def _where(source: Source, query: str) -> str:
    fixed = source.access.get("where", "1=1")
    return f"({fixed}) AND ({query})" if query else fixed


def _layer(source: Source) -> str:
    return f"{source.access['base']}/{source.access['layer']}"


def _query(source: Source, parameters: dict[str, str]) -> Ask:
    return Ask(f"{_layer(source)}/query?{urlencode({**parameters, 'f': 'json'}, safe=',=()*')}")


WIRE = Wire("features", survey, address, complete=True)
