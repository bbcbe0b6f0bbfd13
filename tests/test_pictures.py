"""The numbers drawn are the numbers of the table: every picture is parsed and its marks are measured."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import date
from itertools import combinations, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, get_args
from xml.etree import ElementTree

import httpx
import pytest
import site_fixture
import sqlite_utils
from datasette.app import Datasette
from datasette.utils import module_from_path

from registry import serve
from registry.catalog import load_catalog
from registry.errors import DataError
from registry.sharing import Party, flow_rows, load_flows

SVG = "{http://www.w3.org/2000/svg}"
TODAY = date(2026, 11, 22)


def plugin(name: str) -> ModuleType:
    """A plugin file as Datasette loads it: by itself."""
    module: ModuleType = module_from_path(str(site_fixture.ROOT / "plugins" / f"{name}.py"), name=f"of_test_{name}")
    return module


values, timelines = plugin("value_pictures"), plugin("timelines")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Datasette:
    rows = site_fixture.tables()
    rows["contracts"] += [
        site_fixture.contract("zz-two", year=2021, value_amount=25_000_000, technologies='["cctv", "video_analytics"]'),
        site_fixture.contract("zz-other", year=2021, value_amount=10_000_000, technologies='["video_analytics"]'),
        site_fixture.contract("zz-silent", year=2021, value_amount=None),
        site_fixture.contract("zz-yearless", year=None, value_amount=7_000),
        site_fixture.contract("zz-minus", year=2020, value_amount=-5_000),
        site_fixture.contract("zz-foreign", year=2020, value_amount=5_000, value_currency="CAD"),
        site_fixture.contract("zz-open", year=2020, value_amount=0, period_start_date="2020-06-01", period_end_date=""),
    ]
    paid = rows["transactions"][0]
    rows["transactions"] += [
        paid | {"id": "zz-pay-several", "year": 2021, "value_amount": 500.0, "technologies": '["cctv", "video_analytics"]'},
        paid | {"id": "zz-pay-other", "year": 2021, "value_amount": 40.25, "technologies": '["video_analytics"]', "supplier": None},
        paid | {"id": "zz-pay-old", "year": 2019, "value_amount": 900.0},
        paid | {"id": "zz-pay-back", "year": 2021, "value_amount": -60.5},
        paid | {"id": "zz-pay-silent", "year": 2021, "value_amount": None},
        paid | {"id": "zz-pay-dayless", "transaction_date": None, "year": None, "value_amount": 7_000.0},
        paid | {"id": "zz-pay-foreign", "year": 2020, "value_currency": "CAD"},
    ]
    path = site_fixture.write(tmp_path_factory.mktemp("pictures") / "registry.db", rows)
    return serve.test_client(path, site_fixture.ROOT)


def get(site: Datasette, path: str) -> httpx.Response:
    return asyncio.run(site.client.get(path))


def drawn(site: Datasette, path: str) -> ElementTree.Element:
    answer = get(site, path)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("image/svg+xml")
    return ElementTree.fromstring(answer.text)


def asked(site: Datasette, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = get(site, path).json()
    return rows


def bars_of(picture: ElementTree.Element) -> list[ElementTree.Element]:
    return [one for one in picture.iter(f"{SVG}rect") if "data-value" in one.attrib]


# ---- amounts by year ----

BY_YEAR = {"value-by-year": "value_by_year", "payments-by-year": "payments_by_year"}


@pytest.mark.parametrize("kind", BY_YEAR)
def test_bars_stand_for_the_rows_of_the_question(site: Datasette, kind: str) -> None:
    rows = [row for row in asked(site, f"/registry/{BY_YEAR[kind]}.json?_shape=array") if row["standing"] == "drawn"]
    bars = bars_of(drawn(site, f"/pictures/{kind}.svg"))
    told = {(int(bar.attrib["data-year"]), bar.attrib["data-group"]): float(bar.attrib["data-value"]) for bar in bars}
    assert told == {(row["year"], row["counted_under"]): row["value_amount"] for row in rows} and len(bars) == len(rows) > 3


@pytest.mark.parametrize("kind", BY_YEAR)
@pytest.mark.parametrize("variant", ["", "?width=narrow", "?ground=dark", "?width=narrow&ground=dark"])
def test_bars_are_as_high_as_their_values(site: Datasette, kind: str, variant: str) -> None:
    bars = bars_of(drawn(site, f"/pictures/{kind}.svg{variant}"))
    sizes = [(float(bar.attrib["height"]), float(bar.attrib["data-value"])) for bar in bars]
    highest, most = max(sizes)
    assert most == max(value for _, value in sizes)
    assert all(height == pytest.approx(value * highest / most, abs=0.002) for height, value in sizes)
    tops = {}
    for bar in bars:  # one on the other, never over each other
        year, y, height = bar.attrib["data-year"], float(bar.attrib["y"]), float(bar.attrib["height"])
        assert y + height == pytest.approx(tops.get(year, values.TOP + values.PLOT), abs=0.01)
        tops[year] = y


def test_axis_and_bars_have_one_scale(site: Datasette) -> None:
    picture = values.by_year("value-by-year", asked(site, "/registry/value_by_year.json?_shape=array"), {})
    base, top = picture["ticks"][0][1], picture["ticks"][-1][1]
    most = values.steps(max(sum(one["value"] for one in picture["bars"] if one["year"] == year) for year in (2019, 2021)))[-1]
    assert picture["ticks"][0][0] == "$0" and picture["ticks"][-1][0] == values.short_money(most)
    assert {round(one["height"] / one["value"], 12) for one in picture["bars"] if one["value"]} == {round((base - top) / most, 12)}


@pytest.mark.parametrize("kind", BY_YEAR)
def test_the_table_adds_up_to_the_bars(site: Datasette, kind: str) -> None:
    rows = asked(site, f"/registry/{BY_YEAR[kind]}.json?_shape=array")
    picture, counted = values.by_year(kind, rows, {}), values.PICTURES[kind].counted
    for row in picture["table"]:
        assert row["value_amount"] == sum(bar["value"] for bar in picture["bars"] if bar["year"] == row["year"])
    assert sum(row[counted] for row in picture["table"]) == sum(row[counted] for row in rows if row["standing"] == "drawn") > 0


def test_what_is_not_drawn_is_counted(site: Datasette) -> None:
    text = html.unescape(get(site, "/registry/jurisdictions/us-zz-exampleton").text)
    for words in (
        "leads, which rest on a supplier's name alone (1, worth $53.1m)", "with no published amount (1)",
        "with no published year (1, worth $7k)", "add up to less than nothing (1, together -$5k)", "another currency than dollars (1)",
        "A contract of several technologies is counted once", "never a payment",
    ):  # fmt: skip
        assert words in text


def test_a_lead_is_never_in_a_bar(site: Datasette) -> None:
    rows = asked(site, "/registry/value_by_year.json?_shape=array&place=us-zz-exampleton")
    assert sum(row["contracts"] for row in rows) == 10
    lead = next(row for row in rows if row["standing"] == "lead")
    picture = values.by_year("value-by-year", rows, {})
    assert lead["contracts"] == 1 and sum(row["contracts"] for row in picture["table"]) == 10 - 5


def test_what_was_paid_is_never_added_to_what_contracts_commit(site: Datasette) -> None:
    rows = asked(site, "/registry/payments_by_year.json?_shape=array&place=us-zz-exampleton")
    paid = {(row["year"], row["counted_under"]): (row["payments"], row["value_amount"]) for row in rows if row["standing"] == "drawn"}
    others = {(2021, "several"): (1, 500.0), (2021, "video_analytics"): (1, 40.25)}
    assert paid == others | {(2020, "cctv"): (2, 2469.0), (2019, "cctv"): (1, 900.0)}
    picture = values.by_year("payments-by-year", rows, {})
    assert sum(bar["value"] for bar in picture["bars"]) == 500 + 40.25 + 2469 + 900
    svg = get(site, "/pictures/payments-by-year.svg").text
    assert ">Paid, by year of payment</text>" in svg and ">Value of contracts signed, by year</text>" not in svg


def test_refunds_and_leads_of_payments_are_said_and_not_drawn(site: Datasette) -> None:
    text = html.unescape(get(site, "/registry/jurisdictions/us-zz-exampleton").text)
    for words in (
        "payments that rest on a supplier's name alone (1, together -$34)", "payment lines with no published amount (1)",
        "with no day that can be read (1, together $7k)", "refunds and reversals, lines of less than nothing (1, together -$60)",
        "payment lines in another currency than dollars (1)", "so the two are never added", "refunds not taken off",
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("path", ["jurisdictions/us-zz-elsewhere", "suppliers/briefcam-ltd", "technologies/face_recognition"])
def test_where_nothing_was_paid_no_picture_of_payments_stands(site: Datasette, path: str) -> None:
    text = get(site, f"/registry/{path}").text
    assert "value_by_year" in text and "payments-by-year" not in text and "payments_by_year" not in text


def test_payments_that_are_all_leads_are_told_without_bars(site: Datasette) -> None:
    lead = {"standing": "lead", "year": None, "counted_under": None, "payments": 12, "value_amount": 9_900.0, "note": None}
    picture = values.by_year("payments-by-year", [lead], {})
    assert picture["found"] and picture["empty"] == "No payment here has an amount that can be drawn." and "bars" not in picture
    assert picture["notes"] == ["Not drawn: leads, payments that rest on a supplier's name alone (12, together $9.9k)."]


def test_one_technology_is_told_apart_from_contracts_of_several(site: Datasette) -> None:
    rows = asked(site, "/registry/value_by_year.json?_shape=array&technology=video_analytics")
    assert [(row["year"], row["counted_under"], row["value_amount"]) for row in rows] == [
        (2021, "several", 25_000_000), (2021, "video_analytics", 10_000_000),
    ]  # fmt: skip
    bars = bars_of(drawn(site, "/pictures/value-by-year.svg?technology=cctv"))
    assert {bar.attrib["data-group"] for bar in bars} == {"cctv", "several"}


@pytest.mark.parametrize("given", ["technology=nosuch", "supplier=nosuch", "place=Nowhere", "place=us-zz-twin"])
@pytest.mark.parametrize("name", ["value-by-year", "payments-by-year", "terms"])
def test_an_empty_picture_says_why(site: Datasette, name: str, given: str) -> None:
    picture = drawn(site, f"/pictures/{name}.svg?{given}")
    words = picture.findtext(f"{SVG}text") or ""
    assert re.search("We know no|We hold no|We have searched no source of Twin, ZZ yet", words) and not bars_of(picture)


@pytest.mark.parametrize(
    ("most", "expected"), [(7, [0, 2, 4, 6, 8]), (1, [0, 1]), (60e6, [0, 20e6, 40e6, 60e6]), (250e6, [0, 1e8, 2e8, 3e8])]
)
def test_steps_are_round_and_reach_the_highest_bar(most: float, expected: list[float]) -> None:
    assert values.steps(most) == expected


def test_small_technologies_are_drawn_together_and_no_dollar_is_lost() -> None:
    rows = [{"counted_under": f"t{number}", "year": 2020, "value_amount": 100.0 - number, "contracts": 1} for number in range(9)]
    groups = values.grouped([*rows, {"counted_under": "several", "year": 2020, "value_amount": 7.0, "contracts": 1}], "")
    assert list(groups) == ["t0", "t1", "t2", "t3", "t4", "other", "several"]
    assert sum(sum(years.values()) for years in groups.values()) == sum(row["value_amount"] for row in rows) + 7


# ---- time ----


def line(**given: Any) -> dict[str, Any]:
    days = {name: date.fromisoformat(given[name]) if given.get(name) else None for name in ("start", "end", "mark")}
    return {"name": "[synthetic]", "days": "", "brief": "", "kind": "firm", "id": "x"} | days


def test_a_bar_is_as_long_as_its_term() -> None:
    picture = timelines.timeline([line(start="2020-01-01", end="2022-01-01"), line(start="2020-01-01", end="2021-01-01")], 900, TODAY)
    first, second = picture["lines"]
    assert first["width"] == pytest.approx(2 * second["width"]) and first["x"] == second["x"]
    years = dict(picture["years"])
    assert first["x"] == pytest.approx(years[2020]) and first["x"] + first["width"] == pytest.approx(years[2022])


def test_far_days_do_not_press_all_others_together() -> None:
    picture = timelines.timeline([line(start="2020-01-01", end="2200-12-31"), line(start="0017-01-01", end="2021-01-01")], 900, TODAY)
    assert picture["years"][-1][0] <= TODAY.year + timelines.AHEAD and picture["years"][0][0] >= TODAY.year - timelines.BACK
    assert [one["beyond"] for one in picture["lines"]] == [True, False]
    assert all(one["x"] >= timelines.EDGE and one["x"] + one["width"] <= 900 - timelines.EDGE + 0.01 for one in picture["lines"])


def test_the_terms_drawn_are_the_terms_of_the_question(site: Datasette) -> None:
    rows = asked(site, "/registry/contract_terms.json?_shape=array&place=us-zz-exampleton")
    picture = drawn(site, "/pictures/terms.svg?place=us-zz-exampleton")
    marks = {group.attrib["data-id"]: group for group in picture.iter(f"{SVG}g")}
    assert list(marks) == [row["contract"] for row in rows] and len(rows) == 10
    for row in rows:
        mark = next(one for one in marks[row["contract"]].iter() if "data-start" in one.attrib)
        assert (mark.attrib["data-start"], mark.attrib["data-end"]) == (row["period_start_date"], row["period_end_date"])
    assert marks["zz-open"].find(f"{SVG}circle") is not None and marks["zz-1"].find(f"{SVG}rect") is not None
    lead = marks["zz-lead"].find(f"{SVG}rect")
    assert list(marks)[-1] == "zz-lead" and lead is not None and "stroke-dasharray" in lead.attrib


def test_revisions_are_marked_on_the_day_they_were_signed(site: Datasette) -> None:
    rows = asked(site, "/registry/revisions.json?_shape=array&contract=zz-1")
    picture = drawn(site, "/pictures/revisions.svg?contract=zz-1")
    days = [one.attrib["data-day"] for one in picture.iter(f"{SVG}path") if "data-day" in one.attrib]
    assert days == [row["date_signed"] for row in rows] == ["2019-01-05", "2020-02-01"]
    assert "No revision of this contract was published apart." in get(site, "/registry/revisions.json?contract=zz-lead").text


# ---- every picture ----

SHOWN = {
    "/": ["value-by-year", "payments-by-year"], "/registry/contracts/zz-1": ["revisions"],
    "/registry/technologies/cctv": ["value-by-year", "payments-by-year", "terms"],
    "/registry/suppliers/watcher-inc": ["value-by-year", "payments-by-year", "terms"],
    "/registry/jurisdictions/us-zz-exampleton": ["value-by-year", "payments-by-year", "terms"],
}  # fmt: skip


@pytest.mark.parametrize("path", SHOWN)
def test_a_page_shows_its_pictures_with_words_table_and_data(site: Datasette, path: str) -> None:
    text = get(site, path).text
    for name in SHOWN[path]:
        figure = re.search(rf'<figure class="picture">(?:(?!</figure>).)*?/pictures/{name}\.svg.*?</figure>', text, re.DOTALL)
        assert figure and re.search(r'<img [^>]*alt="[^"]{60,}"', figure[0]) and "<figcaption>" in figure[0]
        for address in re.findall(r'(?:src|srcset|href)="([^"]+)"', figure[0]):
            assert drawn(site, html.unescape(address)).tag == f"{SVG}svg"
    data = re.findall(r'href="([^"]+)">(?:table|CSV|json)</a>', text)
    data = [one for one in data if re.search("value_by_year|payments_by_year|contract_terms|revisions", one)]
    assert len(data) == 3 * len(SHOWN[path]) and {get(site, html.unescape(one)).status_code for one in data} == {200}


@pytest.mark.parametrize("path", ["value-by-year.svg", "payments-by-year.svg", "terms.svg", "revisions.svg?contract=zz-1"])
def test_a_picture_needs_nothing_that_the_site_forbids(site: Datasette, path: str) -> None:
    text = get(site, f"/pictures/{path}").text
    assert not re.search(r"<style|<script|\bstyle=|\bon[a-z]+=|href=|url\(", text)
    picture = ElementTree.fromstring(text)
    assert picture.attrib["role"] == "img" and picture.findtext(f"{SVG}title") and len(picture.findtext(f"{SVG}desc") or "") > 40


def test_hostile_titles_are_text_in_a_picture(site: Datasette) -> None:
    text = get(site, "/pictures/terms.svg").text
    assert "<script" not in text and "&lt;script&gt;" in text
    assert "<script" not in get(site, "/pictures/value-by-year.svg?technology=<script>alert(1)</script>").text


def test_a_large_registry_is_drawn_in_time(tmp_path: Path) -> None:
    path = site_fixture.build_large(tmp_path / "registry.db", 31_000)
    large = serve.test_client(path, site_fixture.ROOT)
    assert bars_of(drawn(large, "/pictures/value-by-year.svg"))
    assert len(list(drawn(large, "/pictures/terms.svg").iter(f"{SVG}g"))) == timelines.MOST_ROWS


# ---- sharing ----

sharing = plugin("sharing_page")


def flow(number: int, giver: str, giver_kind: str, receiver: str, receiver_kind: str) -> dict[str, Any]:
    names = {"giver": giver, "giver_kind": giver_kind, "receiver": receiver, "receiver_kind": receiver_kind}
    return {"number": number, "note": None, "standing": "reported", "what": "[synthetic]", **names}


CHAIN = [
    flow(1, "School", "school", "Police", "police"), flow(2, "Police", "police", "Fusion", "fusion_centre"),
    flow(3, "Fusion", "fusion_centre", "Agency", "federal"), flow(4, "School", "school", "Agency", "federal"),
    flow(5, "Fusion", "fusion_centre", "Police", "police"), flow(6, "Sheriff", "police", "Police", "police"),
]  # fmt: skip


def test_layers_run_from_school_to_federal_agency() -> None:
    left = {box["name"]: box["x"] for box in sharing.graph(CHAIN)["boxes"]}
    assert left["School"] < left["Police"] == left["Sheriff"] < left["Fusion"] < left["Agency"]
    kinds = [kind for _, kinds in sharing.LAYERS for kind in kinds]
    assert sorted(kinds) == sorted(get_args(Party))


def test_arrows_leave_the_giver_and_reach_the_receiver() -> None:
    picture = sharing.graph(CHAIN)
    at = {box["name"]: box for box in picture["boxes"]}
    assert [arrow["number"] for arrow in picture["arrows"]] == [1, 2, 3, 4, 5, 6]
    for arrow in picture["arrows"]:
        for point, name in ((arrow["start"], arrow["giver"]), (arrow["tip"], arrow["receiver"])):
            box = at[name]
            assert point[0] in (box["x"], box["x"] + box["width"]) and box["y"] < point[1] < box["y"] + box["height"]
    starts = [(arrow["start"], arrow["tip"]) for arrow in picture["arrows"]]
    assert len(set(starts)) == len(starts)


def test_boxes_never_lie_on_each_other() -> None:
    boxes = sorted(sharing.graph(CHAIN)["boxes"], key=lambda box: (box["x"], box["y"]))
    assert all(one["x"] != other["x"] or one["y"] + one["height"] < other["y"] for one, other in pairwise(boxes))


def test_every_flow_is_an_arrow_and_a_row_with_its_source(site: Datasette) -> None:
    rows = asked(site, "/registry/information_sharing.json?_shape=array")
    here = [row for row in rows if row["jurisdiction"] == "us-zz-exampleton"]
    assert (len(rows), len(here)) == (4, 3)
    for variant, shown in (("", rows), ("?width=narrow", rows), ("?place=us-zz-exampleton&ground=dark", here)):
        picture = drawn(site, f"/pictures/sharing.svg{variant}")
        told = [
            (one.attrib["data-flow"], one.attrib["data-from"], one.attrib["data-to"]) for one in picture.iter() if "data-flow" in one.attrib
        ]
        assert told == [(row["flow"], row["giver"], row["receiver"]) for row in shown]
    for path, shown in (("/sharing", rows), ("/registry/jurisdictions/us-zz-exampleton", here)):
        text = get(site, path).text
        assert text.count('data-label="Source"') == len(shown) and 'data-label="Source">None' not in text
        assert "/registry/records/zz-gift" in text and "<b>School" not in text
        number = 1 + [row["flow"] for row in shown].index("zz-gift_1")
        assert f"{number}: [synthetic] &lt;b&gt;School&lt;/b&gt; to [synthetic] Police" in text


def test_no_flow_is_no_finding(site: Datasette) -> None:
    text = html.unescape(get(site, "/sharing?place=us-zz-twin").text)
    assert "We have searched no source of Twin, ZZ yet" in text and "may still exist" in text
    assert "We hold no place called “Nowhere”" in html.unescape(get(site, "/sharing?place=Nowhere").text)


RECORDS = load_catalog(site_fixture.ROOT / "data").records
HEADER = "record,giver,giver_kind,receiver,receiver_kind,what\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("us-ma-boston-085,Boston Latin School,school,Boston Regional Intelligence Center,fusion_centre,reports", "Nothing is inferred"),
        ("us-ma-boston-999,Boston Public Schools,school,Boston Police Department,police,reports", "no row of data/records"),
        ("us-ma-boston-086,Boston Public Schools,school,Boston Police Department,police,", "what: is empty"),
        ("us-ma-boston-086,Boston Public Schools,army,Boston Police Department,police,reports", "Allowed: city, federal"),
        ("us-ma-boston-086,Boston Public Schools,school", "Quote commas"),
    ],
)
def test_a_flow_that_no_record_states_is_refused(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "sharing.csv").write_text(HEADER + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        load_flows(tmp_path, RECORDS)
    assert "sharing.csv:2" in str(caught.value)


def test_flows_of_the_data_rest_on_records() -> None:
    flows = load_flows(site_fixture.ROOT / "data", RECORDS)
    rows = list(flow_rows(flows))
    assert len(rows) >= 28 and len({row["id"] for row in rows}) == len(rows)
    kinds = {(one.giver_kind, one.receiver_kind) for one in flows}
    assert {("school", "police"), ("school", "fusion_centre"), ("police", "fusion_centre"), ("fusion_centre", "federal")} <= kinds


# ---- the map ----

maps = plugin("map_page")


def place(slug: str, latitude: float | None, longitude: float | None, shown_as: str = "law") -> dict[str, Any]:
    return {"jurisdiction": slug, "place": f"{slug}, ZZ", "latitude": latitude, "longitude": longitude, "shown_as": shown_as}


@pytest.mark.parametrize(
    ("longitude", "latitude", "expected"),  # d3-geo's own tests of geoAlbersUsa, drawn there at 1070 around (480, 250)
    [(-122.4194, 37.7750, (107.4, 214.1)), (-74.0064, 40.7142, (794.6, 176.5)), (-95.9928, 36.1540, (488.8, 298.0)),
     (-149.9003, 61.2181, (171.2, 446.9)), (-157.8583, 21.3069, (298.5, 451.0))],
)  # fmt: skip
def test_points_are_projected_as_the_outline_is(longitude: float, latitude: float, expected: tuple[float, float]) -> None:
    x, y = maps.projected(latitude, longitude)
    zoom = 1070 / maps.SCALE
    assert ((x - maps.MIDDLE[0]) * zoom + 480, (y - maps.MIDDLE[1]) * zoom + 250) == pytest.approx(expected, abs=0.1)


def test_points_stand_for_towns_alone_and_lie_on_the_map() -> None:
    places = load_catalog(site_fixture.ROOT / "data").book.jurisdictions.values()
    assert sum(one.point is not None for one in places) >= 73
    for one in places:
        if one.point:
            assert one.kind in ("city", "town", "village", "city_county"), one.id
            x, y = maps.projected(one.point.latitude, one.point.longitude)
            assert 0 < x < maps.WIDTH and 0 < y < maps.HEIGHT and re.fullmatch(r"GeoNames \d+", one.point.source)


def test_a_crowd_is_drawn_again_and_each_place_once() -> None:
    towns = [place(f"town{number}", 42.3 + number / 50, -71.1) for number in range(7)]
    far = [place("far", 34.0, -118.0), place("farther", 34.1, -118.1)]
    details = maps.crowded(maps.placed([*towns, *far, place("county", None, None)]))
    assert len(details) == 1 and details[0]["jurisdiction"].startswith("town")
    assert len(maps.within(maps.placed(towns), details[0]["at"])) == 7


def test_labels_never_cover_each_other_or_a_dot() -> None:
    dots = [place(f"a-long-name-{number}", 0, 0) | {"x": 300 + 9 * (number % 5), "y": 200 + 9 * (number // 5)} for number in range(15)]
    told = [one for one in maps.labelled(dots, 900, 600) if one["label"]]
    assert 2 <= len(told) < len(dots)
    spans = []
    for one in told:
        anchor, x, y = one["label"]
        left = x - {"start": 0, "middle": 0.5, "end": 1}[anchor] * len(one["name"]) * maps.LETTER
        spans.append((left, y - 12, left + len(one["name"]) * maps.LETTER, y + 3))
        assert not any(
            left < dot["x"] + 7 and dot["x"] - 7 < spans[-1][2] and y - 12 < dot["y"] + 7 and dot["y"] - 7 < y + 3 for dot in dots
        )
    for one, other in combinations(spans, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_the_map_shows_every_place_that_has_a_point(tmp_path: Path) -> None:
    path = site_fixture.build(tmp_path / "registry.db")
    with sqlite_utils.Database(path).conn as db:
        db.execute(
            "update jurisdictions set latitude = 42.3584, longitude = -71.0598, point_source = 'synthetic' where id = 'us-ma-boston'"
        )
        db.execute("update jurisdictions set latitude = 40.0, longitude = -100.0, point_source = 'synthetic' where id like 'us-zz-e%'")
    with_points = serve.test_client(path, site_fixture.ROOT)
    rows = {row["jurisdiction"]: row for row in asked(with_points, "/registry/map_of_places.json?_shape=array")}
    assert rows["us-zz-exampleton"]["shown_as"] == "both" and rows["us-zz-exampleton"]["contracts"] == 2  # the lead is not counted
    for variant, width in (("", 900), ("?width=narrow&ground=dark", 360)):
        dots = {
            one.attrib["data-place"]: one for one in drawn(with_points, f"/pictures/map.svg{variant}").iter() if "data-place" in one.attrib
        }
        assert set(dots) == {slug for slug, row in rows.items() if row["latitude"] is not None} and len(dots) == 3
        for slug, dot in dots.items():
            x, y = maps.projected(rows[slug]["latitude"], rows[slug]["longitude"])
            assert (float(dot.attrib["data-x"]), float(dot.attrib["data-y"])) == pytest.approx((x * width / 975, y * width / 975), abs=0.01)
            assert dot.attrib["data-kind"] == rows[slug]["shown_as"]
    text = get(with_points, "/map").text
    assert text.count('data-label="Point"') == len(rows) and text.count("not on the map") == len(rows) - 3
    assert all(f'href="/registry/jurisdictions/{slug}"' in text for slug in rows)
    near = drawn(with_points, "/pictures/map.svg?around=us-ma-boston")
    assert [one.attrib["data-place"] for one in near.iter() if "data-place" in one.attrib] == ["us-ma-boston"]
    assert "We know no place on the map called" in get(with_points, "/pictures/map.svg?around=<b>nowhere").text


@pytest.mark.parametrize("path", ["map.svg", "sharing.svg"])
def test_the_other_pictures_need_nothing_forbidden_either(site: Datasette, path: str) -> None:
    assert not re.search(r"<style|<script|\bstyle=|\bon[a-z]+=|href=|url\(", get(site, f"/pictures/{path}").text)
