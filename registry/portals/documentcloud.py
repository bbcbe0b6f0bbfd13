"""DocumentCloud search (https://www.documentcloud.org/help/api): one request per phrase, at most 100 documents a page.

Each reply gives the total and the address of the next page, an opaque cursor. Who uploaded a document is not asked for.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from ..errors import SourceError
from ..fetch import Ask, Fetcher
from ..pages import RECORDS, WireColumn
from ..source import Source
from .paged import Asked, Survey, Wire, shaped

IDENTITY = "id"
PAGE = 100


class _Found(msgspec.Struct):
    count: int
    results: list[dict[str, Any]]
    next: str | None = None


def survey(source: Source, fetcher: Fetcher, query: str) -> Survey:
    """Columns, total and first page of what a phrase finds. Where it finds nothing, the columns are taken as they should be."""
    taken = fetcher.take(_search(source, query))
    body = fetcher.read(taken)
    found = shaped(body, _Found, taken.name)
    names = {name for record in RECORDS["results"](body, taken.name) for name in record if "." not in name}
    parts = {name for name in source.wanted if not names or name.split(".")[0] in names}
    whole = {name.split(".")[0] for name in parts if "." in name}
    columns = {name: WireColumn(name=name, type="") for name in sorted((names - whole) | parts)}
    return Survey(columns, found.count, "", IDENTITY, PAGE, taken)


def address(source: Source, found: Survey, asked: Asked) -> Ask:
    """The next page's address as the portal gave it; SourceError where that leads elsewhere."""
    if asked.onward and not asked.onward.startswith(f"{source.access['base']}/"):
        raise SourceError(f"{source.id}: {source.url} says that the next page is at {asked.onward[:200]}, which is not at its own address.")
    return Ask(asked.onward) if asked.onward else _search(source, asked.query)


def _search(source: Source, query: str) -> Ask:
    per_page = min(int(source.access.get("page", PAGE)), PAGE)
    asked = urlencode({"q": query, "per_page": str(per_page), "expand": "organization"})
    return Ask(f"{source.access['base']}/api/documents/search/?{asked}")


WIRE = Wire("results", survey, address, onward=lambda body: body.get("next"), complete=True)
