"""One file at one address: delimited text, an XLSX workbook or JSON. It is looked through before it is the newest load."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath

import httpx

from .. import archive, incoming
from ..ending import ENDS, unbroken
from ..errors import SourceError
from ..fetch import Fetcher
from ..pages import WireColumn, name_of
from ..replies import Guard, csv_trouble, json_trouble, long_enough, xlsx_trouble
from ..scope import extract_name
from ..source import Source
from .paged import Survey

Chunks = Iterator[bytes]
GUARDS: Mapping[str, Guard] = {"delimited": csv_trouble, "json": json_trouble, "xlsx": xlsx_trouble}


def fetch(source: Source, fetcher: Fetcher) -> None:
    """Archive the file at the source's address."""
    fetch_from(source, fetcher, address(source))


def survey(source: Source, fetcher: Fetcher) -> Survey:
    """Fetch the file and say what columns and how many rows it has."""
    return survey_of(source, fetcher, address(source))


def address(source: Source) -> str:
    """Where the file lies."""
    return f"{source.access['base']}/{source.access['path']}"


def fetch_from(source: Source, fetcher: Fetcher, url: str) -> archive.Archived:
    """Archive the file at `url`, unless it is not one, or cut short, or shorter than the data set ever was."""
    origin = PurePosixPath(httpx.URL(url).path).name or f"{source.id}.{source.form}"
    through, look = _checks(source, fetcher, url, origin)
    load = fetcher.file(url, GUARDS[source.form], origin, through, look) or archive.newest(fetcher.folder)
    if load is None:
        raise SourceError(
            f"{url}: the portal says nothing has changed, but nothing was ever loaded. Remove {fetcher.visits.path} and try again."
        )
    return load


def _checks(source: Source, fetcher: Fetcher, url: str, origin: str) -> tuple[Callable[[Chunks], Chunks], Callable[[Path], None]]:
    """What the bytes of a file go through while they come, and what looks at the whole of it. Lines need only the first."""
    if source.form != "delimited":
        return lambda chunks: chunks, partial(_whole, source, url, origin)
    before = archive.newest(fetcher.folder)
    not_its_file = (name_of(source.id), extract_name(source.id))  # a list of pages, or the bundled extract

    def ended_before() -> bool:
        return before is not None and before.origin not in not_its_file and archive.ends_with(before, ENDS)

    return lambda chunks: long_enough(url, unbroken(chunks, source, url, ended_before), source.expect.rows_at_least), lambda path: None


def _whole(source: Source, url: str, origin: str, path: Path) -> None:
    """SourceError where the file at `path` has fewer rows than the data set ever had, or lacks columns."""
    with incoming.reading(source, archive.Archived(path, "", 0, origin, "")) as table:
        rows = sum(1 for row in table.rows if row)
    if rows < source.expect.rows_at_least:
        raise SourceError(
            f"{url}: {rows:,} rows came, fewer than the {source.expect.rows_at_least:,} of a whole file. Nothing was changed. "
            f"If the publisher really has fewer now, change expect: in data/sources/{source.id}.yml."
        )
    incoming.unknown_columns(source, table.columns, origin)


def survey_of(source: Source, fetcher: Fetcher, url: str) -> Survey:
    """The columns of the file at `url`, checked against the source file, and its number of rows."""
    load = fetch_from(source, fetcher, url)
    with incoming.reading(source, load) as table:
        incoming.unknown_columns(source, table.columns, load.origin)
        try:
            rows = sum(1 for row in table.rows if row)
        except (UnicodeDecodeError, csv.Error) as error:
            raise SourceError(f"{url}: {error}. Is `encoding` right in data/sources/{source.id}.yml?") from error
    columns = {name: WireColumn(name=name, type="text") for name in table.columns}
    return Survey(columns, rows, load.read_at, "", 0)
