"""Score the matcher against rows labelled by people.

Counted over pairs of (row, technology). Right answers are labels the text itself supports, with high or
medium certainty; labels that rest on the supplier or are uncertain are set aside, neither right nor wrong.
Leads (only the supplier's name suggests it) are scored apart, over rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .errors import FactsError
from .match import Match, Matcher, match

SET_APART = "other_surveillance"
COLUMNS = ("pair_id", "description", "supplier", "department", "labels", "basis", "lead_only", "certainty")
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0", ""})

LabelledRow = Mapping[str, str]


class _Judged(NamedTuple):
    row: LabelledRow
    gold: frozenset[str]
    aside: frozenset[str]
    found: frozenset[str]
    lead_expected: bool
    lead_found: bool


def evaluate(rows: Iterable[LabelledRow], matcher: Matcher) -> dict[str, object]:
    """Return precision, recall, leads_precision, leads_recall, counts, per_technology and misses.

    Rows have the columns of `COLUMNS`; FactsError names a missing one. A ratio of nothing is None.
    """
    judged = [_judge(row, match_row(row, matcher)) for row in rows]
    counts = _counts(judged)
    tp, fp, fn = (sum(counts[kind].values()) for kind in ("tp", "fp", "fn"))
    leads = Counter((one.lead_expected, one.lead_found) for one in judged)
    return {
        "rows": len(judged),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "leads_precision": _ratio(leads[True, True], leads[True, True] + leads[False, True]),
        "leads_recall": _ratio(leads[True, True], leads[True, True] + leads[True, False]),
        "per_technology": _per_technology(counts),
        "misses": [miss for one in judged for miss in _misses(one)],
    }


def predictions(rows: Iterable[LabelledRow], matcher: Matcher) -> Iterator[dict[str, str]]:
    """Yield pair_id, technologies (term or product evidence) and leads (supplier only), joined by `|`."""
    for row in rows:
        found = match_row(row, matcher)
        yield {
            "pair_id": row["pair_id"],
            "technologies": "|".join(sorted(_firm(found))),
            "leads": "|".join(sorted({one.technology for one in found} - _firm(found))),
        }


def match_row(row: LabelledRow, matcher: Matcher) -> list[Match]:
    """Match one labelled row: its description is a contract's title, its department the buyer unit."""
    missing = [column for column in COLUMNS if row.get(column) is None]
    if missing:
        raise FactsError(f"labelled row lacks column {', '.join(missing)}. Expected columns: {', '.join(COLUMNS)}.")
    return match(matcher, row["description"], "", row["supplier"], row["department"])


def _judge(row: LabelledRow, found: list[Match]) -> _Judged:
    labels = frozenset(row["labels"].split("|")) - {"none", ""}
    sure = row["basis"] == "text" and row["certainty"] in ("high", "medium")
    apart = frozenset({SET_APART})
    firm = _firm(found)
    return _Judged(
        row=row,
        gold=labels - apart if sure else frozenset(),
        aside=apart if sure else labels | apart,
        found=firm,
        lead_expected=_yes(row),
        lead_found=bool(found) and not firm,
    )


def _firm(found: list[Match]) -> frozenset[str]:
    return frozenset(one.technology for one in found if one.evidence in ("term", "product"))


def _yes(row: LabelledRow) -> bool:
    word = row["lead_only"].lower()
    if word not in _YES | _NO:
        raise FactsError(f"{row['pair_id']}: lead_only is `{word}`. Allowed: yes, no.")
    return word in _YES


def _counts(judged: list[_Judged]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {"tp": Counter(), "fp": Counter(), "fn": Counter()}
    for one in judged:
        predicted = one.found - one.aside
        counts["tp"].update(predicted & one.gold)
        counts["fp"].update(predicted - one.gold)
        counts["fn"].update(one.gold - predicted)
    return counts


def _per_technology(counts: Mapping[str, Counter[str]]) -> dict[str, dict[str, object]]:
    names = sorted(set().union(*counts.values()))
    return {name: _scores(*(counts[kind][name] for kind in ("tp", "fp", "fn"))) for name in names}


def _scores(tp: int, fp: int, fn: int) -> dict[str, object]:
    """Counts always; a score of its own only from ten labels up."""
    counts: dict[str, object] = {"tp": tp, "fp": fp, "fn": fn}
    if tp + fn < 10:
        return counts
    return {**counts, "precision": _ratio(tp, tp + fp), "recall": _ratio(tp, tp + fn)}


def _misses(one: _Judged) -> Iterator[dict[str, str]]:
    wrong = [("missed", slug) for slug in sorted(one.gold - one.found)]
    wrong += [("false", slug) for slug in sorted(one.found - one.aside - one.gold)]
    if one.lead_expected != one.lead_found:
        wrong.append(("missed lead" if one.lead_expected else "false lead", one.row["labels"]))
    for kind, slug in wrong:
        text = {key: one.row[key] for key in ("pair_id", "description", "supplier", "department")}
        yield {"kind": kind, "technology": slug, **text}


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
