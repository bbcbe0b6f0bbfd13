"""An archived load as a table: its columns, then its rows as lists of text, whatever form the portal sent it in."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, Protocol

from . import objects, pages, workbook
from .archive import READ_AHEAD, Archived, Bytes, opened
from .errors import SourceError
from .issues import Issue
from .scope import extract_name
from .source import Source

LONGEST_ROW = 1_000_000
# A quotation mark that is never closed would swallow the rest of the file; no real value is this long.
LONGEST_FIELD = 1 << 26


class Watch(Protocol):
    """Notes, while rows are read, that one of them may have to be refused: it must be looked at by itself."""

    @property
    def suspect(self) -> bool:
        """Whether anything was noted since the start."""

    def start(self) -> None:
        """Forget what was noted so far."""


class Table(NamedTuple):
    """All columns the portal has; those of each row, in order; the rows; and what is noticed while they are read."""

    columns: list[str]
    header: list[str]
    rows: Iterator[list[str]]
    watch: Watch


class _Passing:
    """The same notes for a text, taken from the bytes behind it: a look at every line would cost as much as reading it.

    The bytes run ahead, so a NUL makes all that follows suspect, and a block is suspect a little before it is too long.
    """

    def __init__(self, passing: Bytes) -> None:
        self.passing = passing
        self.start()

    def start(self) -> None:
        self.before = self.passing.passed

    @property
    def suspect(self) -> bool:
        return self.passing.nul or self.passing.passed - self.before > LONGEST_ROW - 2 * READ_AHEAD


class _Values:
    """The same notes for rows that did not come as a text of lines."""

    def __init__(self, rows: Iterator[list[str]]) -> None:
        self.rows = rows
        self.noted = False

    def start(self) -> None:
        self.noted = False

    @property
    def suspect(self) -> bool:
        return self.noted

    def __iter__(self) -> Iterator[list[str]]:
        for row in self.rows:
            if sum(map(len, row)) > LONGEST_ROW or any("\0" in value for value in row):
                self.noted = True
            yield row


@contextmanager
def reading(source: Source, load: Archived) -> Iterator[Table]:
    """The load as a table; SourceError where it has no header or its archive is damaged."""
    # The bundled extract of a source is always a delimited file, whatever form the portal's own has.
    of_its_own = {extract_name(source.id): "delimited", pages.name_of(source.id): "pages"}
    with _TABLES[of_its_own.get(load.origin, source.form)](source, load) as table:
        yield table


@contextmanager
def _of_pages(source: Source, load: Archived) -> Iterator[Table]:
    manifest = pages.read_manifest(load)
    values = _Values(pages.rows(source, load.path.parent, manifest))
    own = [column for column in source.kept if source.portals_own(column)]
    yield Table([*manifest.columns, *own], list(source.kept), iter(values), values)


@contextmanager
def _of_workbook(source: Source, load: Archived) -> Iterator[Table]:
    with workbook.unpacked(load.path, load.origin, source.sheet) as rows:
        header = [name.strip() for name in next(rows, [])]
        if not header:
            raise SourceError(f"{source.id}: the first row of {load.origin} is blank, so it has no header. Is it the right sheet?")
        values = _Values(rows)
        yield Table(header, header, iter(values), values)


@contextmanager
def _of_objects(source: Source, load: Archived) -> Iterator[Table]:
    header, rows = objects.table(load.path, load.origin, source.rows_at)
    values = _Values(iter(rows))
    yield Table(header, header, iter(values), values)


@contextmanager
def _of_lines(source: Source, load: Archived) -> Iterator[Table]:
    with opened(load, source.encoding) as (text, passing), _wide_fields():
        rows = csv.reader(text, delimiter=source.delimiter, strict=True)
        header = _header(source, load, rows)
        yield Table(header, header, rows, _Passing(passing))


_TABLES: Mapping[str, Callable[[Source, Archived], AbstractContextManager[Table]]] = {
    "pages": _of_pages,
    "xlsx": _of_workbook,
    "json": _of_objects,
    "delimited": _of_lines,
}


@contextmanager
def _wide_fields() -> Iterator[None]:
    """Let the csv module read a huge field, so that it can be refused as a row and the rest still be read."""
    usual = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(usual)


def _header(source: Source, load: Archived, rows: Iterator[list[str]]) -> list[str]:
    try:
        return [name.strip() for name in next(rows)]
    except UnicodeDecodeError as error:
        raise undecodable(source, load, error, 0) from error
    except (StopIteration, csv.Error) as error:
        raise SourceError(f"{source.id}: {load.origin} has no header row ({str(error) or 'it is empty'}). Is it the right file?") from error


def undecodable(source: Source, load: Archived, error: UnicodeDecodeError, row: int) -> SourceError:
    """The file is decoded in pieces: the line ends before the bad byte lie between it and the row that was being read."""
    before = error.object[: error.start]
    near = row + (before.count(b"\n") or before.count(b"\r"))
    return SourceError(
        f"{source.id}: {load.origin}, near row {near}: bytes are not {source.encoding} ({error.reason}). "
        f"If the portal sends another encoding, write e.g. `encoding: latin-1` in data/sources/{source.id}.yml."
    )


def unknown_columns(source: Source, columns: list[str], origin: str) -> list[Issue]:
    """The columns nobody has looked at yet. SourceError where one that is needed is missing or there twice."""
    missing = [column for column in source.kept if column not in columns]
    if missing:
        raise SourceError(
            f"{source.id}: {origin} lacks the column {', '.join(map(repr, missing))}. "
            f"It has: {', '.join(columns)}. If the portal renamed it, change data/sources/{source.id}.yml."
        )
    twice = sorted({column for column in source.kept if columns.count(column) > 1})
    if twice:
        raise SourceError(f"{source.id}: {origin} has the column {', '.join(map(repr, twice))} twice; which is meant?")
    return [_new_column(source, origin, name) for name in columns if name not in source.known]


def _new_column(source: Source, origin: str, name: str) -> Issue:
    return Issue(
        source.id,
        "error",
        "unknown_column",
        origin,
        None,
        name,
        "",
        f"The file has a column we do not know: {name!r}.",
        f"Map it, or name it under ignore: or never_fetched: in data/sources/{source.id}.yml.",
    )
