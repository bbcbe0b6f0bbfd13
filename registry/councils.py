"""Council matters beside a purchase: which one is the vote on it, which may be, and what that says of its approval. Pure.

A matter is linked firmly where the purchase's own words carry the council's file number, or where a reviewer has read
both (data/reviews.csv). The same product or technology in the same place within a span of days is only a lead. Only a final outcome
of a firm link is an approval_status; silence is `not_found` where the council's matters were read for the whole span.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from .approvals import Approval
from .coverage import Council
from .matters import day_of
from .reviews import Review

Row = dict[str, Any]
How = Literal["file_number", "confirmed", "lead", "another_purchase"]
FIRM: tuple[How, ...] = ("file_number", "confirmed")
FINAL = frozenset({"approved", "refused", "suspended", "withdrawn", "terminated"})
# Days. A vote comes before the signing, often with the year's budget; an approval after the fact, within months.
LEAD_BEFORE, LEAD_AFTER = 365, 180
# A number of digits alone stands in too many titles by chance to be known for a file number.
_OWN_FORM = re.compile(r"\d.*[^\d\s]|[^\d\s].*\d")
_TOKEN = re.compile(r"\w[\w./-]*\w|\w")


class Matter(NamedTuple):
    """One matter of a council: its outcome, and the ISO day of its final vote, else of its agenda or introduction."""

    id: str
    source: str
    number: str
    outcome: str | None
    day: str
    about: frozenset[str]


class Purchase(NamedTuple):
    """What is compared: `row` as contracts/ID or records/ID, the ISO day of the award or "", its own words, and the slugs of the
    products and technologies it is about; `searched_for` are those and its supplier.
    """

    row: str
    day: str
    words: tuple[str, ...]
    about: tuple[str, ...]
    searched_for: frozenset[str]


class Link(NamedTuple):
    """One matter beside one purchase; `days` from the purchase to the matter, None where a day is not known."""

    matter: Matter
    how: How
    words: str
    days: int | None
    review: Review | None


class Chamber(NamedTuple):
    """The council of one place: what was searched of it, its matters by file number and by what they are about, the reviews by purchase."""

    searched: Council
    by_number: Mapping[str, list[Matter]]
    by_about: Mapping[str, list[Matter]]
    reviews: Mapping[str, list[Review]]


def matter_of(row: Mapping[str, Any]) -> Matter:
    """A row of `matters` as it is compared."""
    about = frozenset((*json.loads(row["products"]), *json.loads(row["technologies"])))
    return Matter(row["id"], row["source"], row["matter_number"], row["outcome"], day_of(row) or "", about)


def chamber(searched: Council, matters: Iterable[Matter], reviews: Iterable[Review]) -> Chamber:
    """Look-ups of one place's matters; a file number means something only within its own place."""
    by_number: dict[str, list[Matter]] = {}
    by_about: dict[str, list[Matter]] = {}
    by_row: dict[str, list[Review]] = {}
    for matter in matters:
        by_number.setdefault(_folded(matter.number), []).append(matter)
        for slug in matter.about:
            by_about.setdefault(slug, []).append(matter)
    for review in reviews:
        by_row.setdefault(review.row, []).append(review)
    return Chamber(searched, by_number, by_about, by_row)


def links(place: Chamber, bought: Purchase) -> list[Link]:
    """Every matter of the place that is or may be about the purchase, each once, in the order of their ids."""
    found: dict[str, Link] = {}
    for matter in _named(place, bought.words):
        how: How = "file_number" if _OWN_FORM.search(matter.number) else "lead"
        found[matter.id] = Link(matter, how, matter.number, _days(bought, matter), None)
    for slug in bought.about:
        for matter in place.by_about.get(slug, ()):
            days = _days(bought, matter)
            if days is not None and -LEAD_BEFORE <= days <= LEAD_AFTER:
                found.setdefault(matter.id, Link(matter, "lead", slug, days, None))
    for review in place.reviews.get(bought.row, ()):
        for matter in place.by_number.get(_folded(review.matter_number), ()):
            if matter.source == review.source:
                confirmed: How = "confirmed" if review.verdict == "same_purchase" else "another_purchase"
                found[matter.id] = Link(matter, confirmed, review.note, _days(bought, matter), review)
    return [found[one] for one in sorted(found)]


def _named(place: Chamber, texts: Iterable[str]) -> Iterator[Matter]:
    """Matters whose file number stands in the texts as whole words: "26-1" is not in "126-10"."""
    for text in texts:
        tokens = _TOKEN.findall(text)
        for number in (*tokens, *map(" ".join, pairwise(tokens))):
            yield from place.by_number.get(_folded(number), ())


def _folded(number: str) -> str:
    return " ".join(number.casefold().split())


def _days(bought: Purchase, matter: Matter) -> int | None:
    if not bought.day or not matter.day:
        return None
    return (datetime.date.fromisoformat(matter.day) - datetime.date.fromisoformat(bought.day)).days


def with_matters(approval: Approval, decided_on: str | None, place: Chamber, bought: Purchase, found: list[Link]) -> Approval:
    """The approval, told by the newest final outcome: of a government's record (`decided_on`) or of a matter linked firmly.

    Where neither is there: `pending` where the linked matter still is, nothing where leads wait to be read, else what
    the silence of the council's matters means.
    """
    firm = [one for one in found if one.how in FIRM]
    last = _newest(firm)
    if last and (approval.status is None or (decided_on or "") < last.matter.day):
        return approval._replace(status=last.matter.outcome, record_id=None, matter_id=last.matter.id)
    if approval.status:
        return approval
    if firm:
        waiting = [one.matter for one in firm if one.matter.outcome == "pending"]
        whole = len(waiting) == len(firm)
        return approval._replace(status="pending", matter_id=waiting[0].id) if whole else approval
    if any(one.how == "lead" for one in found):
        return approval
    return approval._replace(status=_silence(place, bought))


def _newest(firm: list[Link]) -> Link | None:
    """The last final outcome, or None where another one was reached on the same day."""
    final = [one for one in firm if one.matter.outcome in FINAL and one.matter.day]
    if not final:
        return None
    last = max(final, key=lambda one: one.matter.day)
    rivals = {one.matter.outcome for one in final if one.matter.day == last.matter.day}
    return last if rivals == {last.matter.outcome} else None


def _silence(place: Chamber, bought: Purchase) -> Literal["not_found", "not_searched"]:
    """A vote may come a year before the award: the council must have been searched from then on through the day of the award."""
    if not bought.day:
        return "not_searched"
    since = datetime.date.fromisoformat(bought.day) - datetime.timedelta(days=LEAD_BEFORE)
    return place.searched.silence(since.isoformat(), bought.day, bought.searched_for)


def link_rows(bought: Purchase, found: Iterable[Link]) -> Iterator[Row]:
    """The rows of `matter_links` of one purchase."""
    table, _, ref = bought.row.partition("/")
    for one in found:
        read = one.review
        yield {
            "id": f"{ref}__{one.matter.id}", "matter": one.matter.id, "contract": ref if table == "contracts" else None,
            "record": ref if table == "records" else None, "how": one.how, "words": one.words, "days_apart": one.days,
            "reviewer_role": read.reviewer_role if read else None, "reviewed_on": read.reviewed_on.isoformat() if read else None,
            "read_title": read.read_title if read else None, "read_url": read.read_url if read else None,
        }  # fmt: skip
