"""CSV and XLSX hold every row or are refused; what a portal wrote is text in a spreadsheet, and untouched in CSV."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import re
from types import ModuleType
from typing import Any

import httpx
import openpyxl
import pytest
import site_fixture
from datasette.app import Datasette
from datasette.utils import module_from_path

from registry import serve

exports: ModuleType = module_from_path(str(site_fixture.ROOT / "plugins" / "whole_exports.py"), name="of_test_exports")
limits: ModuleType = module_from_path(str(site_fixture.ROOT / "plugins" / "limits.py"), name="of_test_export_limits")
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("https://evil.example","x")', "\t=1", "0012", "12/05", "https://evil.example"]
MANY = 1500  # more than max_returned_rows


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    rows = site_fixture.tables()
    rows["contracts"] += [site_fixture.contract(f"zz-n{number:04}", value_amount=float(number)) for number in range(MANY)]
    rows["contracts"] += [
        site_fixture.contract(f"zz-formula-{number}", title=text, supplier_name=text) for number, text in enumerate(FORMULAS)
    ]
    return serve.test_client(site_fixture.write(tmp_path_factory.mktemp("exports") / "registry.db", rows), site_fixture.ROOT)


CONTRACTS = MANY + len(FORMULAS) + len(site_fixture.tables()["contracts"])


def get(site: Datasette, path: str) -> httpx.Response:
    return asyncio.run(site.client.get(path))


def as_rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def book(answer: httpx.Response) -> Any:
    assert answer.status_code == 200 and answer.headers["content-type"] == exports.XLSX
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def sheet(answer: httpx.Response) -> list[dict[str, Any]]:
    head, *rows = book(answer)["Rows"].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_there_are_more_rows_than_one_answer_holds() -> None:
    assert serve.SETTINGS["max_returned_rows"] < MANY < CONTRACTS


@pytest.mark.parametrize("path", ["/registry/contracts.csv", "/registry/contracts.csv?_size=max", "/registry/contracts.csv?_stream=on"])
def test_a_tables_csv_is_whole(site: Datasette, path: str) -> None:
    assert len({row["id"] for row in as_rows(get(site, path))}) == CONTRACTS


def test_a_filtered_list_is_whole_and_a_page_is_a_page(site: Datasette) -> None:
    assert len(as_rows(get(site, "/registry/contracts.csv?id__startswith=zz-n&_sort=value_amount"))) == MANY
    assert len(as_rows(get(site, "/registry/contracts.csv?_size=7"))) == 7
    assert limits.whole("/registry/contracts.csv", "_next=7") == "_next=7"
    assert limits.whole("/registry/contracts.json", "a=b") == "a=b" and limits.whole("/registry/contracts", "") == ""


SORTS = ("", "_sort=date_signed", "_sort_desc=date_signed", "_sort=year", "_sort_desc=year", "_sort_desc=value_amount", "_sort=floor",
         "_sort_desc=floor", "_sort_desc=id")  # fmt: skip


def walk(site: Datasette, path: str, follow: str) -> list[str]:
    """The ids on every page of a list, in the order they are met."""
    found: list[str] = []
    while path:
        answer = get(site, path)
        told = re.findall(r'<a href="/registry/contracts/([^"/]+)"', answer.text)
        found += told if follow else [row["id"] for row in answer.json()["rows"]]
        next_link = re.findall(follow, answer.text) if follow else [answer.json()["next_url"] or ""]
        path = html.unescape(next_link[0]).removeprefix("http://localhost") if next_link else ""
    return found


@pytest.mark.parametrize("sort", SORTS)
def test_no_row_is_lost_or_told_twice_between_the_pages_of_data(site: Datasette, sort: str) -> None:
    found = walk(site, f"/registry/contracts.json?_size=300&_shape=objects&{sort}", "")
    assert len(found) == len(set(found)) == CONTRACTS
    assert len(as_rows(get(site, f"/registry/contracts.csv?{sort}"))) == CONTRACTS


@pytest.mark.parametrize("sort", SORTS)
def test_no_row_is_lost_between_the_pages_of_a_list(site: Datasette, sort: str) -> None:
    found = walk(site, f"/registry/contracts?_size=200&{sort}", r'<a class="next" href="([^"]+)"')
    assert len(set(found)) == CONTRACTS and len(found) == CONTRACTS


@pytest.mark.parametrize("given", ["department=synthetic&place=Exampleton", "department=&place="])
def test_a_questions_csv_is_whole(site: Datasette, given: str) -> None:
    rows = as_rows(get(site, f"/registry/department.csv?{given}"))
    assert len(rows) > MANY and len({row["contract"] for row in rows if row["contract"]}) == CONTRACTS
    cut = get(site, f"/registry/department.json?_shape=objects&{given}").json()
    assert cut["truncated"] is True and list(rows[0]) == list(cut["rows"][0])


def test_a_question_without_rows_still_says_why(site: Datasette) -> None:
    (row,) = as_rows(get(site, "/registry/department.csv?department=nobody&place=Nowhere"))
    assert "We hold no place called “Nowhere”" in row["note"]
    assert get(site, "/registry/no_such_question.csv").status_code == 404


def test_the_csv_of_own_sql_is_whole_and_reads_only(site: Datasette) -> None:
    rows = as_rows(get(site, "/registry.csv?sql=select+id,+:word+as+word+from+contracts&word=x"))
    assert len(rows) == CONTRACTS and rows[0]["word"] == "x"
    for sql in ("delete+from+contracts", "pragma+table_list", ""):
        assert get(site, f"/registry.csv?sql={sql}").status_code == 400


def test_what_takes_too_long_or_too_much_is_refused_not_cut(site: Datasette) -> None:
    numbers = "with recursive n(x) as (select 1 union all select x + 1 from n"
    slow = get(site, str(httpx.URL("/registry.csv", params={"sql": f"{numbers}) select count(*) from n"})))
    large = get(site, str(httpx.URL("/registry.csv", params={"sql": f"{numbers} limit 900) select hex(zeroblob(400000)) from n"})))
    assert slow.status_code == large.status_code == 400
    assert "It takes too long to read every row" in slow.text and "Not every row can be given" in large.text


def test_without_readers_sql_there_is_no_csv_of_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    site = serve.test_client(site_fixture.build(tmp_path_factory.mktemp("closed") / "registry.db"), site_fixture.ROOT)
    site._settings["default_allow_sql"] = False
    assert get(site, "/registry.csv?sql=select+1").status_code == 403
    assert get(site, "/registry/ending_soon.csv").status_code == 200


def test_csv_says_what_the_source_says(site: Datasette) -> None:
    found = {row["id"]: row["title"] for row in as_rows(get(site, "/registry/contracts.csv"))}
    assert [found[f"zz-formula-{number}"] for number in range(len(FORMULAS))] == FORMULAS


@pytest.mark.parametrize(
    "path", ["/registry/contracts.xlsx", "/registry/department.xlsx?department=&place=", "/registry.xlsx?sql=select+*+from+contracts"]
)
def test_a_spreadsheet_is_whole(site: Datasette, path: str) -> None:
    assert len(sheet(get(site, path))) >= CONTRACTS


def test_a_spreadsheet_computes_nothing_and_links_nowhere(site: Datasette) -> None:
    rows = book(get(site, "/registry/contracts.xlsx?id__startswith=zz-formula"))["Rows"]
    cells = [cell for row in rows.iter_rows(min_row=2) for cell in row if cell.value in FORMULAS]
    assert {cell.value for cell in cells} == set(FORMULAS)
    assert {cell.data_type for cell in cells} == {"s"} and not any(cell.hyperlink for cell in cells)


def test_a_spreadsheet_keeps_numbers_and_empty_cells(site: Datasette) -> None:
    (row,) = sheet(get(site, "/registry/contracts.xlsx?id=zz-n0007"))
    assert (row["value_amount"], row["year"], row["floor"]) == (7.0, 2019, None)


def test_a_page_of_a_list_has_the_spreadsheet_of_the_list(site: Datasette) -> None:
    moved = get(site, "/registry/contracts.xlsx?_next=zz-n0100&year=2019")
    assert moved.status_code == 302 and moved.headers["location"].endswith("/registry/contracts.xlsx?year=2019")


def test_a_spreadsheet_says_where_it_comes_from_and_is_the_same_each_time(site: Datasette) -> None:
    one, two = (get(site, "/registry/laws.xlsx?kind=ban") for _ in range(2))
    told = {row[0]: row[1] for row in book(one)["About"].iter_rows(values_only=True)}
    assert told["Address"] == "http://localhost/registry/laws?kind=ban" and told["Rows"] == "1: all of them"
    assert told["Data loaded"] == "2026-01-02T03:04:05Z" and "CC BY 4.0" in told["Licence"]
    assert one.content == two.content


def test_making_it_twice_gives_the_same_bytes() -> None:
    given = (["a", "b"], [("x", 1), (None, 2.5)], [("Address", "here")], "2026-01-02T03:04:05Z")
    assert exports.workbook(*given) == exports.workbook(*given)


def test_a_text_too_long_for_a_cell_is_cut_and_said_so(site: Datasette) -> None:
    answer = get(site, str(httpx.URL("/registry.xlsx", params={"sql": "select printf('%.40000c', 'x') as long"})))
    assert len(sheet(answer)[0]["long"]) == exports.CELL and sheet(answer)[0]["long"].endswith("…")
    assert "Cut cells" in {row[0] for row in book(answer)["About"].iter_rows(values_only=True)}


def test_more_rows_than_a_spreadsheet_takes_are_refused(site: Datasette) -> None:
    sql = "with recursive n(x) as (select 1 union all select x + 1 from n limit 50001) select x from n"
    answer = get(site, str(httpx.URL("/registry.xlsx", params={"sql": sql})))
    assert answer.status_code == 400 and "take the CSV" in answer.text


def test_pages_lead_to_whole_exports_and_say_so(site: Datasette) -> None:
    text = html.unescape(get(site, "/registry/contracts?_next=2019-01-05,zz-n0100&year=2019").text)
    assert "CSV and xlsx hold every row, json a page of them" in text
    (link,) = re.findall(r'<a href="([^"]+)">CSV</a>', text)
    assert "_next" not in link and len(as_rows(get(site, link))) == CONTRACTS
    cut = get(site, "/registry/department?department=&place=").text
    assert "CSV and xlsx hold every row, this page and json only the first of them" in cut


def test_a_spreadsheet_takes_a_turn() -> None:
    assert limits.heavy("/registry/contracts.xlsx", "") and limits.heavy("/registry/contracts.csv", limits.ALL_ROWS)
    assert not limits.heavy("/registry/contracts.json", "year=2019")
