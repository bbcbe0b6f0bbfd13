"""CKAN (https://docs.ckan.org/en/latest/maintaining/datastore.html): rows from the datastore, or the resource's file.

`sort=_id` always: dumps without it lost rows. The server may lower the limit without a word, and `_links.next` is
there past the end and gone in newer versions, so neither is followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Literal, TypeVar
from urllib.parse import urlencode

import msgspec

from ..errors import SourceError
from ..fetch import Ask, Fetcher
from ..pages import WireColumn, archive_manifest
from ..source import Expect, Source
from . import files, paged
from .paged import Asked, Survey, Wire, answer

IDENTITY = "_id"
PAGE = 10_000
T = TypeVar("T")


def fetch(source: Source, fetcher: Fetcher) -> None:
    """Archive the rows of the datastore, or the resource's file where the source file says what form it has (`as`)."""
    if "as" in source.access:
        files.fetch_from(source, fetcher, _file_address(source, fetcher))
        return
    archive_manifest(source.id, fetcher.folder, paged.gather(WIRE, source, list(_one_by_one(source)), fetcher))


def _one_by_one(source: Source) -> Iterator[Source]:
    """The source once per resource: a data set may lie in several, such as one per year, if all have the same columns.

    How many rows are expected is said of all of them together, so no single one is held to it.
    """
    resources = source.access["resource"].split()
    expect = source.expect if len(resources) == 1 else Expect()
    for resource in resources:
        yield msgspec.structs.replace(source, access={**source.access, "resource": resource}, expect=expect)


def survey(source: Source, fetcher: Fetcher) -> Survey:
    """What the portal has of the source, in the form the source file wants it."""
    if "as" in source.access:
        return files.survey_of(source, fetcher, _file_address(source, fetcher))
    found = [paged.survey(WIRE, one, fetcher) for one in _one_by_one(source)]
    return found[0]._replace(rows=sum(one.rows or 0 for one in found))


class _Field(msgspec.Struct):
    id: str
    type: str


class _Resource(msgspec.Struct):
    url: str | None = None
    last_modified: str | None = None


class _Table(msgspec.Struct):
    fields: list[_Field]
    total: int


class _Answer(msgspec.Struct, Generic[T]):
    success: Literal[True]
    result: T


def _survey_datastore(source: Source, fetcher: Fetcher, query: str) -> Survey:
    resource = _resource(source, fetcher)
    ask = _call(source, "datastore_search", {"resource_id": source.access["resource"], "limit": "0", **_sought(query)})
    table = answer(fetcher, ask, _Answer[_Table]).result
    columns = {one.id: WireColumn(name=one.id, type=one.type) for one in table.fields if one.id != IDENTITY}
    return Survey(columns, table.total, str(resource.last_modified), IDENTITY, int(source.access.get("page", PAGE)))


def _file_address(source: Source, fetcher: Fetcher) -> str:
    """Where the file lies now: its name changes with every edition, the resource's id does not."""
    resource = _resource(source, fetcher)
    if not resource.url:
        raise SourceError(f"{source.id}: {source.url}: the resource has no file. Has it been replaced? Correct the source file.")
    return resource.url


def _resource(source: Source, fetcher: Fetcher) -> _Resource:
    ask = _call(source, "resource_show", {"id": source.access["resource"]})
    return answer(fetcher, ask, _Answer[_Resource]).result


def _call(source: Source, action: str, parameters: dict[str, str]) -> Ask:
    return Ask(f"{source.access['base']}/api/3/action/{action}?{urlencode(parameters, safe=',')}")


def address(source: Source, found: Survey, asked: Asked) -> Ask:
    """The address of the next page, of the columns that are kept and no others."""
    fields = ",".join([IDENTITY, *(column for column in source.wanted if column in found.columns)])
    return _call(
        source,
        "datastore_search",
        {
            "resource_id": source.access["resource"],
            "fields": fields,
            "sort": IDENTITY,
            "limit": str(asked.page),
            "offset": str(asked.received),
            **_sought(asked.query),
        },
    )


def _sought(query: str) -> dict[str, str]:
    """A query in PostgreSQL's full-text language: https://docs.ckan.org/en/latest/maintaining/datastore.html (`plain`)."""
    return {"q": query, "plain": "false"} if query else {}


WIRE = Wire("result", _survey_datastore, address, complete=True)
