"""CSV and XLSX that are whole or refused, never cut without a word.

Datasette's own CSV of a question stops at `max_returned_rows` and does not say so; here a question's CSV is written anew. A
table's CSV is streamed by Datasette itself (see limits.py). XLSX of a table or a question holds every row that was asked for;
each text is a text cell, so a portal's "=1+1" is never computed. CSV stays as the source has it: it is for programs.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from datasette import Response, hookimpl
from datasette.database import QueryInterrupted
from datasette.utils import InvalidSql, derive_named_parameters, path_with_removed_args, validate_sql_select
from datasette.utils.asgi import AsgiStream, BadRequest, NotFound

DATABASE = "registry"
MOST_ROWS = 50_000  # of a spreadsheet; making one takes some ten seconds of a processor
CELL = 32_767  # letters; a spreadsheet program refuses a file with more in one cell
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = re.compile(r"\s+limit\s+\d+(\s+offset\s+\d+)?\s*$")
BATCH = 500  # rows written to the reader at once
Rows = Sequence[Sequence[Any]]


async def all_rows(datasette: Any, sql: str, given: dict[str, Any]) -> tuple[list[str], Rows]:
    """Names of the columns, and every row; BadRequest where a statement may take no more time or memory."""
    try:
        found = await datasette.get_database(DATABASE).execute(sql, given, truncate=False)
    except QueryInterrupted as error:
        raise BadRequest("It takes too long to read every row. Ask for fewer, or take the CSV of a whole table.") from error
    except (sqlite3.OperationalError, InvalidSql) as error:
        raise BadRequest(f"Not every row can be given: {error}.") from error
    return [one[0] for one in found.description], [tuple(row) for row in found.rows]


def _name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text)[:60] or DATABASE


async def csv_of(datasette: Any, send: Any, name: str, sql: str, given: dict[str, Any]) -> None:
    """Answer with the whole of a question as CSV."""
    columns, rows = await all_rows(datasette, sql, given)

    async def write(out: Any) -> None:
        for first in range(-1, len(rows), BATCH):
            part = io.StringIO(newline="")
            writer = csv.writer(part)
            writer.writerows([columns] if first < 0 else [])
            writer.writerows(rows[max(first, 0) : first + BATCH])
            await out.write(part.getvalue())

    headers = {"content-disposition": f'inline; filename="{_name(name)}.csv"'}
    await AsgiStream(write, headers=headers, content_type="text/csv; charset=utf-8").asgi_send(send)


async def question_csv(datasette: Any, request: Any, send: Any) -> None:
    """/registry/QUESTION.csv"""
    name = request.url_vars["question"]
    query = await datasette.get_canned_query(DATABASE, name, request.actor)
    if query is None:
        raise NotFound(f"There is no question {name}.")
    given = {one: request.args.get(one) or "" for one in query.get("params") or []}
    await csv_of(datasette, send, name, query["sql"], given)


async def own_csv(datasette: Any, request: Any, send: Any) -> None:
    """/registry.csv?sql=..."""
    await datasette.ensure_permissions(request.actor, [("execute-sql", DATABASE), ("view-database", DATABASE), "view-instance"])
    sql = request.args.get("sql") or ""
    try:
        validate_sql_select(sql)
    except InvalidSql as error:
        raise BadRequest(str(error)) from error
    names = await derive_named_parameters(datasette.get_database(DATABASE), sql)
    await csv_of(datasette, send, "own-question", sql, {name: request.args.get(name) or "" for name in names})


def _cell(value: Any) -> Any:
    """A value as it is written: numbers as numbers, everything else as text that fits."""
    if value is None or isinstance(value, (int, float)):
        return value if value is None or abs(value) < 10**15 else str(value)
    text = value if isinstance(value, str) else json.dumps(value, default=repr)
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def workbook(columns: list[str], rows: Rows, about: list[tuple[str, str]], made: str) -> bytes:
    """An XLSX file with the rows and, on a second sheet, where they come from; `made` is the ISO moment written into it."""
    target = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "constant_memory": True}
    with xlsxwriter.Workbook(target, {**plain, "nan_inf_to_errors": True}) as book:
        book.set_properties({"created": datetime.fromisoformat(made)})
        sheet, bold = book.add_worksheet("Rows"), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(0, len(columns) - 1), 18)
        for across, column in enumerate(columns):
            sheet.write_string(0, across, column, bold)
        for down, row in enumerate(rows, 1):
            for across, value in enumerate(map(_cell, row)):
                if value is not None:
                    sheet.write(down, across, value)
        told = book.add_worksheet("About")
        told.set_column(0, 1, 40)
        for down, pair in enumerate(about):
            told.write_row(down, 0, pair)
    return target.getvalue()


async def _about(datasette: Any, request: Any, cut: int, count: int) -> list[tuple[str, str]]:
    newest = await datasette.get_database(DATABASE).execute("select max(read_at) from loads")
    asked = f"?{request.query_string}" if request.query_string else ""
    told = [("Registry", datasette.metadata("title") or ""), ("Rows", f"{count:,}: all of them"),
            ("Address", datasette.absolute_url(request, request.path.removesuffix(".xlsx") + asked)),
            ("Data loaded", newest.single_value() or "1970-01-01T00:00:00Z"), ("Licence", datasette.metadata("license") or ""),
            ("How to read it", "An empty list is not a finding that there is none. Not legal advice.")]  # fmt: skip
    return [*told, ("Cut cells", f"{cut} texts were longer than a cell may be and end with …")] if cut else told


async def as_xlsx(datasette: Any, request: Any, sql: str, data: dict[str, Any], table: str | None, query_name: str | None) -> Response:
    """Every row of a table, a view or a question as a spreadsheet; BadRequest where they are too many."""
    if request.args.get("_next"):  # a page of a list has the same spreadsheet as the list
        return Response.redirect(path_with_removed_args(request, {"_next"}))
    columns, rows = await all_rows(datasette, PAGE.sub("", sql) if table else sql, data["query"]["params"])
    if len(rows) > MOST_ROWS:
        raise BadRequest(f"{len(rows):,} rows are more than the {MOST_ROWS:,} of a spreadsheet. Narrow the list, or take the CSV.")
    cut = sum(isinstance(value, str) and len(value) > CELL for row in rows for value in row)
    about = await _about(datasette, request, cut, len(rows))
    made = next(value for name, value in about if name == "Data loaded")
    body = await asyncio.to_thread(workbook, columns, rows, about, made)
    headers = {"content-disposition": f'attachment; filename="{_name(table or query_name or "own-question")}.xlsx"'}
    return Response(body, headers=headers, content_type=XLSX)


@hookimpl
def register_output_renderer() -> dict[str, Any]:
    """One more form of data; a single row needs no spreadsheet."""
    return {"extension": "xlsx", "render": as_xlsx, "can_render": lambda view_name: view_name != "row"}


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    """The CSV of each question and of a reader's own SQL, in place of Datasette's."""
    questions = "|".join(map(re.escape, (datasette.metadata("queries", database=DATABASE) or {})))
    return [(rf"^/{DATABASE}/(?P<question>{questions})\.csv$", question_csv), (rf"^/{DATABASE}\.csv$", own_csv)]
