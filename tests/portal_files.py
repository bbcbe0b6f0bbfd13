"""One file in three forms: delimited text, a workbook, JSON."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

import openpyxl
from portal_wires import Row, as_json
from werkzeug import Response


def as_csv(lines: list[Row], columns: list[str]) -> Response:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_values(line, columns) for line in lines)
    return Response(text.getvalue().encode(), 200, content_type="text/csv; charset=utf-8")


def as_object(lines: list[Row], columns: list[str]) -> Response:
    """An array of objects, two names deep."""
    return as_json({"meta": {"rows": len(lines)}, "data": {"items": [_values(line, columns) for line in lines]}})


def as_workbook(lines: list[Row], columns: list[str]) -> Response:
    """Two sheets, the second with the rows; days are days, amounts numbers. The same rows give the same bytes only in substance."""
    book = openpyxl.Workbook()
    book.active.title = "About"
    sheet = book.create_sheet("Rows")
    sheet.append(columns)
    for line in lines:
        sheet.append([_cell(name, value) for name, value in _values(line, columns).items()])
    raw = io.BytesIO()
    book.save(raw)
    return Response(raw.getvalue(), 200, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def _values(line: Row, columns: list[str]) -> Row:
    return {column: line.get(column, line.get(column.lower())) for column in columns}


def _cell(name: str, value: Any) -> Any:
    return datetime.date.fromisoformat(value) if name == "starts" else value
