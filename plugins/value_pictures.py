"""The pictures of amounts by year: an SVG at its own address, its words, its table and its data, from the rows of one ready question.

What contracts commit (value_by_year in metadata.yml) and what was paid (payments_by_year) are two pictures and are never added: a
payment may be part of a contract's value. Picture, table and data come from the same rows, so they cannot differ. Functions here only
say where a mark stands; templates/pictures/bars.svg writes it, with no style and no script: the site forbids both inline.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from datasette import Response, hookimpl

DATABASE = "registry"
WIDE, NARROW = 900, 360  # of the drawing, in its own units; a phone is given the narrow one
LEFT, RIGHT, TOP = 62, 14, 36  # above the bars stands what they are
PLOT, WIDEST = 260, 60  # height of all bars together, and width of one
GROUPS = 5  # technologies with a colour of their own; more could not be told apart
SEVERAL, OTHER = "several", "other"
Row = dict[str, Any]
Picture = dict[str, Any]


def say(text: str) -> str:
    """The text itself; it marks what translators are shown (see registry/messages.py)."""
    return text


class Amounts(NamedTuple):
    """What one picture draws: its ready question, the column that counts its rows, the headings of its table, and its words."""

    question: str
    counted: str
    heads: tuple[str, str]
    title: str
    words: str
    meaning: str
    once: str
    empty: str
    left_out: dict[str, str]


VALUE = Amounts(
    question="value_by_year", counted="contracts", heads=(say("Contracts"), say("Value")),
    title=say("Value of contracts signed, by year"),
    words=say(
        "Bar chart of the value of contracts by the year they were signed, {first} to {last}: {count} contracts, {total} together. "
        "Highest: {year}, with {value} in {contracts} contracts. The table holds every number."
    ),
    meaning=say("An amount is what the source publishes for a contract, its revisions added up: often a ceiling, never a payment."),
    once=say("A contract of several technologies is counted once, as “several technologies”."),
    empty=say("No contract here has an amount that can be drawn."),
    left_out={
        "lead": say("Not drawn: leads, which rest on a supplier's name alone ({count}, worth {value})."),
        "no_amount": say("Not drawn: contracts with no published amount ({count})."),
        "no_year": say("Not drawn: contracts with no published year ({count}, worth {value})."),
        "below_zero": say("Not drawn: contracts whose revisions add up to less than nothing ({count}, together {value})."),
        "other_currency": say("Not drawn: contracts in another currency than dollars ({count})."),
    },
)  # fmt: skip
PAID = Amounts(
    question="payments_by_year", counted="payments", heads=(say("Payments"), say("Paid")),
    title=say("Paid, by year of payment"),
    words=say(
        "Bar chart of what was paid, by the year of the day on each payment line, {first} to {last}: {count} payment lines, {total} "
        "together, refunds not taken off. Highest: {year}, with {value} in {payments} payment lines. The table holds every number."
    ),
    meaning=say(
        "An amount is what one published line says was paid, in the year of its day; what a line is, its source says. It may be part "
        "of the value of a contract, so the two are never added."
    ),
    once=say("A payment for several technologies is counted once, as “several technologies”."),
    empty=say("No payment here has an amount that can be drawn."),
    left_out={
        "lead": say("Not drawn: leads, payments that rest on a supplier's name alone ({count}, together {value})."),
        "no_amount": say("Not drawn: payment lines with no published amount ({count})."),
        "no_year": say("Not drawn: payment lines with no day that can be read ({count}, together {value})."),
        "below_zero": say("Not drawn and not taken off: refunds and reversals, lines of less than nothing ({count}, together {value})."),
        "other_currency": say("Not drawn: payment lines in another currency than dollars ({count})."),
    },
)  # fmt: skip
PICTURES = {"value-by-year": VALUE, "payments-by-year": PAID}
GROUP_NAMES = {SEVERAL: say("several technologies"), OTHER: say("other technologies"), "not_stated": say("technology not stated")}


def short_money(value: float) -> str:
    """Dollars in at most five letters: $950, $12k, $1.2m, $3bn."""
    sign, value = ("-" if value < 0 else ""), abs(value)
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if value >= size:
            return f"{sign}${value / size:.1f}".removesuffix(".0") + letter
    return f"{sign}${value:.0f}"


def steps(most: float, count: int = 4) -> list[float]:
    """Round values from 0 up to `most` or just above it, at most about `count` apart from 0."""
    size: float = 1
    while size * 10 * count < most:
        size *= 10
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor * count >= most)
    return [step * number for number in range(count + 1) if step * (number - 1) < most]


def grouped(rows: Sequence[Row], focus: str) -> dict[str, dict[int, float]]:
    """Group -> year -> dollars of the rows that are drawn; small technologies together as `other`, unless one is looked at alone."""
    totals: dict[str, float] = defaultdict(float)
    for row in rows:
        totals[row["counted_under"]] += row["value_amount"]
    ranked = sorted((name for name in totals if name != SEVERAL), key=lambda name: (-totals[name], name))
    own = set(ranked if len(ranked) <= GROUPS + 1 or focus else ranked[:GROUPS]) | {SEVERAL}
    found: dict[str, dict[int, float]] = {name: {} for name in [*(one for one in ranked if one in own), OTHER, SEVERAL]}
    for row in rows:
        years = found[row["counted_under"] if row["counted_under"] in own else OTHER]
        years[row["year"]] = years.get(row["year"], 0.0) + row["value_amount"]
    return {name: years for name, years in found.items() if years}


def bars(rows: Sequence[Row], focus: str, width: int) -> Picture:
    """Where the bars of value by year stand: `bars` (year, group number, value, box), `ticks` (value, y), `years` (label, x)."""
    groups = grouped(rows, focus)
    spans = range(min(row["year"] for row in rows), max(row["year"] for row in rows) + 1)
    ticks = steps(max(sum(years.get(year, 0.0) for years in groups.values()) for year in spans))
    slot, scale, base = (width - LEFT - RIGHT) / len(spans), PLOT / ticks[-1], TOP + PLOT
    marks, wide = [], min(slot * 0.8, WIDEST)
    for place, year in enumerate(spans):
        top = float(base)
        for number, (group, years) in enumerate(groups.items()):
            if year in years:
                top -= years[year] * scale
                box = {"x": LEFT + slot * (place + 0.5) - wide / 2, "y": top, "width": wide, "height": years[year] * scale}
                marks.append({"year": year, "group": group, "number": number, "value": years[year], **box})
    every = next(step for step in (1, 2, 5, 10, 20, 50) if slot * step >= 44 or step == 50)
    labels = [(year, LEFT + slot * (place + 0.5)) for place, year in enumerate(spans) if year % every == 0 or len(spans) == 1]
    return {
        "bars": marks, "ticks": [(short_money(tick), base - tick * scale) for tick in ticks], "years": labels, "groups": list(groups),
        "width": width, "base": base,
    }  # fmt: skip


def table_of(rows: Sequence[Row], counted: str) -> list[Row]:
    """Year by year, newest first: how many rows and dollars, exactly what the bars show together."""
    years: dict[int, list[float]] = {}
    for row in rows:
        count, value = years.setdefault(row["year"], [0, 0.0])
        years[row["year"]] = [count + row[counted], value + row["value_amount"]]
    return [{"year": year, counted: int(years[year][0]), "value_amount": years[year][1]} for year in sorted(years, reverse=True)]


def left_out(amounts: Amounts, rows: Sequence[Row]) -> list[str]:
    """What is not drawn and why, with its number; nothing is left out in silence."""
    return [
        amounts.left_out[row["standing"]].format(count=f"{row[amounts.counted]:,}", value=short_money(row["value_amount"] or 0))
        for row in rows
        if row["standing"] in amounts.left_out
    ]


def words_of(amounts: Amounts, table: Sequence[Row]) -> str:
    """The text alternative: span, sum, and the highest year."""
    highest, counted = max(table, key=lambda row: row["value_amount"]), amounts.counted
    return amounts.words.format(
        first=table[-1]["year"], last=table[0]["year"], count=f"{sum(row[counted] for row in table):,}",
        total=short_money(sum(row["value_amount"] for row in table)), year=highest["year"],
        value=short_money(highest["value_amount"]), **{counted: f"{highest[counted]:,}"},
    )  # fmt: skip


def by_year(kind: str, rows: Sequence[Row], given: dict[str, str], width: int = WIDE) -> Picture:
    """The picture of `kind` from the rows of its question; `empty` instead of marks where there is nothing to draw.

    `found` is whether there is any row at all, drawn or not.
    """
    amounts, drawn = PICTURES[kind], [row for row in rows if row.get("standing") == "drawn"]
    table, beside = table_of(drawn, amounts.counted), left_out(amounts, rows)
    told = {"kind": kind, "title": amounts.title, "notes": beside, "table": table, "found": bool(table or beside),
            "question": amounts.question, "counted": amounts.counted, "heads": amounts.heads}  # fmt: skip
    if not any(row["value_amount"] for row in drawn):
        return told | {"empty": next((row["note"] for row in rows if row["note"]), amounts.empty)}
    alone = {row["counted_under"] for row in drawn} <= {given.get("technology")}
    notes = [amounts.meaning, *([] if alone else [amounts.once]), *beside]
    return told | {"notes": notes, "alt": words_of(amounts, table), **bars(drawn, given.get("technology", ""), width)}


async def _picture(datasette: Any, kind: str, given: dict[str, str], width: int = WIDE) -> Picture:
    """The picture with the address of its data; what is not asked counts as empty."""
    query = await datasette.get_canned_query(DATABASE, PICTURES[kind].question, None)
    given = {key: given.get(key) or "" for key in query["params"]}
    rows = [dict(row) for row in await datasette.get_database(DATABASE).execute(query["sql"], given)]
    return by_year(kind, rows, given, width) | {"asked": urlencode({key: value for key, value in given.items() if value})}


async def _names(datasette: Any) -> dict[str, str]:
    rows = await datasette.get_database(DATABASE).execute("select id, name from technologies")
    return {**{row["id"]: row["name"] for row in rows}, **GROUP_NAMES}


async def svg(datasette: Any, request: Any) -> Response:
    """/pictures/value-by-year.svg and the like: the picture alone; `ground=dark` and `width=narrow` choose the variant."""
    narrow, ground = request.args.get("width") == "narrow", "dark" if request.args.get("ground") == "dark" else "light"
    given = {key: request.args.get(key) for key in request.args}
    picture = await _picture(datasette, request.url_vars["kind"], given, NARROW if narrow else WIDE)
    context = {"picture": picture, "ground": ground, "names": await _names(datasette), "short_money": short_money}
    return Response(await datasette.render_template("pictures/bars.svg", context), content_type="image/svg+xml; charset=utf-8")


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The addresses of the pictures."""
    return [(rf"^/pictures/(?P<kind>{'|'.join(PICTURES)})\.svg$", svg)]


@hookimpl
def extra_template_vars(datasette: Any, request: Any) -> dict[str, Any]:
    """`by_year("payments-by-year", technology=..., place=..., supplier=...)`: what a page says of a picture beside the picture itself."""

    async def shown(kind: str, **given: str) -> Picture:
        return await _picture(datasette, kind, given)

    return {"by_year": shown} if request is not None else {}
