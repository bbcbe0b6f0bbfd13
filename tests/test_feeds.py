"""When to be heard: the page, the calendar read by two parsers, the Atom feed read by a feed reader."""

from __future__ import annotations

import asyncio
import html
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import httpx
import icalendar
import ics
import pytest
import site_fixture
from datasette.app import Datasette

from registry import serve

DAY = date(2026, 11, 1)
NOT_LOADED = "Matters on coming council agendas are not loaded yet"
ENDS = {"zz-soon": 10, "zz-month": 30, "zz-two": 31, "zz-three": 90, "zz-late": 91}
HOSTILE = '[synthetic] Cameras; "all", \\ and\nmore <script>alert(1)</script> ' + "é" * 80


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    rows = site_fixture.tables()
    rows["contracts"] = [
        site_fixture.contract(slug, period_end_date=(DAY + timedelta(days=days)).isoformat(), title=HOSTILE, evidence="product")
        for slug, days in ENDS.items()
    ]
    rows["contracts"].append(site_fixture.contract("zz-lead-soon", period_end_date="2026-11-05", evidence="supplier"))
    return serve.test_client(site_fixture.write(tmp_path_factory.mktemp("feeds") / "registry.db", rows), site_fixture.ROOT)


def get(site: Datasette, path: str, **given: str) -> httpx.Response:
    return asyncio.run(site.client.get(path, params={"from_date": DAY.isoformat(), **given}))


def events(answer: httpx.Response) -> list[Any]:
    return icalendar.Calendar.from_ical(answer.content).walk("VEVENT")


def test_the_page_groups_the_ends_by_30_60_and_90_days(site: Datasette) -> None:
    text = get(site, "/testify").text
    sections = dict(re.findall(r'<h2 id="(within-\d+)">(.*?)</section>', text, re.DOTALL))
    found = {name: set(re.findall(r"/registry/contracts/([\w-]+)", part)) for name, part in sections.items()}
    assert found == {"within-30": {"zz-soon", "zz-month", "zz-lead-soon"}, "within-60": {"zz-two"}, "within-90": {"zz-three"}}
    assert NOT_LOADED in text and "Lead only" in sections["within-30"]


def test_days_without_an_end_say_so_and_none_is_told_beyond_those_asked_for(site: Datasette) -> None:
    text = get(site, "/testify", from_date="2000-01-01", days="366").text
    assert "within-30" not in text and "No contract we hold ends in these days." not in text  # the note says it once for all
    one = get(site, "/testify", days="45").text
    assert re.findall(r'id="(within-\d+)"', one) == ["within-30", "within-45"]
    asked_early = get(site, "/testify", from_date=(DAY - timedelta(days=40)).isoformat(), days="60").text
    first, second = re.findall(r'<section aria-labelledby="within-\d+">(.*?)</section>', asked_early, re.DOTALL)
    assert "No contract we hold ends in these days." in first and "zz-soon" in second


def test_what_ends_on_the_first_or_the_last_day_is_told(site: Datasette) -> None:
    end = DAY + timedelta(days=10)
    given = {"from_date": end.isoformat(), "days": "1"}
    assert "/registry/contracts/zz-soon" in get(site, "/testify", **given).text
    assert [event["DTSTART"].dt for event in events(get(site, "/testify.ics", **given))] == [end]
    assert "zz-soon" not in get(site, "/testify", from_date=(end + timedelta(days=1)).isoformat(), days="1").text
    assert "zz-soon" in get(site, "/testify", from_date=(end - timedelta(days=1)).isoformat(), days="1").text


def test_the_page_is_quoted_with_the_days_it_shows(site: Datasette) -> None:
    today = datetime.now(UTC).date().isoformat()
    assert f'/testify?place=exampleton&amp;from_date={today}&amp;days=90"' in get(site, "/testify", place="exampleton", from_date="").text
    assert '/testify?from_date=2024-02-29&amp;days=30"' in get(site, "/testify", from_date="2024-02-29", days="30").text


def test_more_days_can_be_asked_for(site: Datasette) -> None:
    assert "zz-late" in get(site, "/testify", days="91").text and "zz-late" not in get(site, "/testify", days="90").text


def test_the_calendar_is_read_by_two_parsers(site: Datasette) -> None:
    answer = get(site, "/testify.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    one, other = events(answer), ics.Calendar(answer.text).events
    assert len(one) == len(other) == 5
    days = {event["DTSTART"].dt for event in one}
    assert days == {event.begin.date() for event in other} and DAY + timedelta(days=90) in days
    assert {str(event["UID"]) for event in one} == {event.uid for event in other}
    assert {event["DTEND"].dt - event["DTSTART"].dt for event in one} == {timedelta(days=1)}


def test_hostile_titles_come_back_as_they_were(site: Datasette) -> None:
    event = next(one for one in events(get(site, "/testify.ics")) if one["URL"].endswith("zz-soon"))
    assert str(event["SUMMARY"]) == f"Contract ends: {HOSTILE} (Exampleton, ZZ)"
    assert NOT_LOADED in str(event["DESCRIPTION"]) and "A lead" not in str(event["DESCRIPTION"])


def test_a_lead_is_told_as_a_lead(site: Datasette) -> None:
    event = next(one for one in events(get(site, "/testify.ics")) if one["URL"].endswith("zz-lead-soon"))
    assert "A lead: only the supplier's name matches" in str(event["DESCRIPTION"])


def test_no_line_of_the_calendar_is_too_long_and_each_ends_as_it_must(site: Datasette) -> None:
    raw = get(site, "/testify.ics").content
    lines = raw.split(b"\r\n")
    assert lines[-1] == b"" and max(len(line) for line in lines) <= 75 and not any(b"\n" in line for line in lines)


def test_ids_stay_and_follow_the_end(site: Datasette) -> None:
    first, again = (get(site, "/testify.ics", days=days) for days in ("90", "60"))
    ids = {event["URL"]: str(event["UID"]) for event in events(first)}
    assert {ids[event["URL"]] for event in events(again)} == {str(event["UID"]) for event in events(again)}
    assert len(set(ids.values())) == len(ids)


def test_the_atom_feed_is_read_by_a_feed_reader(site: Datasette) -> None:
    answer = get(site, "/testify.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content)
    assert not feed.bozo and feed.version == "atom10" and len(feed.entries) == 5
    assert feed.feed.updated == "2026-01-02T03:04:05Z" and NOT_LOADED in feed.feed.subtitle
    entry = next(one for one in feed.entries if one.link.endswith("zz-soon"))
    assert entry.link == "http://localhost/registry/contracts/zz-soon" and "<script" not in answer.text and "<script>" in entry.title
    links = {link.rel: link.href for link in feed.feed.links}
    assert links["self"].startswith("http://localhost/testify.atom?") and links["alternate"].startswith("http://localhost/testify?")


def test_the_feed_has_the_same_id_whatever_is_in_it(site: Datasette) -> None:
    full, empty = (feedparser.parse(get(site, "/testify.atom", from_date=day).content) for day in ("2026-11-01", "1999-01-01"))
    assert full.feed.id == empty.feed.id and full.entries and not empty.entries
    assert "No contract we hold ends from 1999-01-01 to 1999-04-01" in empty.feed.subtitle


def test_an_empty_calendar_says_that_it_proves_nothing(site: Datasette) -> None:
    answer = get(site, "/testify.ics", from_date="1999-01-01")
    (note,) = icalendar.Calendar.from_ical(answer.content).walk("VJOURNAL")
    assert events(answer) == [] and len(ics.Calendar(answer.text).events) == 0
    assert "That is not a finding that there is none" in str(note["DESCRIPTION"]) and NOT_LOADED in str(note["DESCRIPTION"])


@pytest.mark.parametrize(
    ("given", "says", "status"),
    [({"days": "abc"}, "number of days from 1 to 366", 400), ({"days": "0"}, "number of days", 400),
     ({"days": "-5"}, "number of days", 400),
     ({"days": "9999"}, "number of days", 400), ({"days": "²"}, "number of days", 400),
     ({"from_date": "2026-13-01"}, "cannot read the date", 400),
     ({"from_date": "20261101"}, "cannot read the date", 400), ({"from_date": "2026-W44-7"}, "cannot read the date", 400),
     ({"from_date": "9999-12-31"}, "cannot read the date", 400),
     ({"place": "Nowhere, QQ"}, "We hold no place called “Nowhere, QQ”", 404)],
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_no_empty_feed_is_given(site: Datasette, given: dict[str, str], says: str, status: int) -> None:
    page = get(site, "/testify", **given)
    assert page.status_code == 200 and says in html.unescape(page.text)
    for kind in ("ics", "atom"):
        answer = get(site, f"/testify.{kind}", **given)
        assert answer.status_code == status and says in answer.text


def test_a_place_narrows_all_three(site: Datasette) -> None:
    assert len(events(get(site, "/testify.ics", place="Exampleton, ZZ"))) == 5
    assert events(get(site, "/testify.ics", place="Elsewhere, ZZ")) == []
    assert "place=Exampleton" in get(site, "/testify", place="Exampleton").text


def test_a_line_break_in_a_place_is_a_space(site: Datasette) -> None:
    feed = feedparser.parse(get(site, "/testify.atom", place="Exampleton,\r\nZZ").content)
    assert len(feed.entries) == 5 and "place=Exampleton%2C+ZZ" in feed.feed.links[0].href


def test_the_page_offers_what_it_is_made_of(site: Datasette) -> None:
    text = html.unescape(get(site, "/testify", place="Exampleton").text)
    for kind in ("ics", "atom"):
        (link,) = set(re.findall(rf'<a href="([^"]+testify\.{kind}[^"]*)"', text))
        assert asyncio.run(site.client.get(link.removeprefix("http://localhost"))).status_code == 200


def test_a_registry_without_loads_still_has_a_calendar(tmp_path: Path) -> None:
    rows = site_fixture.tables() | {"loads": [], "contracts": []}
    bare = serve.test_client(site_fixture.write(tmp_path / "registry.db", rows), site_fixture.ROOT)
    assert icalendar.Calendar.from_ical(get(bare, "/testify.ics").content).walk("VJOURNAL")
    assert json.loads(get(bare, "/registry/ending_soon.json", _shape="array").text)[0]["note"]


AGENDA = {"from_date": "2021-01-20", "days": "30"}


def test_matters_on_coming_agendas_are_on_the_page_in_the_calendar_and_in_the_feed(site: Datasette) -> None:
    page = get(site, "/testify", **AGENDA).text
    assert "On coming agendas" in page and "/registry/matters/zz-matter-1" in page
    heard = [one for one in events(get(site, "/testify.ics", **AGENDA)) if "Before the council" in str(one["SUMMARY"])]
    assert [str(one["DTSTART"].dt) for one in heard] == ["2021-02-02", "2021-02-02"]
    assert "the agenda of City Council on 2021-02-02" in str(heard[0]["DESCRIPTION"])
    feed = feedparser.parse(get(site, "/testify.atom", **AGENDA).text)
    assert len({one.id for one in feed.entries}) == len(feed.entries) == 2
    assert get(site, "/testify", from_date="2021-02-03", days="30").text.count("On coming agendas") == 0


def test_whose_agendas_are_loaded_is_said_with_the_newest_day_they_show(tmp_path: Path) -> None:
    rows = site_fixture.tables()
    read = {"id": "zz-c", "source": "zz-council", "jurisdiction": "us-zz-exampleton", "state": "searched", "searched_through": "2021-03-01"}
    rows["coverage"] = [*(one for one in rows["coverage"] if one.get("source") != "zz-council"), read]
    here = serve.test_client(site_fixture.write(tmp_path / "registry.db", rows), site_fixture.ROOT)
    there, elsewhere = (get(here, "/testify", **AGENDA, place=place).text for place in ("us-zz-exampleton", "us-zz-elsewhere"))
    assert "[synthetic] Council (2021-03-01)" in there and NOT_LOADED not in there
    assert NOT_LOADED in elsewhere
