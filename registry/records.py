"""Public records: dated, sourced facts that no portal serves, one CSV row each in data/records.

A row is a grant docket, a purchase told by the press, a council vote, a records release. Every file
has the same columns (the fields of `Record`, in order) and every cell is checked as it is read.
`decided_by`: council is the elected legislative body (council, board of supervisors or aldermen,
commission, town meeting), board any other board, department any administrative office or officer.
`government_source` is yes only where the address cited is the acting body's own record, read there:
a copy, a transcription or another city's statement is not.
"""

from __future__ import annotations

import calendar
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from .errors import DataError
from .shape import Strict, convert

Event = Literal[
    "annual_report", "approval", "audit", "contract", "court_ruling", "data_sharing", "donation", "grant", "incident",
    "ordinance", "policy_filed", "purchase", "records_release", "refusal", "renewal", "suspension", "termination",
    "trial", "withdrawal",
]  # fmt: skip
Channel = Literal["city_contract", "cooperative", "donation", "forfeiture", "foundation", "grant", "shared", "trial", "unknown"]
DecidedBy = Literal["", "council", "mayor", "department", "board", "court", "supplier", "other"]
Status = Literal["approved", "refused", "suspended", "terminated", "withdrawn"]


class Record(Strict, frozen=True):
    """One dated, sourced public fact. `amount` in `currency`; dates YYYY, YYYY-MM or YYYY-MM-DD, or empty."""

    id: str
    jurisdiction: str
    buyer_unit: str
    technology: str
    product: str
    supplier: str
    event_type: Event
    stage: Literal["", "proposed", "decided", "reported", "paid"]
    event_date: str
    date_precision: Literal["", "year", "month", "day"]
    amount: Decimal | None
    currency: Literal["", "USD"]
    period_start: str
    period_end: str
    channel: Channel
    channel_detail: str
    title: str
    finding: str
    decided_by: DecidedBy
    evidence_grade: Literal["primary", "official", "press", "advocacy", "secondary"]
    government_source: Literal["", "yes"]
    source_title: str
    source_publisher: str
    source_url: str
    source_date: str
    same_as: str
    review: Literal["yes", "no"]
    face_module: Literal["", "yes"]
    notes: str


class _Line(NamedTuple):
    where: str
    cells: dict[str, str]


COLUMNS = Record.__struct_fields__
REQUIRED = ("id", "buyer_unit", "title", "finding", "source_title", "source_publisher", "source_url")
DATES = ("event_date", "period_start", "period_end", "source_date")
CLOSED: Mapping[str, tuple[str, ...]] = {
    name: get_args(hint) for name, hint in get_type_hints(Record).items() if get_origin(hint) is Literal
}
ACTIONS: Mapping[str, str] = {
    "purchase": "acquire",
    "contract": "acquire",
    "renewal": "renew",
    "grant": "accept_grant",
    "donation": "accept_donation",
    "trial": "trial",
    "data_sharing": "share_agreement",
}
STATUSES: Mapping[str, Status] = {
    "approval": "approved",
    "refusal": "refused",
    "suspension": "suspended",
    "termination": "terminated",
    "withdrawal": "withdrawn",
}
PRECISION = {4: "year", 7: "month", 10: "day", 0: ""}
_DATE = re.compile(r"((?:19|20)[0-9]{2})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?)?")
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?")
_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def load_records(data_dir: Path, jurisdictions: Collection[str], technologies: Collection[str]) -> list[Record]:
    """Read every data/records/*.csv in name order; DataError names file:row:column, value and what is allowed."""
    allowed = _allowed(jurisdictions, technologies)
    lines = [line for path in sorted((data_dir / "records").glob("*.csv")) for line in _read(path)]
    for line in lines:
        _refuse(line, _cell_problems(line.cells, allowed))
        _refuse(line, _row_problems(line))
    _check_together(lines)
    return [_record(line) for line in lines]


def check_new(where: str, cells: Mapping[str, str], jurisdictions: Collection[str], technologies: Collection[str]) -> None:
    """DataError where a row that is about to be written at `where` would be refused, naming column, value and what is allowed."""
    line = _Line(where, dict(cells))
    _refuse(line, _cell_problems(line.cells, _allowed(jurisdictions, technologies)))
    _refuse(line, _row_problems(line))


def _allowed(jurisdictions: Collection[str], technologies: Collection[str]) -> dict[str, Collection[str]]:
    return {**CLOSED, "jurisdiction": sorted(jurisdictions), "technology": sorted(technologies)}


def interval(text: str) -> tuple[date, date]:
    """First and last day of YYYY, YYYY-MM or YYYY-MM-DD between 1900 and 2099; ValueError for anything else."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = (int(part or 0) for part in found.groups())
    first, last_month = date(year, month or 1, day or 1), month or 12
    return first, date(year, last_month, day or calendar.monthrange(year, last_month)[1])


def is_acquisition(record: Record) -> bool:
    """Whether the record is judged like a contract: done, not proposed, and the first telling of its event."""
    return record.event_type in ACTIONS and record.stage in ("reported", "paid") and not record.same_as


def is_decision(record: Record) -> bool:
    """Whether the record tells a decision on a tool, by anyone."""
    return record.event_type in STATUSES and record.stage == "decided"


def action_of(record: Record) -> str | None:
    """The law's word for what the record tells (acquire, renew, ...), or None if it is no acquisition."""
    return ACTIONS.get(record.event_type)


def _read(path: Path) -> Iterator[_Line]:
    """Yield each row with its place; bytes that are not UTF-8 are kept as marks for the cell check to refuse."""
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        remedy = "Look for an unclosed quote or a very long cell at or above this row."
        raise DataError(f"{path}:{reader.line_num}: not readable as CSV: {error}. {remedy}") from error
    _check_header(path, rows[0][1] if rows else [])
    for number, row in rows[1:]:
        where = f"{path}:{number}"
        if len(row) != len(COLUMNS):
            at = COLUMNS[min(len(row), len(COLUMNS) - 1)]
            raise DataError(f"{where}:{at}: {len(row)} cells where the header has {len(COLUMNS)}. Quote commas.")
        yield _Line(where, dict(zip(COLUMNS, row, strict=True)))


def _check_header(path: Path, header: list[str]) -> None:
    if tuple(header) == COLUMNS:
        return
    missing = [name for name in COLUMNS if name not in header]
    extra = [ascii(name) for name in header if name not in COLUMNS]
    words = f"missing {', '.join(missing) or 'none'}; not known {', '.join(extra) or 'none'}"
    raise DataError(f"{path}:1: wrong header: {words}. Write exactly: {','.join(COLUMNS)}")


def _refuse(line: _Line, problems: Iterator[tuple[str, str]]) -> None:
    for column, words in problems:
        raise DataError(f"{line.where}:{column}: {line.cells[column]!a} {words}")


def _cell_problems(cells: Mapping[str, str], allowed: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str]]:
    for column, cell in cells.items():
        if _UNREADABLE.search(cell):
            yield column, "holds a control character or bytes that are not UTF-8. Save it as UTF-8, one line a row."
        if column in REQUIRED and not cell.strip():
            yield column, "is empty. Every record needs it."
        if column in allowed and cell not in allowed[column]:
            yield column, f"is not allowed. Allowed: {', '.join(one or '(empty)' for one in allowed[column])}."
        if column in _CELL_CHECKS and cell and not _CELL_CHECKS[column][0](cell):
            yield column, _CELL_CHECKS[column][1]


def _is_date(cell: str) -> bool:
    try:
        interval(cell)
    except ValueError:
        return False
    return True


def _is_url(cell: str) -> bool:
    try:
        parts = urlsplit(cell)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in parts.netloc and not re.search(r"\s", cell)


_CELL_CHECKS: Mapping[str, tuple[Callable[[str], object], str]] = {
    **{name: (_is_date, "is not a date from 1900 to 2099. Write YYYY, YYYY-MM or YYYY-MM-DD, or leave it empty.") for name in DATES},
    "amount": (_AMOUNT.fullmatch, "is not an amount. Write digits only, such as 1250000 or 99.50."),
    "source_url": (_is_url, "is not an address. Write the http or https address of the thing itself."),
    "id": (re.compile(r"[a-z0-9-]+").fullmatch, "is not an id. Use small letters, digits and hyphens."),
}


def _row_problems(line: _Line) -> Iterator[tuple[str, str]]:
    """What only shows when the cells of one row are read together."""
    cells = line.cells
    if not cells["id"].startswith(cells["jurisdiction"] + "-"):
        yield "id", f"must begin with its jurisdiction, `{cells['jurisdiction']}-`."
    if not cells["jurisdiction"].startswith(Path(line.where).name.partition(".csv")[0]):
        yield "jurisdiction", "belongs in another file. A file is named after the start of its jurisdictions."
    if cells["date_precision"] != PRECISION[len(cells["event_date"])]:
        yield "date_precision", f"does not fit event_date `{cells['event_date']}`."
    if bool(cells["amount"]) != bool(cells["currency"]):
        yield "currency", "must be filled exactly where amount is."
    if bool(cells["decided_by"]) != (cells["stage"] == "decided"):
        yield "decided_by", "must be filled exactly where stage is `decided`."
    if cells["government_source"] and cells["evidence_grade"] not in ("primary", "official"):
        yield "government_source", f"cannot be yes for evidence graded `{cells['evidence_grade']}`."
    if cells["review"] == "no" and not cells["event_date"]:
        yield "review", "must be yes: a record without event_date needs a person's eye."
    if cells["period_start"] and cells["period_end"] and not _in_order(cells["period_start"], cells["period_end"]):
        yield "period_end", f"comes before period_start `{cells['period_start']}`."


def _in_order(start: str, end: str) -> bool:
    return interval(start)[0] <= interval(end)[1]


def _check_together(lines: list[_Line]) -> None:
    """Ids are unique over all files, and `same_as` names a record that itself stands for no other."""
    seen: dict[str, _Line] = {}
    for line in lines:
        first = seen.setdefault(line.cells["id"], line)
        if first is not line:
            _refuse(line, iter([("id", f"is already used at {first.where}. Give this record an id of its own.")]))
    for line in lines:
        target = line.cells["same_as"]
        if target and (target not in seen or seen[target].cells["same_as"] or target == line.cells["id"]):
            _refuse(line, iter([("same_as", "must be the id of the record that counts, which has no same_as.")]))


def _record(line: _Line) -> Record:
    return convert({**line.cells, "amount": line.cells["amount"] or None}, Record, line.where)
