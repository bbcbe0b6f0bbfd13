"""Workbooks, JSON files and the ends of delimited ones: nothing is lost, nothing is guessed, nothing fills the memory."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import portal_simulator
import pytest

from registry import archive, ending, incoming, objects, workbook
from registry.ending import unbroken
from registry.errors import DataError, SourceError
from registry.source import Source, load_sources
from registry.workbook import cell_text

HEADER = ["number", "title", "supplier", "unit", "amount", "starts", "link", "person"]
ROW = ["C1", "SYNTHETIC", "S", "U", 10, datetime.date(2024, 1, 31), "https://example.org/1", "P"]


def source(kind: str, **given: Any) -> Source:
    return portal_simulator.source(kind, "https://portal.example", **given)


def book(*rows: list[Any], sheets: tuple[str, ...] = ("Rows",), **cells: Any) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for place, value in cells.items():
            sheet[place] = value
    raw = io.BytesIO()
    made.save(raw)
    return raw.getvalue()


def changed(raw: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same workbook with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return out.getvalue()


def read(one: Source, raw: bytes, tmp_path: Path, name: str = "file") -> tuple[list[str], list[list[str]]]:
    load = archive.receive([raw], tmp_path / "archive", name)
    with incoming.reading(one, load) as table:
        return table.header, list(table.rows)


# --- workbooks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""), ("007", "007"), (7, "7"), (12345678901234567890, "12345678901234567890"), (0.1, "0.1"), (1e22, "1" + "0" * 22),
        (1234.5, "1234.5"), (-0.05, "-0.05"), (1e-7, "0.0000001"), (True, "true"), (False, "false"),
        (datetime.datetime(2024, 1, 31), "2024-01-31"), (datetime.datetime(2024, 1, 31, 13, 5), "2024-01-31T13:05:00"),
        (datetime.date(2024, 1, 31), "2024-01-31"), (datetime.time(13, 5), "13:05:00"), ("#REF!", "#REF!"),
    ],
)  # fmt: skip
def test_every_cell_becomes_text_that_says_the_same(value: Any, told: str) -> None:
    assert cell_text(value) == told
    if isinstance(value, float):
        assert Decimal(told) == Decimal(repr(value))


def test_the_declared_sheet_is_read_as_wide_as_its_header(tmp_path: Path) -> None:
    raw = book([*HEADER, None], ROW, [], ["C2"], [*ROW, None, None], sheets=("About", "Rows"))
    header, rows = read(source("xlsx"), raw, tmp_path)
    assert header == HEADER
    assert rows[0] == ["C1", "SYNTHETIC", "S", "U", "10", "2024-01-31", "https://example.org/1", "P"]
    assert rows[1:3] == [[], ["C2", *[""] * 7]] and rows[3] == rows[0]


def test_cells_past_the_header_make_a_row_that_is_refused_not_one_that_is_cut(tmp_path: Path) -> None:
    _, rows = read(source("xlsx"), book(HEADER, [*ROW, "more"]), tmp_path)
    assert len(rows[0]) == len(HEADER) + 1


def test_a_false_word_about_its_own_size_loses_no_rows(tmp_path: Path) -> None:
    raw = changed(book(HEADER, ROW, ROW), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="A1:H3"', b'ref="A1:B2"'))
    _, rows = read(source("xlsx"), raw, tmp_path)
    assert len(rows) == 2 and len(rows[1]) == len(HEADER)


def test_a_formula_is_its_value_and_without_one_it_is_refused(tmp_path: Path) -> None:
    raw = book(HEADER, ROW, E2="=5+5")
    with pytest.raises(SourceError, match="row 2: a formula's value is not in the file"):
        read(source("xlsx"), raw, tmp_path)
    saved = changed(raw, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<f>5+5</f><v></v>", b"<f>5+5</f><v>10</v>").replace(
        b"<f>5+5</f><v />", b"<f>5+5</f><v>10</v>"))  # fmt: skip
    assert read(source("xlsx"), saved, tmp_path)[1][0][4] == "10"


WRONG_BOOKS: dict[str, tuple[bytes, str]] = {
    "no such sheet": (book(HEADER, sheets=("Other",)), "no sheet is called 'Rows'; there are: 'Other'"),
    "blank first row": (book([]), "no header"),
    "no zip file": (b"<html>", "not a workbook"),
    "another zip file": (changed(book(HEADER), "xl/workbook.xml", lambda xml: b""), "not a workbook"),
    "cut short": (book(HEADER, ROW)[:-30], "not a workbook"),
    "entities": (
        changed(book(HEADER, ROW), "xl/worksheets/sheet1.xml", lambda xml: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + xml), "not a workbook"
    ),
    "too wide": (book(HEADER, ["x"] * 1_001), "more than 1,000 cells"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_BOOKS)
def test_what_is_no_list_is_refused(case: str, tmp_path: Path) -> None:
    raw, told = WRONG_BOOKS[case]
    with pytest.raises(SourceError, match=told):
        read(source("xlsx"), raw, tmp_path)


def test_which_of_several_sheets_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"several sheets; there are: 'A', 'B'.*Write e.g. `sheet: NAME`"):
        read(source("xlsx", sheet=""), book(HEADER, sheets=("A", "B")), tmp_path)
    assert read(source("xlsx", sheet=""), book(HEADER, sheets=("A",)), tmp_path)[0] == HEADER


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = changed(book(HEADER), "xl/styles.xml", lambda xml: b" " * 200_000_000)
    assert len(raw) < 1_000_000
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 100_000_000)
    with pytest.raises(SourceError, match="would unpack to 200,"):
        read(source("xlsx"), raw, tmp_path)
    monkeypatch.setattr(workbook, "MOST_BYTES", 1_000)
    with pytest.raises(SourceError, match="longer than 1,000 bytes"):
        read(source("xlsx"), raw, tmp_path)


# --- JSON ---------------------------------------------------------------------------------------------------------------------


def test_objects_are_rows_wherever_they_stand(tmp_path: Path) -> None:
    rows = [{"a": 1.10, "b": None}, {"c": {"url": "https://example.org"}, "a": 70000000000000000001}]
    header, found = read(source("json"), json.dumps({"data": {"items": rows}}).encode(), tmp_path)
    assert header == ["a", "b", "c"]
    assert found == [["1.1", "", ""], ["70000000000000000001", "", "https://example.org"]]
    assert read(source("json", rows_at=""), json.dumps(rows).encode("utf-8-sig"), tmp_path)[1] == found


WRONG_OBJECTS = {
    "elsewhere": (b'{"data": {"rows": []}}', "no array of objects at 'data.items'; what stands there has 'rows'"),
    "no objects": (b'{"data": {"items": [1]}}', "no array of objects"),
    "an array": (b"[]", "what stands there is list"),
    "cut short": (b'{"data": {"items": [{"a": 1}', "cut short or malformed"),
    "too deep": (b"[" * 100_000, "cut short or malformed"),
}


@pytest.mark.parametrize("case", WRONG_OBJECTS)
def test_json_of_another_shape_is_refused(case: str, tmp_path: Path) -> None:
    raw, told = WRONG_OBJECTS[case]
    with pytest.raises(SourceError, match=told):
        read(source("json"), raw, tmp_path)


def test_json_too_long_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MOST_BYTES", 100)
    with pytest.raises(SourceError, match="longer than 100 bytes"):
        read(source("json"), b"[" + b" " * 100 + b"]", tmp_path)


# --- the ends of delimited files ----------------------------------------------------------------------------------------------


def passed(raw: bytes, ended_before: bool = False, size: int = 7, **given: Any) -> bytes:
    chunks: Iterator[bytes] = (raw[at : at + size] for at in range(0, len(raw), size))
    return b"".join(unbroken(chunks, source("delimited", **given), "data.csv", lambda: ended_before))


WHOLE = (
    b"a,b\n1,2\n", b"a,b\r\n1,2", b"a,b\n1,2", b'a,b\n1,"x\ny"', b'a,b\n1,"say ""x"""', b"", b"a,b", b"a,b\r1,2", b"\n", b'"a\nb",c\n1,2',
)  # fmt: skip


@pytest.mark.parametrize("raw", WHOLE)
def test_a_whole_file_passes_as_it_is(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert passed(raw) == raw


CUT = {
    b"a,b,c\n1,2,3\n4,5": "2 of 3 columns",
    b"a,b,c\n1,2,3\n4": "1 of 3 columns",
    b'a,b\n1,"x\ny': "1 of 2 columns",
    b'a,b\n1,"x': "within quotation marks",
    b'a,b\n1,"two\nlines"\n2': "1 of 2 columns",
    b'"a\nb",c,d\n1,2': "2 of 3 columns",
}


@pytest.mark.parametrize("raw", CUT)
def test_a_file_cut_short_is_refused(raw: bytes) -> None:
    with pytest.raises(SourceError, match=rf"data\.csv: .*{CUT[raw]}.*cut short"):
        passed(raw)


def test_a_line_that_is_not_ended_is_a_cut_only_where_the_last_file_ended_its_own() -> None:
    assert passed(b"a,b\n1,2", ended_before=False)
    with pytest.raises(SourceError, match=r"not ended, as it was at the load before.*--from FILE"):
        passed(b"a,b\n1,2", ended_before=True)


def test_only_the_end_of_a_large_file_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "TAIL", 64)
    raw = b"a,b\n" + b"1,2\n" * 1_000
    assert passed(raw + b"1,2", size=500) == raw + b"1,2"
    with pytest.raises(SourceError, match="1 of 2 columns"):
        passed(raw + b"1", size=500)


@pytest.mark.parametrize(("encoding", "text"), [("utf-16", "a,b\n1"), ("latin-1", "a,b\né,2")])
def test_other_encodings_are_left_to_the_reading(encoding: str, text: str) -> None:
    assert passed(text.encode(encoding), encoding=encoding)


# --- the source file ----------------------------------------------------------------------------------------------------------

BASE = {"base": "https://portal.example"}
WRONG_ACCESS: list[tuple[str, dict[str, str], str]] = [
    ("legistar", {"client": "x", "pace": "soon"}, "`pace` must be a number of seconds"),
    ("legistar", {"client": "x", "since": "2015"}, "`since` must be a day"),
    ("legistar", {"client": "x", "token_env": "X"}, "belong together"),
    ("legistar", {"client": "x", "token_env": "X", "token_header": "a", "token_parameter": "b"}, "belong together"),
    ("legistar", {}, "`client` is missing"),
    ("usaspending", {"awards": "A"}, "searched, never read whole"),
    ("documentcloud", {}, "searched, never read whole"),
    ("usaspending", {"awards": "A", "search": "all"}, "`search` must be one of keywords"),
    ("socrata", {"dataset": "x", "api": "soda4"}, "`api` must be soda3"),
    ("socrata", {"dataset": "x", "api": "soda3"}, "soda3 answers nobody without a token"),
    ("ckan", {"resource": "x", "as": "file"}, "`as` must be one of delimited, json, xlsx"),
    ("ckan", {"resource": "x y", "as": "xlsx"}, "`as` takes one resource"),
]


@pytest.mark.parametrize(("portal", "access", "told"), WRONG_ACCESS)
def test_access_that_cannot_work_is_refused_with_what_to_do(portal: str, access: dict[str, str], told: str, tmp_path: Path) -> None:
    given = msgspec.to_builtins(source("delimited")) | {"portal": portal, "access": BASE | access}
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "synthetic.yml").write_text(json.dumps(given), encoding="utf-8")
    with pytest.raises(DataError, match=told):
        load_sources(tmp_path)


def test_a_link_needs_to_know_how_it_is_made(tmp_path: Path) -> None:
    one = source("delimited")
    given = msgspec.to_builtins(one) | {"fields": {**one.fields, "source_url": ":link"}}
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "synthetic.yml").write_text(json.dumps(given), encoding="utf-8")
    with pytest.raises(DataError, match="`link` is missing"):
        load_sources(tmp_path)
