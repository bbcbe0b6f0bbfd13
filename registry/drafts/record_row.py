"""`registry new record`: one row more in the right file of data/records, checked before it is written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..catalog import load_catalog
from ..errors import DataError
from ..records import COLUMNS, PRECISION, check_new

# Facts that a reader misses most: where they are not known, the row's notes say so.
MISSED = ("event_date", "stage", "source_date")


def new_record(data: Path, jurisdiction: str, told: Mapping[str, str]) -> str:
    """Append one row; `told` holds the columns that were given, by name. DataError where it would be refused: nothing is written.

    A draft is marked for review unless `told` says otherwise, and what is not known is blank and named in its notes.
    """
    catalog = load_catalog(data)
    path = _file(data / "records", jurisdiction)
    row = record_cells(jurisdiction, told, [one.id for one in catalog.records])
    check_new(f"{path}:new row", row, set(catalog.book.jurisdictions), set(catalog.technologies))
    _append(path, row)
    marked = "It is marked for review: write `no` there once the source was read and everything fits. " if row["review"] == "yes" else ""
    return f"Wrote {row['id']} into {path}. {marked}\nNext: registry check".replace(" \n", "\n")


def record_cells(jurisdiction: str, told: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """All cells of the new row, in the order of the columns. Pure."""
    cells = {**dict.fromkeys(COLUMNS, ""), "channel": "unknown", "review": "yes", **told}
    cells |= {"id": _next_id(jurisdiction, taken), "jurisdiction": jurisdiction}
    cells["date_precision"] = PRECISION.get(len(cells["event_date"]), "")
    cells["currency"] = "USD" if cells["amount"] else ""
    missing = [name for name in MISSED if not cells[name]]
    cells["notes"] = " ".join(filter(None, (cells["notes"], f"Not known: {', '.join(missing)}." if missing else "")))
    return cells


def _next_id(jurisdiction: str, taken: Iterable[str]) -> str:
    numbers = [int(found[1]) for one in taken if (found := re.fullmatch(rf"{re.escape(jurisdiction)}-([0-9]+)", one))]
    return f"{jurisdiction}-{max(numbers, default=0) + 1:03}"


def _file(folder: Path, jurisdiction: str) -> Path:
    """The file named after the longest start of the place's id, else a new one named after its state."""
    fit = [path for path in folder.glob("*.csv") if jurisdiction.startswith(path.stem)]
    return max(fit, key=lambda path: len(path.stem), default=folder / f"{'-'.join(jurisdiction.split('-')[:2])}.csv")


def _append(path: Path, row: Mapping[str, str]) -> None:
    """Write the row after the last one; a file that is new gets its header, one that was cut short is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_bytes() if path.exists() else (",".join(COLUMNS) + "\n").encode()
    if not old.endswith(b"\n"):
        raise DataError(f"{path}: the last line does not end. End it in an editor, run `registry check`, then add the row again.")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n" if old.endswith(b"\r\n") else "\n").writerow([row[name] for name in COLUMNS])
    path.write_bytes(old + text.getvalue().encode())
