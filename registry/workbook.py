"""Rows of an XLSX workbook as text, nothing lost: ISO dates, numbers with the digits they have, formulas as their values.

A workbook is a zip file of XML from a stranger, so what it would unpack to is looked at first, and defusedxml (which openpyxl
uses where it is installed) refuses entities: https://openpyxl.readthedocs.io/en/stable/#security
"""

from __future__ import annotations

import datetime
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

import zstandard

from .errors import SourceError

MOST_BYTES = 512 << 20  # of the file
MOST_UNPACKED = 2 << 30  # of all its parts
MOST_STRINGS = 512 << 20  # of the one part that is held in memory
MOST_PARTS = 10_000
MOST_CELLS = 1_000  # of one row: the format allows 16,384, which no list of contracts has
CHUNK = 1 << 20
STRINGS = "xl/sharedStrings.xml"
SHEETS = "xl/worksheets/"

Values = tuple[Any, ...]


@contextmanager
def unpacked(path: Path, name: str, sheet: str) -> Iterator[Iterator[list[str]]]:
    """The rows of one sheet of the archived workbook at `path`, as text, the first of them the header.

    `sheet` may be "" where there is only one. SourceError where it is missing, or the file is no workbook or far too large.
    """
    with tempfile.TemporaryFile() as file:
        try:
            _decompress(path, name, file)
            _refuse_bomb(file, name)
            yield _texts(_values(file, name, sheet))
        except (zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, EOFError) as error:
            told = str(error) or type(error).__name__
            raise SourceError(f"{name}: not a workbook that can be read ({told}). Is it the right file?") from error


def _decompress(path: Path, name: str, file: IO[bytes]) -> None:
    size = 0
    with zstandard.open(path, "rb") as packed:
        while chunk := packed.read(CHUNK):
            size += len(chunk)
            if size > MOST_BYTES:
                raise SourceError(f"{name}: the workbook is longer than {MOST_BYTES:,} bytes. Ask the publisher for a CSV file.")
            file.write(chunk)


def _refuse_bomb(file: IO[bytes], name: str) -> None:
    """Refuse what would fill memory or disk. A part never unpacks to more than the zip file says of it."""
    with zipfile.ZipFile(file) as parts:
        sizes = {one.filename: one.file_size for one in parts.infolist()}
    if len(sizes) > MOST_PARTS or sum(sizes.values()) > MOST_UNPACKED or sizes.get(STRINGS, 0) > MOST_STRINGS:
        raise SourceError(
            f"{name}: the workbook would unpack to {sum(sizes.values()):,} bytes in {len(sizes):,} parts, which is too much to be a list. "
            "Nothing was changed; ask the publisher for a CSV file."
        )


def _values(file: IO[bytes], name: str, sheet: str) -> Iterator[Values]:
    """The rows of the sheet; SourceError for a formula whose value is not in the file, since blank would be wrong."""
    calculated = _rows(file, name, sheet, False) if _calculates(file) else repeat(())
    for number, (values, formulas) in enumerate(zip(_rows(file, name, sheet, True), calculated, strict=False), 1):
        if any(value is None and formula is not None for value, formula in zip(values, formulas, strict=False)):
            raise SourceError(
                f"{name}, row {number}: a formula's value is not in the file. Open it in a spreadsheet program, save it, load it again."
            )
        yield values


def _calculates(file: IO[bytes]) -> bool:
    """Whether any sheet holds a formula."""
    with zipfile.ZipFile(file) as parts:
        return any(_holds(parts, one) for one in parts.namelist() if one.startswith(SHEETS))


def _holds(parts: zipfile.ZipFile, part: str) -> bool:
    last = b""
    with parts.open(part) as xml:
        while chunk := xml.read(CHUNK):
            if b"<f>" in last + chunk or b"<f " in last + chunk:
                return True
            last = chunk[-2:]
    return False


def _rows(file: IO[bytes], name: str, sheet: str, values: bool) -> Iterator[Values]:
    import openpyxl  # a tenth of a second and some megabytes of every load, which most loads have no use for

    book = openpyxl.load_workbook(file, read_only=True, data_only=values, keep_links=False)
    names = [one.title for one in book.worksheets]
    if sheet not in names and (sheet or len(names) != 1):
        raise SourceError(
            f"{name}: {f'no sheet is called {sheet!r}' if sheet else 'it has several sheets'}; there are: {', '.join(map(repr, names))}. "
            "Write e.g. `sheet: NAME` in the source file, or `--sheet NAME` where it is not written yet."
        )
    chosen = book[sheet or names[0]]
    chosen.reset_dimensions()  # what a file says of its own size is often wrong, and rows past it would be lost
    for row in chosen.iter_rows(values_only=True):
        if len(row) > MOST_CELLS and any(value is not None for value in row[MOST_CELLS:]):
            raise SourceError(f"{name}: a row has more than {MOST_CELLS:,} cells. Is it the right sheet?")
        yield row[:MOST_CELLS]


def _texts(rows: Iterator[Values]) -> Iterator[list[str]]:
    """Rows as wide as the header, without the blank cells that spreadsheets leave at their ends; a blank row is no row: []."""
    width = 0
    for row in rows:
        cells = [cell_text(value) for value in row]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        width = width or len(cells)
        yield cells + [""] * (width - len(cells)) if any(cells) else []


def cell_text(value: Any) -> str:
    """One cell as text: "" for none, ISO for a day or moment, plain digits for a number, the words of anything else."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)
