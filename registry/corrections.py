"""The public log of corrections: data/corrections.csv, one line for each thing this registry said and no longer says.

`row` is a table and an id as the site's addresses have them (records/us-xx-city-001); `field` is the column. Where the
registry reads that column from a file of records, the newest correction must be what the row says today.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from .errors import DataError
from .law_book import LawBook
from .records import Record
from .shape import Strict, convert
from .source import Source
from .vocabulary import Supplier, Technology

FILE = "corrections.csv"


class Correction(Strict, frozen=True):
    """What one field of one row `said` before and `says` since `date`, why, and who noticed (a role, never a name)."""

    date: date
    row: str
    field: str
    said: str
    says: str
    why: str
    source_url: str
    reported_by: Literal["reader", "journalist", "government", "supplier", "maintainer"]

    @property
    def table(self) -> str:
        """The table of the row."""
        return self.row.partition("/")[0]

    @property
    def ref(self) -> str:
        """The id of the row."""
        return self.row.partition("/")[2]


COLUMNS = Correction.__struct_fields__
Ids = Mapping[str, set[str]]


def known_ids(
    book: LawBook, technologies: Mapping[str, Technology], suppliers: Mapping[str, Supplier], sources: Mapping[str, Source],
    records: list[Record],
) -> Ids:  # fmt: skip
    """The rows that a correction can name, by table; contracts change at their portal, and are corrected there."""
    return {
        "records": {one.id for one in records}, "laws": set(book.laws), "jurisdictions": set(book.jurisdictions),
        "technologies": set(technologies), "suppliers": set(suppliers), "sources": set(sources),
        "products": {product.slug for supplier in suppliers.values() for product in supplier.products},
    }  # fmt: skip


def load_corrections(data: Path, ids: Ids, records: list[Record]) -> list[Correction]:
    """The log, oldest first; DataError names file, line, column and the remedy."""
    path = data / FILE
    try:
        text = path.read_text(encoding="utf-8")
        found = [_read(f"{path}:{number}", cells) for number, cells in _lines(path, text)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV in UTF-8 ({error}). With nothing to tell, keep its first line alone.") from error
    for problem in (*_problems(found, ids), *_not_as_today(found, records)):
        raise DataError(f"{path}: {problem}")
    return sorted(found, key=lambda one: (one.date, one.row, one.field))


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(lines, [])
    if tuple(header) != COLUMNS:
        raise DataError(f"{path}:1: the columns are {', '.join(header)}. They must be {', '.join(COLUMNS)}, in this order.")
    yield from ((lines.line_num, cells) for cells in lines)


def _read(where: str, cells: list[str]) -> Correction:
    if len(cells) != len(COLUMNS):
        raise DataError(f"{where}: {len(cells)} cells, not {len(COLUMNS)}. Put a cell that has a comma into quotation marks.")
    return convert(dict(zip(COLUMNS, cells, strict=True)), Correction, where)


def _problems(found: list[Correction], ids: Ids) -> Iterator[str]:
    keys = [(one.row, one.field, one.date) for one in found]
    for one in found:
        if one.table not in ids:
            yield f"`{one.row}`: there is no such table. Write one of {', '.join(ids)}, then `/` and the id of the row."
        elif one.ref not in ids[one.table]:
            yield f"`{one.row}`: {one.table} has no such row. Write the id as it stands at the end of the row's address."
        if not one.field or not one.why or one.said == one.says:
            yield f"`{one.row}`: give `field` and `why`, and a `said` that is not the same as `says`."
        if one.source_url and not one.source_url.startswith(("https://", "http://")):
            yield f"`{one.row}`: source_url `{one.source_url}` is no web address. Leave it empty where the row's own source shows it."
        if keys.count((one.row, one.field, one.date)) > 1:
            yield f"`{one.row}`: {one.field} is corrected twice on {one.date}. Keep one line, from the first `said` to the last `says`."


def _not_as_today(found: list[Correction], records: list[Record]) -> Iterator[str]:
    """A log that says otherwise than the row would be a second error."""
    rows = {one.id: one for one in records}
    newest = {(one.ref, one.field): one for one in sorted(found, key=lambda one: one.date) if one.table == "records"}
    for (ref, field), one in newest.items():
        if ref in rows and field in Record.__struct_fields__ and _text(getattr(rows[ref], field)) != one.says:
            yield f"`{one.row}`: {field} says `{_text(getattr(rows[ref], field))}` today, not `{one.says}`. Correct the row, or add a line."


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def correction_rows(corrections: list[Correction]) -> Iterator[dict[str, Any]]:
    """One row per correction."""
    for one in corrections:
        yield {
            "id": f"{one.table}_{one.ref}_{one.field}_{one.date}", "corrected_on": one.date.isoformat(), "of_table": one.table,
            "ref": one.ref, "field": one.field, "said": one.said, "says": one.says, "why": one.why, "source_url": one.source_url,
            "reported_by": one.reported_by,
        }  # fmt: skip
