"""/map: places with laws and holdings on an outline of the states, drawn by the site itself, with its table and data.

The outline (templates/pictures/_states.svg) is projected as d3's geoAlbersUsa does for 975 by 610; points are projected the same way.
Towns that stand too close to be told apart are drawn again in a detail, found from the points alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin, sqrt
from typing import Any
from urllib.parse import urlencode

from datasette import Response, hookimpl

DATABASE, QUESTION = "registry", "map_of_places"
WIDTH, HEIGHT = 975, 610  # of the outline, in its own units
SCALE, MIDDLE = 1300.0, (487.5, 305.0)
# What d3-geo's albersUsa does: longitude turned by, centre, two parallels, size and place of each of the three parts of the map.
PARTS = {
    "mainland": (96.0, (-0.6, 38.7), (29.5, 45.5), 1.0, (0.0, 0.0)),
    "alaska": (154.0, (-2.0, 58.5), (55.0, 65.0), 0.35, (-0.307, 0.201)),
    "hawaii": (157.0, (-3.0, 19.9), (8.0, 18.0), 1.0, (-0.205, 0.212)),
}
DETAIL = (66.0, 44.0)  # of the outline, what one detail shows: about 190 by 130 miles
CROWD = 6  # places in a detail that make it worth drawing
WIDE, NARROW, LEGEND = 900, 360, 26
LETTER, LINE = 7.6, 15.0  # width and height of a letter of a label
Row = dict[str, Any]
Picture = dict[str, Any]


def say(text: str) -> str:
    """The text itself; it marks what translators are shown (see registry/messages.py)."""
    return text


TITLE = say("Places with laws and holdings")
KINDS = {"both": say("law and holdings"), "law": say("law"), "holdings": say("holdings"), "neither": say("neither in what we searched")}
WORDS = say(
    "Map of {count} places: {both} with a law and holdings, {law} with a law alone, {holdings} with holdings alone, {neither} with neither "
    "in what we searched. The table names them all, with {off} places that have no point."
)
AROUND = say("Detail of the map around {place}: {names}.")
NO_PLACE = say("We know no place on the map called “{place}”.")


def _conic(latitude: float, longitude: float, parallels: tuple[float, float]) -> tuple[float, float]:
    """Albers' equal-area conic projection on the unit sphere: https://mathworld.wolfram.com/AlbersEqual-AreaConicProjection.html"""
    low, high = (sin(radians(one)) for one in parallels)
    n = (low + high) / 2
    c = 1 + low * (2 * n - low)
    r, turn = sqrt(c - 2 * n * sin(radians(latitude))) / n, n * radians(longitude)
    return r * sin(turn), sqrt(c) / n - r * cos(turn)


def projected(latitude: float, longitude: float) -> tuple[float, float]:
    """A point of the United States on the outline."""
    part = "alaska" if latitude > 50 else "hawaii" if longitude < -150 else "mainland"
    turned, centre, parallels, size, shift = PARTS[part]
    x, y = _conic(latitude, longitude + turned, parallels)
    centre_x, centre_y = _conic(centre[1], centre[0], parallels)
    unit = SCALE * size
    return MIDDLE[0] + shift[0] * SCALE + unit * (x - centre_x), MIDDLE[1] + shift[1] * SCALE - unit * (y - centre_y)


def placed(rows: Sequence[Row]) -> list[Row]:
    """The places that have a point, with `x` and `y` on the outline; those with more to say later, so that they lie on top."""
    order = ("neither", "law", "holdings", "both")
    found = [{**row, "at": projected(row["latitude"], row["longitude"])} for row in rows if row["latitude"] is not None]
    return sorted(found, key=lambda row: (order.index(row["shown_as"]), row["place"]))


def within(places: Sequence[Row], centre: tuple[float, float]) -> list[Row]:
    """The places that a detail around a point shows."""
    return [one for one in places if abs(one["at"][0] - centre[0]) < DETAIL[0] / 2 and abs(one["at"][1] - centre[1]) < DETAIL[1] / 2]


def crowded(places: Sequence[Row]) -> list[Row]:
    """The places around which a detail is worth drawing, the most crowded first; no place is in two."""
    left, found = sorted(places, key=lambda one: str(one["place"])), []
    while left:
        best = max(left, key=lambda one: len(within(left, one["at"])))
        inside = within(left, best["at"])
        if len(inside) < CROWD:
            return found
        found.append(best)
        left = [one for one in left if one not in inside]
    return found


def labelled(dots: Sequence[Row], width: float, height: float) -> list[Row]:
    """The dots with a name beside each, where one fits that covers no other name and no dot; the rest are named in the table."""
    taken = [(dot["x"] - 7, dot["y"] - 7, dot["x"] + 7, dot["y"] + 7) for dot in dots]
    told = []
    for dot in dots:
        name = str(dot["place"]).partition(",")[0]
        long = len(name) * LETTER
        spots = (
            ("start", dot["x"] + 10, dot["y"] + 5), ("end", dot["x"] - 10, dot["y"] + 5), ("middle", dot["x"], dot["y"] - 11),
            ("middle", dot["x"], dot["y"] + 21),
        )  # fmt: skip
        for anchor, x, y in spots:
            left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * long
            box = (left, y - LINE + 3, left + long, y + 3)
            inside = min(box[:2]) >= 0 and box[2] <= width and box[3] <= height
            if inside and not any(box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken):
                taken.append(box)
                told.append({**dot, "name": name, "label": (anchor, x, y)})
                break
    named = {one["jurisdiction"]: one for one in told}
    return [named.get(dot["jurisdiction"], {**dot, "label": None}) for dot in dots]


def map_picture(rows: Sequence[Row], around: str = "", width: int = WIDE) -> Picture:
    """The whole map, or the detail around a place; `empty` where that place has no point."""
    places = placed(rows)
    if not around:
        counts = {kind: sum(one["shown_as"] == kind for one in places) for kind in KINDS}
        alt = WORDS.format(count=len(places), off=len(rows) - len(places), **counts)
        return _drawn(places, (0.0, 0.0), (WIDTH, HEIGHT), width) | {"title": TITLE, "alt": alt}
    centre = next((one for one in places if one["jurisdiction"] == around), None)
    if centre is None:
        return {"title": TITLE, "empty": NO_PLACE.format(place=around)}
    inside = within(places, centre["at"])
    corner = (centre["at"][0] - DETAIL[0] / 2, centre["at"][1] - DETAIL[1] / 2)
    picture = _drawn(inside, corner, DETAIL, width)
    alt = AROUND.format(place=centre["place"], names="; ".join(sorted(str(one["place"]) for one in inside)))
    return picture | {"title": TITLE, "alt": alt, "dots": labelled(picture["dots"], width, picture["map_height"])}


def _drawn(places: Sequence[Row], corner: tuple[float, float], size: tuple[float, float], width: int) -> Picture:
    zoom = width / size[0]
    dots = [{**one, "x": (one["at"][0] - corner[0]) * zoom, "y": (one["at"][1] - corner[1]) * zoom, "label": None} for one in places]
    across = 4 if width > NARROW else 1
    legend = [(kind, words, 14 + number % across * 215, number // across * LEGEND) for number, (kind, words) in enumerate(KINDS.items())]
    return {
        "dots": dots, "zoom": zoom, "corner": corner, "width": width, "map_height": size[1] * zoom, "legend": legend,
        "height": size[1] * zoom + LEGEND * (len(legend) / across + 0.4), "size": 5.5 if width > NARROW else 3.8,
    }  # fmt: skip


async def _rows(datasette: Any) -> list[Row]:
    query = await datasette.get_canned_query(DATABASE, QUESTION, None)
    return [dict(row) for row in await datasette.get_database(DATABASE).execute(query["sql"])]


async def svg(datasette: Any, request: Any) -> Response:
    """/pictures/map.svg: the picture alone; `around`, `ground=dark` and `width=narrow` choose the variant."""
    narrow = request.args.get("width") == "narrow"
    picture = map_picture(await _rows(datasette), request.args.get("around") or "", NARROW if narrow else WIDE)
    context = {"picture": picture, "ground": "dark" if request.args.get("ground") == "dark" else "light"}
    return Response(await datasette.render_template("pictures/map.svg", context), content_type="image/svg+xml; charset=utf-8")


async def page(datasette: Any, request: Any) -> Response:
    """/map"""
    rows = await _rows(datasette)
    details = [one["jurisdiction"] for one in crowded(placed(rows))]
    shown = [map_picture(rows, around) | {"asked": urlencode({"around": around}) if around else ""} for around in ("", *details)]
    context = {"pictures": shown, "rows": rows, "kinds": KINDS, "data_of": {"question": QUESTION, "asked": ""}}
    return Response.html(await datasette.render_template("map.html", context, request=request, view_name="map"))


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The page and its picture."""
    return [(r"^/map$", page), (r"^/pictures/map\.svg$", svg)]
