"""What machines read: robots.txt, sitemaps, llms.txt, cards, and the description of the data set."""

from __future__ import annotations

import asyncio
import html
import json
import re
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import httpx
import pytest
import site_fixture
from datasette.app import Datasette

from registry import serve

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return serve.test_client(site_fixture.build(tmp_path_factory.mktemp("machines") / "registry.db"), site_fixture.ROOT)


def get(site: Datasette, path: str, host: str = "localhost") -> httpx.Response:
    return asyncio.run(site.client.get(path, headers={"host": host}))


def addresses(answer: httpx.Response) -> list[str]:
    return [str(one.text) for one in ElementTree.fromstring(answer.content).iter(f"{SITEMAP}loc")]


def test_robots_may_read_the_pages_and_not_the_costly_ways_to_them(site: Datasette) -> None:
    text = get(site, "/robots.txt", "registry.example.org").text
    rules = RobotFileParser()
    rules.parse(text.splitlines())
    assert all(rules.can_fetch("*", path) for path in ("/", "/registry/contracts/zz-1", "/answer", "/llms.txt"))
    assert "Disallow: /*?*sql=\n" in text and "Disallow: /*?*_facet\n" in text
    assert rules.site_maps() == ["http://registry.example.org/sitemap.xml"]


def test_the_sitemap_leads_to_every_row_that_has_a_page_and_all_are_there(site: Datasette) -> None:
    parts = addresses(get(site, "/sitemap.xml"))
    pages = [page for part in parts for page in addresses(get(site, part.removeprefix("http://localhost")))]
    rows = site_fixture.tables()
    tables = ("laws", "jurisdictions", "technologies", "products", "suppliers", "records", "contracts")
    assert {f"http://localhost/registry/{table}/{row['id']}" for table in tables for row in rows[table]} < set(pages)
    assert len(pages) == len(set(pages))
    assert [page for page in pages if get(site, page.removeprefix("http://localhost")).status_code != 200] == []


def test_a_long_table_has_several_parts(tmp_path: Path) -> None:
    large = serve.test_client(site_fixture.build_large(tmp_path / "registry.db", 20_001), site_fixture.ROOT)
    parts = [part for part in addresses(get(large, "/sitemap.xml")) if "contracts" in part]
    sizes = [len(addresses(get(large, part.removeprefix("http://localhost")))) for part in parts]
    assert sizes == [10_000, 10_000, 1 + len(site_fixture.tables()["contracts"])]


@pytest.mark.parametrize("part", ["contracts-0", "contracts-9", "names-1", "loads-1", "pages-2"])
def test_there_is_no_other_part(site: Datasette, part: str) -> None:
    assert get(site, f"/sitemap-{part}.xml").status_code == 404


def test_llms_txt_says_how_to_ask_and_every_address_works(site: Datasette) -> None:
    text = get(site, "/llms.txt").text
    assert text.startswith("# Surveillance technology procurement registry\n\n> ")
    assert "nothing here proves that a city has no contract" in text and "Data loaded: 2026-01-02" in text
    links = re.findall(r"\]\(http://localhost(/[^)]*)\)", text)
    assert len(links) > 20
    filled = [link.replace("PRODUCT", "briefcam").replace("PLACE", "us-ma-boston").replace("YYYY-MM-DD", "2020-06-24") for link in links]
    assert [link for link in filled if not link.endswith(".db") and get(site, link).status_code != 200] == []


def test_the_home_page_describes_the_data_set(site: Datasette) -> None:
    text = get(site, "/", "registry.example.org").text
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    told = json.loads(block)
    assert (told["@context"], told["@type"]) == ("https://schema.org/", "Dataset")
    assert 50 <= len(told["description"]) <= 5000 and told["license"].startswith("https://creativecommons.org/")
    assert told["dateModified"] == "2026-01-02T03:04:05Z" and told["url"] == "http://registry.example.org/"
    kinds = {one["encodingFormat"]: one["contentUrl"] for one in told["distribution"]}
    assert kinds["text/csv"] == "http://registry.example.org/registry/contracts.csv"
    for address in kinds.values():
        assert get(site, address.removeprefix("http://registry.example.org")).status_code == 200


def test_only_the_home_page_carries_a_block_of_data(site: Datasette) -> None:
    for path in ("/registry/contracts/zz-hostile", "/answer?about=briefcam&place=Boston", "/testify"):
        assert "<script" not in get(site, path).text


@pytest.mark.parametrize(
    "path", ["/", "/registry/contracts/zz-hostile", "/answer?about=briefcam&place=us-ma-boston&as_of=2021-12-13", "/testify"]
)
def test_a_card_has_title_words_and_whole_address(site: Datasette, path: str) -> None:
    text = get(site, path, "registry.example.org").text
    card = {name: html.unescape(value) for name, value in re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', text)}
    (title,) = re.findall(r"<title>(.*?) \| Surveillance", text, re.DOTALL)
    assert card["title"].strip() == html.unescape(title).strip() and len(card["description"]) > 40
    assert card["url"] == f"http://registry.example.org{path}" and card["type"] == "website"
    assert 'type="application/atom+xml"' in text and "<script>alert" not in text


def test_the_card_of_an_answer_is_its_sentence(site: Datasette) -> None:
    text = html.unescape(get(site, "/answer?about=briefcam&place=us-ma-boston&as_of=2021-12-13").text)
    assert re.search(r'property="og:description" content="We do not say yes or no: there is evidence of BriefCam', text)
