"""CKAN (https://docs.ckan.org/en/latest/maintaining/datastore.html): rows from the datastore, or the resource's file.

`sort=_id` always: dumps without it lost rows. The server may lower the limit without a word, and `_links.next` is
there past the end and gone in newer versions, so neither is followed.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ..errors import SourceError
from ..fetch import Fetcher
from ..pages import WireColumn
from ..source import Source
from . import delimited, paged
from .paged import Asked, Survey, Wire

IDENTITY = "_id"
PAGE = 10_000


def fetch(source: Source, fetcher: Fetcher) -> None:
    """Archive the rows of the datastore, or the resource's file where the source file says `as: file`."""
    if source.access.get("as") == "file":
        delimited.fetch_from(source, fetcher, _file_address(source, fetcher))
        return
    paged.fetch(WIRE, source, fetcher)


def survey(source: Source, fetcher: Fetcher) -> Survey:
    """What the portal has of the source, in the form the source file wants it."""
    if source.access.get("as") == "file":
        return delimited.survey_of(source, fetcher, _file_address(source, fetcher))
    return paged.survey(WIRE, source, fetcher)


def _survey_datastore(source: Source, fetcher: Fetcher) -> Survey:
    resource = _result(source, fetcher, "resource_show", {"id": source.access["resource"]})
    result = _result(source, fetcher, "datastore_search", {"resource_id": source.access["resource"], "limit": "0"})
    try:
        columns = {str(one["id"]): WireColumn(name=str(one["id"]), type=str(one["type"])) for one in result["fields"]}
        rows = int(result["total"])
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(
            f"{source.id}: {source.url}: the datastore names no fields or no total ({error!r}). Nothing was changed."
        ) from error
    columns.pop(IDENTITY, None)
    return Survey(columns, rows, str(resource.get("last_modified")), IDENTITY, int(source.access.get("page", PAGE)))


def _file_address(source: Source, fetcher: Fetcher) -> str:
    """Where the file lies now: its name changes with every edition, the resource's id does not."""
    resource = _result(source, fetcher, "resource_show", {"id": source.access["resource"]})
    if not resource.get("url"):
        raise SourceError(f"{source.id}: {source.url}: the resource has no file. Has it been replaced? Correct the source file.")
    return str(resource["url"])


def _result(source: Source, fetcher: Fetcher, action: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The result of one call, never in the form of an error that came with status 200."""
    url = _call(source, action, parameters)
    _, body = fetcher.page(url)
    if not isinstance(body, dict) or body.get("success") is not True or not isinstance(body.get("result"), dict):
        raise SourceError(f"{url}: the portal did not say success: {str(body)[:200]}. Has the resource moved? Correct the source file.")
    return dict(body["result"])


def _call(source: Source, action: str, parameters: dict[str, str]) -> str:
    return f"{source.access['base']}/api/3/action/{action}?{urlencode(parameters, safe=',')}"


def address(source: Source, found: Survey, asked: Asked) -> str:
    """The address of the next page, of the columns that are kept and no others."""
    fields = ",".join([IDENTITY, *(column for column in source.kept if column in found.columns)])
    return _call(
        source,
        "datastore_search",
        {
            "resource_id": source.access["resource"],
            "fields": fields,
            "sort": IDENTITY,
            "limit": str(asked.page),
            "offset": str(asked.received),
        },
    )


WIRE = Wire("result", _survey_datastore, address)
