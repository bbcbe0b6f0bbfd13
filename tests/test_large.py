"""100,000 matched contracts: every question, page and count of the site is answered within the site's own limits.

No clock is read here. The limits are those of the site (`registry/serve.py`: 2 seconds for a statement, half a second for the counts of one
column), and what goes over them is refused by SQLite. A busy machine gets a second try.
"""

from __future__ import annotations

import asyncio
import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import large_registry
import pytest
import site_fixture
import yaml
from datasette.app import Datasette

from registry import serve, smoke
from registry.schema import TABLES

METADATA = yaml.safe_load((site_fixture.ROOT / "metadata.yml").read_text(encoding="utf-8"))
QUERIES = METADATA["databases"]["registry"]["queries"]
KNOWN = {
    "about": "watcher eye", "place": "Exampleton, ZZ", "as_of": "2020-06-24", "name": "Watcher Inc", "supplier": "Watcher Inc",
    "technology": "cctv", "product": "Watcher Eye", "contract": "zz-synthetic-7", "department": "police", "source": "zz-contracts",
    "from_date": "2026-11-01", "days": "90", "since": "2020-01-01",
}  # fmt: skip
TOO_LONG = "These counts took too long"
UNCOUNTED = "To count these rows took too long"
# A view of every sentence about every row: its rows take longer to count than a page may, and the page says so.
COUNT_MAY_BE_LEFT_OUT = ("testimony_sentences", "ocds_releases")
# The rows with the most below them: two fifths of all contracts.
HEAVIEST = (
    "jurisdictions/us-zz-exampleton", "suppliers/watcher-inc", "technologies/cctv", "products/watcher-eye", "laws/zz-exampleton-ccops",
    "contracts/zz-synthetic-10",
)  # fmt: skip
LISTS = (
    "jurisdiction=us-zz-exampleton", "technologies__arraycontains=cctv", "_search=synthetic", "_search=unit", "_sort=value_amount",
    "_sort_desc=title", "_facet_size=max", "year=2010&determination=needs_review", "supplier=watcher-inc&_sort_desc=year",
)  # fmt: skip
OWN = (
    "/answer?about=Watcher+Eye&place=us-zz-exampleton", "/answer?about=cctv&place=us-zz-exampleton&as_of=2020-06-24",
    "/answer?about=watcher+inc&place=Exampleton", "/answer?about=whatcher&place=Exmpleton", "/answer.json?about=cctv&place=Exampleton",
    "/testify?from_date=2026-01-01", "/testify?place=Exampleton&from_date=2020-01-01&days=900", "/testify.ics?place=Exampleton",
    "/request?about=watcher-eye&place=us-zz-exampleton", "/changed?since=2020-01-01", "/changed?place=Exampleton&since=2020-01-01",
    "/testimony?place=us-zz-exampleton", "/testimony?about=cctv&place=us-zz-exampleton", "/pictures/map.svg", "/pictures/sharing.svg",
    "/pictures/value-by-year.svg", "/pictures/value-by-year.svg?technology=cctv",
    "/pictures/payments-by-year.svg", "/pictures/payments-by-year.svg?technology=cctv", "/es/", "/es/registry/contracts",
    "/sitemap-contracts-1.xml",
)  # fmt: skip
DOWNLOADS = ("/registry/contracts.csv", "/registry/contracts.csv?_sort=title")  # a hundred pages each


def questions() -> list[str]:
    """Each question with everything filled in, and with the place alone or the technology alone, which finds the most."""
    found = []
    for name, query in QUERIES.items():
        for filled in (KNOWN, {"place": KNOWN["place"]}, {"technology": "cctv"}):
            given = {key: filled[key] for key in query["params"] if key in filled}
            found += [f"/registry/{name}?{httpx.QueryParams(given)}"] if given else []
    return found


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Datasette]:
    """The site over 100,000 contracts; three hundred megabytes are not left behind."""
    folder = tmp_path_factory.mktemp("large")
    yield serve.test_client(large_registry.build(folder / "registry.db"), site_fixture.ROOT)
    shutil.rmtree(folder)


async def problem(site: Datasette, path: str) -> str:
    """What is missing from an answer because it took too long, or what else is wrong with it."""
    answer = await site.client.get(path, follow_redirects=True)
    text = html.unescape(answer.text)
    if answer.status_code != 200:
        return f"{path}: {answer.status_code} {text[-300:]}"
    late = re.findall(rf"{TOO_LONG}[^<]*", text) + re.findall(UNCOUNTED, text)
    return f"{path}: {late}" if late and not (late == [UNCOUNTED] and path.endswith(COUNT_MAY_BE_LEFT_OUT)) else ""


async def problems(site: Datasette, paths: list[str]) -> list[str]:
    return [found for path in paths if await problem(site, path) and (found := await problem(site, path))]


def test_everything_is_answered_in_time_on_100_000_contracts(large: Datasette) -> None:
    path = Path(large.databases["registry"].path)
    everywhere = [one for one in smoke.paths_to_try(path, METADATA) if not one.endswith(".csv")]
    rows = [f"/registry/{row}" for row in HEAVIEST]
    lists = [f"/registry/contracts?{given}" for given in LISTS]
    asked = list(dict.fromkeys([*everywhere, *questions(), *rows, *lists, *OWN]))
    assert asyncio.run(problems(large, asked)) == []


@pytest.mark.parametrize(
    ("question", "index"),
    [("department", "contracts USING INDEX idx_contracts_jurisdiction_buyer_unit_evidence"),
     ("map_of_places", "contracts USING COVERING INDEX idx_contracts_jurisdiction_buyer_unit_evidence")],
)  # fmt: skip
def test_questions_about_everything_read_an_index_and_copy_no_table(large: Datasette, question: str, index: str) -> None:
    given = {"sql": f"explain query plan {QUERIES[question]['sql']}", "_shape": "array", **dict.fromkeys(QUERIES[question]["params"], "")}
    steps = [row["detail"] for row in asyncio.run(large.client.get("/registry.json", params=given)).json()]
    assert any(index in step for step in steps)
    assert not any(re.match("(MATERIALIZE|CO-ROUTINE) acquisitions", step) for step in steps)


def test_a_list_says_how_many_rows_it_has_or_that_it_does_not_know(large: Datasette) -> None:
    for name in (*TABLES, *COUNT_MAY_BE_LEFT_OUT):
        text = asyncio.run(large.client.get(f"/registry/{name}")).text
        assert re.search(r'<h2 id="rows">[\d,]+ row', text) or UNCOUNTED in text or "No row here matches" in text, name


@pytest.mark.parametrize("path", DOWNLOADS)
def test_a_download_of_100_000_contracts_is_whole(large: Datasette, path: str) -> None:
    """Datasette ends a CSV with an error where one of its pages took too long."""
    lines = asyncio.run(large.client.get(path)).text.splitlines()
    contracts = len(site_fixture.tables()["contracts"]) + large_registry.CONTRACTS
    assert len(lines) == contracts + 1 and len({line.partition(",")[0] for line in lines[1:]}) == contracts


def test_every_contract_says_that_it_is_synthetic(large: Datasette) -> None:
    sql = "select count(*) from contracts where id like 'zz-synthetic-%' and title like '[synthetic]%'"
    found = asyncio.run(large.client.get("/registry.json", params={"sql": sql, "_shape": "arrayfirst"}))
    assert found.json() == [large_registry.CONTRACTS]
    assert "is synthetic" in asyncio.run(large.client.get("/registry/about_this_registry/synthetic")).text
