"""/sharing: who gives information to whom, drawn from school over police and fusion centre to federal agency, with its table and data.

Only what a record states is drawn (the rows of information_sharing in metadata.yml). Functions here say where boxes and arrows stand;
templates/pictures/sharing.svg writes them. Each arrow has the number of its row in the table, where its source, date and grade are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from datasette import Response, hookimpl

DATABASE, QUESTION = "registry", "information_sharing"
WIDE, NARROW = 900, 360  # of the drawing, in its own units; a phone is given the narrow one
EDGE, TOP, BOX, GAP, LINE = 8, 46, 156, 14, 16
PORT, LANE = 16, 6  # height that one arrow takes of a box, and of a lane that an arrow passes
LETTERS, LINES = 22, 6  # of one line in a box, and lines in it
Row = dict[str, Any]
Picture = dict[str, Any]


def say(text: str) -> str:
    """The text itself; it marks what translators are shown (see registry/messages.py)."""
    return text


# From left to right; what kinds of parties stand in one column.
LAYERS = (
    (say("Schools, cities, companies"), ("school", "city", "private")),
    (say("Police"), ("police",)),
    (say("Fusion centres, states, agencies not named"), ("fusion_centre", "state", "not_named")),
    (say("Federal agencies"), ("federal",)),
)
TITLE = say("Who shares information with whom")
WORDS = say("Graph of {count} flows of information, from schools over police and fusion centres to federal agencies. {flows}.")
# Words of closed lists that the table shows.
STANDINGS = {"reported": say("reported"), "proposed": say("proposed"), "suspended": say("suspended")}
KINDS = {
    "school": say("school"), "city": say("city"), "private": say("private"), "police": say("police"), "fusion_centre": say("fusion centre"),
    "state": say("state"), "not_named": say("not named"), "federal": say("federal"),
}  # fmt: skip


def layer(kind: str) -> int:
    """The column of a kind of party."""
    return next(number for number, (_, kinds) in enumerate(LAYERS) if kind in kinds)


def wrapped(name: str, letters: int = LETTERS) -> list[str]:
    """A name in lines that fit a box, whole words where they do."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    kept = lines if len(lines) <= LINES else [*lines[: LINES - 1], f"{lines[LINES - 1]}…"]
    return [one if len(one) <= letters else one[: letters - 1] + "…" for one in kept]


def numbered(rows: Sequence[Row]) -> list[Row]:
    """The rows with the number by which an arrow and its row in the table are told."""
    return [{**row, "number": number} for number, row in enumerate(rows, 1)]


def chains(rows: Sequence[Row]) -> dict[int, list[str]]:
    """Number of a flow -> what its arrow passes from giver to receiver: a lane of its own in every column between the two."""
    found = {}
    for row in rows:
        first, last = layer(row["giver_kind"]), layer(row["receiver_kind"])
        between = range(first + 1, last) if first < last else range(first - 1, last, -1)
        found[row["number"]] = [row["giver"], *(f"{row['number']}@{number}" for number in between), row["receiver"]]
    return found


def columns(rows: Sequence[Row]) -> list[list[str]]:
    """Parties and lanes of each column from top to bottom: first in the order of the table, then nearer to those they exchange with."""
    found: list[list[str]] = [[] for _ in LAYERS]
    near: dict[str, list[str]] = {}
    for row in rows:
        chain = chains([row])[row["number"]]
        at = {row["giver"]: layer(row["giver_kind"]), row["receiver"]: layer(row["receiver_kind"])}
        for name in chain:
            column = found[at[name] if name in at else int(name.partition("@")[2])]
            column.extend([] if name in column else [name])
        for one, other in pairwise(chain):
            near.setdefault(one, []).append(other)
            near.setdefault(other, []).append(one)
    for _ in range(6):
        place = {name: (number + 0.5) / len(column) for column in found for number, name in enumerate(column)}
        for column in found:
            column.sort(key=lambda name: sum(place[other] for other in near[name]) / len(near[name]))
    return found


def boxes(names: Sequence[Sequence[str]], rows: Sequence[Row]) -> dict[str, Row]:
    """The box of each party, and the strip of each lane; columns are spread over the height of the tallest."""
    busy = Counter(name for row in rows for name in (row["giver"], row["receiver"]))
    high = {name: max(len(wrapped(name)) * LINE + 14, busy[name] * PORT) if busy[name] else LANE for column in names for name in column}
    heights = [sum(high[name] + GAP for name in column) for column in names]
    step, found = (WIDE - 2 * EDGE - BOX) / (len(LAYERS) - 1), {}
    for number, column in enumerate(names):
        spare = (max(heights) - heights[number]) / (len(column) + 1)
        y = TOP + spare
        for name in column:
            lines = wrapped(name) if busy[name] else []
            found[name] = {"name": name, "lines": lines, "x": EDGE + number * step, "y": y, "width": BOX, "height": high[name]}
            y += high[name] + GAP + spare
    return found


def ports(rows: Sequence[Row], found: dict[str, Row]) -> dict[tuple[int, str], list[tuple[float, float]]]:
    """(number of the flow, box or lane) -> where its arrow comes in and goes out; arrows on one side of a box stand evenly."""
    ends: dict[tuple[str, int], list[tuple[float, int]]] = {}
    for number, chain in chains(rows).items():
        for one, other in pairwise(chain):
            way = 1 if found[other]["x"] > found[one]["x"] else -1
            ends.setdefault((one, way), []).append((found[other]["y"], number))
            ends.setdefault((other, -way if found[other]["x"] != found[one]["x"] else way), []).append((found[one]["y"], number))
    points: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for (name, side), here in ends.items():
        box = found[name]
        for place, (_, number) in enumerate(sorted(here)):
            x = box["x"] + (box["width"] if side > 0 else 0)
            points.setdefault((number, name), []).append((x, box["y"] + box["height"] * (place + 1) / (len(here) + 1)))
    return points


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    bend = (end[0] - start[0]) * 0.45
    return f"C{start[0] + bend:.1f} {start[1]:.1f} {end[0] - bend:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"


def arrows(rows: Sequence[Row], found: dict[str, Row]) -> list[Row]:
    """One arrow per row, from the giver's box through its lanes to the receiver's box."""
    points, drawn = ports(rows, found), []
    for row in rows:
        chain = chains([row])[row["number"]]
        way = 1 if found[chain[-1]]["x"] > found[chain[0]]["x"] else -1
        start, tip = points[row["number"], chain[0]][0], points[row["number"], chain[-1]][-1]
        path, at = f"M{start[0]:.1f} {start[1]:.1f}", start
        for name in chain[1:-1]:
            near, far = sorted(points[row["number"], name], key=lambda point: point[0] * way)
            path, at = f"{path}{_curve(at, near)}L{far[0]:.1f} {far[1]:.1f}", far
        drawn.append({**row, "path": path + _curve(at, (tip[0] - way * 7, tip[1])), "tip": tip, "way": way, "start": start})
    return drawn


def graph(rows: Sequence[Row]) -> Picture:
    """The whole picture for a wide page: layers from left to right."""
    found = boxes(columns(rows), rows)
    step = (WIDE - 2 * EDGE - BOX) / (len(LAYERS) - 1)
    heads = [(name, EDGE + number * step + BOX / 2) for number, (name, _) in enumerate(LAYERS)]
    height = max(box["y"] + box["height"] for box in found.values()) + TOP / 2
    told = [box for box in found.values() if box["lines"]]
    return {"boxes": told, "arrows": arrows(rows, found), "heads": heads, "width": WIDE, "height": height}


def ladder(rows: Sequence[Row]) -> Picture:
    """The whole picture for a phone: one line per flow, giver on the left, receiver on the right."""
    told, drawn, y = [], [], 14.0
    for row in rows:
        pair = [wrapped(row["giver"], 18), wrapped(row["receiver"], 18)]
        height = max(len(lines) for lines in pair) * LINE + 14
        for x, lines, name in ((EDGE, pair[0], row["giver"]), (NARROW - EDGE - 138, pair[1], row["receiver"])):
            told.append({"name": name, "lines": lines, "x": x, "y": y, "width": 138, "height": height})
        middle, end = y + height / 2, NARROW - EDGE - 138.0
        path = f"M{EDGE + 138} {middle:.1f}L{end - 7:.1f} {middle:.1f}"
        drawn.append({**row, "path": path, "tip": (end, middle), "way": 1, "start": (EDGE + 138, middle)})
        y += height + GAP
    return {"boxes": told, "arrows": drawn, "heads": [], "width": NARROW, "height": y}


def flow_words(row: Row) -> str:
    """One flow in a short sentence."""
    nth, giver, receiver, stated, standing = (row[name] for name in ("number", "giver", "receiver", "what", "standing"))
    return say(f"{nth}: {giver} to {receiver}, {stated} ({standing})")


def sharing_words(rows: Sequence[Row]) -> str:
    """The text alternative: every flow in a short sentence."""
    return WORDS.format(count=len(rows), flows="; ".join(map(flow_words, rows)))


def sharing_picture(rows: Sequence[Row], narrow: bool = False) -> Picture:
    """The picture of the rows of `information_sharing`; `empty` instead where no record states a flow."""
    flows = numbered([row for row in rows if not row["note"]])
    told: Picture = {"title": TITLE, "table": [{**row, "words": flow_words(row)} for row in flows]}
    told |= {"kinds": KINDS, "standings": STANDINGS}
    if not told["table"]:
        return told | {"empty": rows[0]["note"]}
    return told | {"alt": sharing_words(told["table"]), **(ladder(told["table"]) if narrow else graph(told["table"]))}


async def _picture(datasette: Any, place: str, narrow: bool = False) -> Picture:
    query = await datasette.get_canned_query(DATABASE, QUESTION, None)
    rows = [dict(row) for row in await datasette.get_database(DATABASE).execute(query["sql"], {"place": place})]
    return sharing_picture(rows, narrow) | {"asked": urlencode({"place": place}) if place else "", "place": place, "question": QUESTION}


async def svg(datasette: Any, request: Any) -> Response:
    """/pictures/sharing.svg: the picture alone; `place`, `ground=dark` and `width=narrow` choose the variant."""
    picture = await _picture(datasette, request.args.get("place") or "", request.args.get("width") == "narrow")
    context = {"picture": picture, "ground": "dark" if request.args.get("ground") == "dark" else "light"}
    return Response(await datasette.render_template("pictures/sharing.svg", context), content_type="image/svg+xml; charset=utf-8")


async def page(datasette: Any, request: Any) -> Response:
    """/sharing"""
    shown = await _picture(datasette, (request.args.get("place") or "").strip()[:200])
    return Response.html(await datasette.render_template("sharing.html", {"shown": shown}, request=request, view_name="sharing"))


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The page and its picture."""
    return [(r"^/sharing$", page), (r"^/pictures/sharing\.svg$", svg)]


@hookimpl
def extra_template_vars(datasette: Any, request: Any) -> dict[str, Any]:
    """`sharing_picture(place)` for the page of a place."""

    async def sharing_picture(place: str) -> Picture:
        return await _picture(datasette, place)

    return {"sharing_picture": sharing_picture} if request is not None else {}
