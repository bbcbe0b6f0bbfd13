"""What changed, told to people: the page, the feed read by a feed reader, the data; and what an empty list may say."""

from __future__ import annotations

import asyncio
import html
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
import site_fixture
from datasette.app import Datasette

from registry import serve

BY_HAND = "Public records and laws are kept by hand"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    return serve.test_client(site_fixture.build(tmp_path_factory.mktemp("changed") / "registry.db"), site_fixture.ROOT)


def get(site: Datasette, path: str, **given: str) -> httpx.Response:
    return asyncio.run(site.client.get(path, params=given))


def ids(site: Datasette, **given: str) -> list[str]:
    return [row["id"] for row in get(site, "/changed.json", **given).json()["rows"]]


def test_the_page_tells_each_change_as_a_sentence_and_what_was_compared(site: Datasette) -> None:
    page = get(site, "/changed")
    text = html.unescape(page.text)
    assert "amount of revision 1: was 100.00, now 117770.30." in text
    assert "period end date of revision 1: was blank, now 2021-12-31." in text
    assert "[synthetic] Exampleton contracts: 2 loads, from 2025-12-02 to 2026-01-02" in text and BY_HAND in text
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    ("given", "count"),
    [({}, 3), ({"place": "Exampleton"}, 3), ({"place": "us-zz-exampleton", "technology": "Cameras", "since": "2026-01-02"}, 3),
     ({"technology": "cctv"}, 3), ({"technology": "video_analytics"}, 0), ({"since": "2026-01-03"}, 0), ({"place": "Elsewhere, ZZ"}, 0)],
)  # fmt: skip
def test_place_technology_and_day_narrow_it(given: dict[str, str], count: int, site: Datasette) -> None:
    assert len(ids(site, **given)) == count


def test_the_feed_is_read_by_a_feed_reader_and_its_ids_stay(site: Datasette) -> None:
    answer = get(site, "/changed.atom", place="Exampleton, ZZ")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content)
    assert not feed.bozo and feed.version == "atom10" and len(feed.entries) == 3
    assert BY_HAND in feed.feed.subtitle and "2 loads" in feed.feed.subtitle
    entry = next(one for one in feed.entries if "was 100.00" in one.title)
    assert entry.link == "http://localhost/registry/contracts/zz-1" and entry.updated == "2026-01-02T00:00:00Z"
    everywhere = feedparser.parse(get(site, "/changed.atom").content)
    assert {one.id for one in everywhere.entries} == {one.id for one in feed.entries} and everywhere.feed.id != feed.feed.id
    empty = feedparser.parse(get(site, "/changed.atom", place="Exampleton, ZZ", since="2026-02-01").content)
    assert empty.feed.id == feed.feed.id and not empty.entries


@pytest.mark.parametrize(
    ("place", "says"),
    [("Exampleton", "2 loads, from 2025-12-02 to 2026-01-02 (last read 2026-01-02), each compared with the one before"),
     ("Elsewhere, ZZ", "[synthetic] Elsewhere contracts: never loaded, so nothing can be compared."),
     ("us-zz-twin", "no source of this place is in the registry, so nothing can be compared.")],
)  # fmt: skip
def test_an_empty_list_says_what_was_compared(place: str, says: str, site: Datasette) -> None:
    for path in ("/changed", "/changed.atom", "/registry/what_changed"):
        text = html.unescape(get(site, path, place=place, technology="", since="2026-02-01").text)
        assert "No change noticed in what we compared" in text and says.rstrip(".") in text


def test_what_was_compared_is_a_list_that_people_can_read(site: Datasette) -> None:
    text = html.unescape(get(site, "/changed", place="Elsewhere, ZZ").text)
    assert "<li>[synthetic] Elsewhere contracts: never loaded, so nothing can be compared</li>" in text
    assert "Of what nothing could be compared with, nothing is known." in text


def test_one_load_alone_compares_with_nothing(tmp_path: Path) -> None:
    rows = site_fixture.tables()
    rows["loads"], rows["changes"] = rows["loads"][:1], []
    site = serve.test_client(site_fixture.write(tmp_path / "registry.db", rows), site_fixture.ROOT)
    for path in ("/changed", "/registry/contracts/zz-1"):
        text = html.unescape(get(site, path).text)
        assert "only one load exists (of 2025-12-02, last read 2025-12-02), so nothing can be compared yet" in text


@pytest.mark.parametrize(
    ("given", "says", "status"),
    [({"since": "2026-13-01"}, "cannot read the date", 400), ({"place": "Nowhere, QQ"}, "We hold no place called “Nowhere, QQ”", 404),
     ({"technology": "telepathy"}, "We know no technology called “telepathy”", 404)],
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_no_empty_feed_is_given(site: Datasette, given: dict[str, str], says: str, status: int) -> None:
    assert says in html.unescape(get(site, "/changed", **given).text)
    for kind in ("atom", "json"):
        answer = get(site, f"/changed.{kind}", **given)
        assert (answer.status_code, says in answer.text) == (status, True)


def test_a_contract_shows_what_it_looked_like_before_and_that_it_is_gone(tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, Any]]] = site_fixture.tables()
    rows["contracts"][0]["disappeared_on"] = "2026-01-02"
    site = serve.test_client(site_fixture.write(tmp_path / "registry.db", rows), site_fixture.ROOT)
    text = html.unescape(get(site, "/registry/contracts/zz-1").text)
    assert "No longer in the publisher's list since 2026-01-02." in text and "was 100.00, now 117770.30" in text
    assert "2026-01-02" in get(site, "/registry/contracts.csv", id="zz-1").text


def test_it_is_found_from_home_places_and_technologies(site: Datasette) -> None:
    assert 'href="/changed"' in get(site, "/").text
    assert "/changed?place=us-zz-exampleton" in get(site, "/registry/jurisdictions/us-zz-exampleton").text
    assert "/changed.atom?technology=cctv" in get(site, "/registry/technologies/cctv").text
