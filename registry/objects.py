"""Rows of a JSON file: an array of objects, at its top or at a place that the source file declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import zstandard

from .errors import SourceError
from .pages import Record, parse_json, text

MOST_BYTES = 256 << 20  # it is held in memory


def table(path: Path, name: str, rows_at: str) -> tuple[list[str], list[list[str]]]:
    """The columns (the names of all objects, in the order they come up) and the rows as text of the archived file at `path`.

    `rows_at` leads to the array by names joined with dots; "" where the array is the file. SourceError where it is not there.
    """
    records = _records(_at(_read(path, name), name, rows_at), name, rows_at)
    columns = list(dict.fromkeys(column for record in records for column in record))
    return columns, [[text(record.get(column)) for column in columns] for record in records]


def _read(path: Path, name: str) -> Any:
    with zstandard.open(path, "rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise SourceError(f"{name}: the JSON file is longer than {MOST_BYTES:,} bytes. Ask the publisher for a CSV file.")
    try:
        return parse_json(raw)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{name}: the JSON is cut short or malformed ({error}). Nothing was changed; fetch it again.") from error


def _at(body: Any, name: str, rows_at: str) -> Any:
    for step in filter(None, rows_at.split(".")):
        if not isinstance(body, dict) or step not in body:
            raise _not_there(body, name, rows_at)
        body = body[step]
    return body


def _records(body: Any, name: str, rows_at: str) -> list[Record]:
    if isinstance(body, list) and all(isinstance(one, dict) for one in body):
        return body
    raise _not_there(body, name, rows_at)


def _not_there(body: Any, name: str, rows_at: str) -> SourceError:
    has = f"has {', '.join(map(repr, list(body)[:20]))}" if isinstance(body, dict) else f"is {type(body).__name__}"
    where = f"at {rows_at!r}" if rows_at else "at the top of the file"
    return SourceError(
        f"{name}: no array of objects {where}; what stands there {has}. Write where the rows are, e.g. `rows_at: data.items`, "
        "in the source file, or `--rows-at data.items` where it is not written yet. Nothing was changed."
    )
