"""What reviewers found: data/reviews.csv, one line for each council matter somebody read beside a purchase.

A matter that merely looks like the vote on a purchase is a lead. Whoever has read both says here whether they are the
same; that line, and never an edit in the database, turns the lead into a link or takes it away. `row` is a table and an
id as the site's addresses have them (contracts/us-xx-city_123); reviewers are named by their role, never by name.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal

from .errors import DataError
from .shape import Strict, convert

FILE = "reviews.csv"
TABLES = ("contracts", "records")


class Review(Strict, frozen=True):
    """One matter of one source (`matter_number` as published) read beside one purchase: is it the vote on it?"""

    source: str
    matter_number: str
    row: str
    verdict: Literal["same_purchase", "another_purchase"]
    reviewer_role: Literal["maintainer", "librarian", "lawyer", "journalist", "clerk", "researcher"]
    reviewed_on: date
    read_title: str
    read_url: str
    note: str


COLUMNS = Review.__struct_fields__


def load_reviews(data: Path, councils: Collection[str]) -> list[Review]:
    """Every review, in the order of the file; `councils` are the sources of council matters. DataError names line and remedy."""
    path = data / FILE
    try:
        lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True)
        if tuple(header := next(lines, [])) != COLUMNS:
            raise DataError(f"{path}:1: the columns are {', '.join(header)}. They must be {', '.join(COLUMNS)}, in this order.")
        found = [_read(f"{path}:{lines.line_num}", cells) for cells in lines]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV in UTF-8 ({error}). With no review yet, keep its first line alone.") from error
    for problem in _problems(found, councils):
        raise DataError(f"{path}: {problem}")
    return found


def _read(where: str, cells: list[str]) -> Review:
    if len(cells) != len(COLUMNS):
        raise DataError(f"{where}: {len(cells)} cells, not {len(COLUMNS)}. Put a cell that has a comma into quotation marks.")
    return convert(dict(zip(COLUMNS, cells, strict=True)), Review, where)


def _problems(found: list[Review], councils: Collection[str]) -> Iterator[str]:
    keys = [(one.source, one.matter_number, one.row) for one in found]
    for one in found:
        table, _, ref = one.row.partition("/")
        if one.source not in councils:
            yield f"`{one.source}` is no source of council matters. Write one of: {', '.join(sorted(councils)) or 'none is here yet'}."
        if table not in TABLES or not ref:
            yield f"`{one.row}`: write contracts/ or records/, then the id as it stands at the end of the row's address."
        if not one.read_url.startswith("https://") or not one.read_title:
            yield f"{one.matter_number}, {one.row}: say what was read: its title, and its address beginning with https://."
        if keys.count((one.source, one.matter_number, one.row)) > 1:
            yield f"{one.matter_number}, {one.row}: reviewed twice. Keep the line that holds."


def review_rows(found: list[Review]) -> Iterator[dict[str, Any]]:
    """One row per review; one of something that is not loaded is kept, and the page shows that nothing answers to it."""
    for number, one in enumerate(found, 1):
        yield {
            "id": f"review_{number}", "source": one.source, "matter_number": one.matter_number, "row": one.row, "verdict": one.verdict,
            "reviewer_role": one.reviewer_role, "reviewed_on": one.reviewed_on.isoformat(), "read_title": one.read_title,
            "read_url": one.read_url, "note": one.note,
        }  # fmt: skip
