"""One delimited file at one address."""

from __future__ import annotations

import csv
from pathlib import PurePosixPath

import httpx

from .. import archive, incoming
from ..errors import SourceError
from ..fetch import Fetcher, csv_trouble
from ..pages import WireColumn
from ..source import Source
from .paged import Survey


def fetch(source: Source, fetcher: Fetcher) -> None:
    """Archive the file at the source's address."""
    fetch_from(source, fetcher, address(source))


def survey(source: Source, fetcher: Fetcher) -> Survey:
    """Fetch the file and say what columns and how many lines it has."""
    return survey_of(source, fetcher, address(source))


def address(source: Source) -> str:
    """Where the file lies."""
    return f"{source.access['base']}/{source.access['path']}"


def fetch_from(source: Source, fetcher: Fetcher, url: str) -> archive.Archived:
    """Archive the file at `url`, unless it is not one, or shorter than the data set ever was."""
    origin = PurePosixPath(httpx.URL(url).path).name or f"{source.id}.csv"
    load = fetcher.file(url, csv_trouble, origin, source.expect.rows_at_least) or archive.newest(fetcher.folder)
    if load is None:
        raise SourceError(
            f"{url}: the portal says nothing has changed, but nothing was ever loaded. Remove {fetcher.visits.path} and try again."
        )
    return load


def survey_of(source: Source, fetcher: Fetcher, url: str) -> Survey:
    """The columns of the file at `url`, checked against the source file, and its number of rows."""
    load = fetch_from(source, fetcher, url)
    with incoming.reading(source, load) as table:
        incoming.unknown_columns(source, table.columns, load.origin)
        try:
            rows = sum(1 for _ in table.rows)
        except (UnicodeDecodeError, csv.Error) as error:
            raise SourceError(f"{url}: {error}. Is `encoding` right in data/sources/{source.id}.yml?") from error
    columns = {name: WireColumn(name=name, type="text") for name in table.columns}
    return Survey(columns, rows, load.read_at, "", 0)
