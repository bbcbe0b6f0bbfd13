"""What went wrong or looks odd, kept as rows: a person must be able to find the row and know what to do."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Issue(NamedTuple):
    """One warning (known or harmless) or error (exit status 1), with its file, row (first data row is 1) and remedy."""

    source: str
    severity: Literal["warning", "error"]
    kind: str
    file: str
    row: int | None
    field: str
    value: str
    message: str
    remedy: str
