"""Public records: dated, sourced facts that no portal serves, one CSV row each in data/records.

A row is a grant docket, a purchase told by the press, a council vote, a records release. Every file
has the same columns (the fields of `Record`, in order) and every cell is checked as it is read.
`decided_by`: council means the elected legislative body (council, board of supervisors or aldermen,
commission, town meeting); board means any other board; department any officer or office of the city.
`government_source` is yes only where the address cited is the deciding or reporting body's own record,
read there: a copy, a transcription or another city's statement is not.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple, get_args, get_type_hints
from urllib.parse import urlsplit

from .errors import DataError
from .intervals import interval
from .shape import Strict, convert

Event = Literal[
    "annual_report", "approval", "audit", "contract", "court_ruling", "data_sharing", "donation", "grant", "incident",
    "ordinance", "policy_filed", "purchase", "records_release", "refusal", "renewal", "suspension", "termination",
    "trial", "withdrawal",
]  # fmt: skip
Stage = Literal["", "proposed", "decided", "reported", "paid"]
Precision = Literal["", "year", "month", "day"]
Channel = Literal[
    "city_contract", "cooperative", "donation", "forfeiture", "foundation", "grant", "shared", "trial", "unknown"
]
DecidedBy = Literal["", "council", "mayor", "department", "board", "court", "supplier", "other"]
Grade = Literal["primary", "official", "press", "advocacy", "secondary"]
Yes = Literal["", "yes"]


class Record(Strict):
    """One dated, sourced public fact. `amount` in `currency`; dates YYYY, YYYY-MM or YYYY-MM-DD."""

    id: str
    jurisdiction: str
    buyer_unit: str
    technology: str
    product: str
    supplier: str
    event_type: Event
    stage: Stage
    event_date: str
    date_precision: Precision
    amount: Decimal | None
    currency: Literal["", "USD"]
    period_start: str
    period_end: str
    channel: Channel
    channel_detail: str
    title: str
    finding: str
    decided_by: DecidedBy
    evidence_grade: Grade
    government_source: Yes
    source_title: str
    source_publisher: str
    source_url: str
    source_date: str
    same_as: str
    review: Literal["yes", "no"]
    face_module: Yes
    notes: str


COLUMNS = Record.__struct_fields__
