"""Pictures of time: the terms of contracts and the revisions of one contract, each an SVG at its own address with its words and data.

Picture, table and data come from the rows of the same ready questions (contract_terms and revisions in metadata.yml), so they
cannot differ. Functions here only say where a mark stands; templates/pictures/timeline.svg writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from datasette import Response, hookimpl

DATABASE = "registry"
WIDE, NARROW = 900, 360  # of the drawing, in its own units; a phone is given the narrow one
EDGE, TOP, ROW = 14, 36, 38
SMALL, CAPITAL = 7.1, 9.0  # how wide small letters and capitals of size 13 are, rather too much than too little
MOST_ROWS = 30
BACK, AHEAD = 60, 15  # years before and after today that a timeline shows; other days are drawn at its edge and said in words
Row = dict[str, Any]
Picture = dict[str, Any]


def say(text: str) -> str:
    """The text itself; it marks what translators are shown (see registry/messages.py)."""
    return text


HALF_KNOWN = say("A dashed bar or a ring: the first or the last day was not stated.")
LEAD = say("Grey and dashed: a lead, which rests on the supplier's name alone.")
REPEATS = say("Grey: it repeats another row, so its amount is not counted again.")
MARKS = say("A diamond is the day of signing, a bar the term that the revision states.")
FEW_TERMS = say("The {count} that end last are drawn, of {all}; leads come after all others.")
FEW_REVISIONS = say("The {count} newest of {all} revisions are drawn.")
OF_TERMS = say("Timeline of the terms of contracts: {count} lines, the first day {first}, the last {last}. The table holds every day.")
OF_REVISIONS = say(
    "Timeline of the revisions of the contract: {count} lines, the first day {first}, the last {last}. The table holds every day."
)
TERMS, REVISIONS = say("Terms of contracts"), say("Revisions of the contract, by the day they were signed")
NO_TERM, NO_DAY = say("No term was published."), say("No day of a revision was published.")


def long_money(value: float | None) -> str:
    """Dollars and cents; empty for none."""
    return "" if value is None else f"{'-' if value < 0 else ''}${abs(value):,.2f}"


def cut(text: str, width: float) -> str:
    """As much of a text as fits into a width, with an ellipsis where it was cut."""
    text, used = " ".join(text.split()), 0.0
    for place, letter in enumerate(text):
        used += CAPITAL if letter.isupper() else SMALL
        if used > width:
            return text[: max(1, place - 1)].rstrip() + "…"
    return text


def day(text: Any) -> date | None:
    """The day of an ISO text, None for anything else."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def year_of(one: date) -> float:
    """A day as a number of years: 2019-07-02 is about 2019.5."""
    return one.year + (one.timetuple().tm_yday - 1) / 366


def timeline(lines: Sequence[Row], width: int, today: date) -> Picture:
    """Where lines of time stand: each line has `name`, `days` and `brief` (words), `start`, `end`, `mark` (days or None) and `kind`."""
    known = [year_of(one) for line in lines for one in (line["start"], line["end"], line["mark"]) if one]
    first = max(int(min(known)), today.year - BACK)
    last = min(int(max(known)) + 1, max(today.year, first) + AHEAD)
    scale = (width - 2 * EDGE) / (last - first)

    def across(one: date) -> float:
        return EDGE + (min(max(year_of(one), first), last) - first) * scale

    marks = []
    for number, line in enumerate(lines):
        start, end = line["start"] or line["mark"] or line["end"], line["end"] or line["start"] or line["mark"]
        x = across(start) if start else EDGE
        marks.append({
            **line, "label": _label(line, width - 2 * EDGE), "y": TOP + number * ROW, "x": x,
            "width": max(across(end) - x, 0.0) if end else 0.0, "mark_x": across(line["mark"]) if line["mark"] else None,
            "open": not (line["start"] and line["end"]), "beyond": bool(end and year_of(end) > last),
        })  # fmt: skip
    every = next(step for step in (1, 2, 5, 10, 20, 50) if scale * step >= 44 or step == 50)
    years = [(year, EDGE + (year - first) * scale) for year in range(first, last + 1) if year % every == 0]
    now = EDGE + (year_of(today) - first) * scale if first <= year_of(today) <= last else None
    return {"lines": marks, "years": years, "today": now, "width": width, "base": TOP + len(lines) * ROW}


def _label(line: Row, width: float) -> str:
    """The days are always told; the name is cut to leave them room."""
    days = line["days"] if width > NARROW else line["brief"]
    return f"{cut(line['name'], width - SMALL * (len(days) + 2))}, {days}"


def timeline_words(words: str, lines: Sequence[Row]) -> str:
    """The text alternative: how many, from when to when."""
    days = [one for line in lines for one in (line["start"], line["end"], line["mark"]) if one]
    return words.format(count=len(lines), first=min(days), last=max(days))


def _told(lines: Sequence[Row], notes: list[str], grey: str) -> list[str]:
    """The notes of a picture, with what its dashes and its grey mean where it has any."""
    half = any((line["start"] is None) != (line["end"] is None) for line in lines)
    return [*notes, *([HALF_KNOWN] if half else []), *([grey] if any(line["kind"] == "lead" for line in lines) else [])]


def _known(lines: Sequence[Row]) -> list[Row]:
    return [line for line in lines if line["start"] or line["end"] or line["mark"]]


def _term_line(row: Row) -> Row:
    return {
        "name": row["title"] or row["contract"],
        "days": f"{row['period_start_date'] or 'start not stated'} to {row['period_end_date'] or 'end not stated'}",
        "brief": f"{(row['period_start_date'] or '?')[:4]} to {(row['period_end_date'] or '?')[:4]}",
        "start": day(row["period_start_date"]),
        "end": day(row["period_end_date"]),
        "mark": None,
        "kind": "lead" if row["evidence"] == "supplier" else "firm",
        "id": row["contract"],
    }


def terms_picture(rows: Sequence[Row], width: int, today: date) -> Picture:
    """Terms of contracts from the rows of `contract_terms`, those that end last first."""
    shown = [row for row in rows if not row["note"]][:MOST_ROWS]
    lines = _known([_term_line(row) for row in shown])
    told: Picture = {"kind": "terms", "title": TERMS, "table": shown, "notes": []}
    if not lines:
        return told | {"empty": next((row["note"] for row in rows if row["note"]), NO_TERM)}
    all_of_them = shown[0]["with_a_term"]
    notes = [FEW_TERMS.format(count=len(lines), all=f"{all_of_them:,}")] if all_of_them > len(lines) else []
    told["notes"] = _told(lines, notes, LEAD)
    return told | {"alt": timeline_words(OF_TERMS, lines), **timeline(lines, width, today)}


def _revision_line(row: Row) -> Row:
    return {
        "name": f"Revision {row['revision'] or 'not numbered'}, {long_money(row['value_amount']) or 'amount not stated'}",
        "days": f"signed {row['date_signed']}" if row["date_signed"] else "signing day not stated",
        "brief": row["date_signed"] or "day not stated",
        "start": day(row["period_start_date"]),
        "end": day(row["period_end_date"]),
        "mark": day(row["date_signed"]),
        "kind": "firm" if row["counted"] else "lead",
        "id": row["id"],
    }


def revisions_picture(rows: Sequence[Row], width: int, today: date) -> Picture:
    """Signing days and terms of the revisions of one contract, from the rows of `revisions`."""
    lines = _known([_revision_line(row) for row in rows if not row["note"]])
    told: Picture = {"kind": "revisions", "title": REVISIONS, "notes": [], "table": None}
    if not lines:
        return told | {"empty": next((row["note"] for row in rows if row["note"]), NO_DAY)}
    drawn = lines[-MOST_ROWS:]
    notes = [MARKS]
    notes += [FEW_REVISIONS.format(count=MOST_ROWS, all=f"{len(lines):,}")] if len(lines) > MOST_ROWS else []
    told["notes"] = _told(drawn, notes, REPEATS)
    return told | {"alt": timeline_words(OF_REVISIONS, drawn), **timeline(drawn, width, today)}


# Address -> the ready question whose rows are drawn, and how.
PICTURES = {"terms": ("contract_terms", terms_picture), "revisions": ("revisions", revisions_picture)}


async def _picture(datasette: Any, name: str, given: dict[str, str], width: int = WIDE) -> Picture:
    """One picture with the address of its data; what is not asked counts as empty."""
    question, draw = PICTURES[name]
    query = await datasette.get_canned_query(DATABASE, question, None)
    given = {key: given.get(key) or "" for key in query["params"]}
    rows = [dict(row) for row in await datasette.get_database(DATABASE).execute(query["sql"], given)]
    asked = urlencode({key: value for key, value in given.items() if value})
    return draw(rows, width, datetime.now(UTC).date()) | {"asked": asked, "question": question}


async def svg(datasette: Any, request: Any) -> Response:
    """/pictures/terms.svg and /pictures/revisions.svg; `ground=dark` and `width=narrow` choose the variant."""
    narrow, ground = request.args.get("width") == "narrow", "dark" if request.args.get("ground") == "dark" else "light"
    given = {key: request.args.get(key) for key in request.args}
    picture = await _picture(datasette, request.url_vars["name"], given, NARROW if narrow else WIDE)
    body = await datasette.render_template("pictures/timeline.svg", {"picture": picture, "ground": ground})
    return Response(body, content_type="image/svg+xml; charset=utf-8")


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """One address for each picture."""
    return [(rf"^/pictures/(?P<name>{'|'.join(PICTURES)})\.svg$", svg)]


@hookimpl
def extra_template_vars(datasette: Any, request: Any) -> dict[str, Any]:
    """`timeline(name, place=..., contract=...)`: what a page says of the picture beside the picture itself."""

    async def timeline(name: str, **given: str) -> Picture:
        return await _picture(datasette, name, given)

    return {"timeline": timeline} if request is not None else {}
