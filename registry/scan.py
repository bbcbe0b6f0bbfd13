"""Find the rows worth a closer look among a million: most touch no phrase at all and must cost next to nothing.

Rows are folded and sought through a few hundred at a time, in one call each; only a batch with a finding is
told apart into rows, and only those rows are matched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from operator import itemgetter

from .match import Match, Matcher, match
from .names import MARK, fold_many

Row = tuple[object, str | None, str | None, str | None, str | None]
BATCH = 500
_SUPPLIER = itemgetter(3)


def scanned(name: object, row: Mapping[str, str]) -> Row:
    """A staged row, or any words by field, as it is sought through."""
    return name, row.get("title", ""), row.get("description", ""), row.get("supplier_name", ""), row.get("buyer_unit", "")


def scan(matcher: Matcher, rows: Iterable[Row]) -> Iterator[tuple[object, list[Match]]]:
    """Yield (row id, matches) of the rows that match.

    Rows are (id, title, description, supplier name, buyer unit), texts or None.
    """
    for row in promising(matcher, rows):
        found = match(matcher, *row[1:])
        if found:
            yield row[0], found


def promising(matcher: Matcher, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows that may match; that the others do not is certain."""
    rows, known = iter(rows), matcher.known
    while batch := list(islice(rows, BATCH)):
        wanted = _touched(matcher, batch)
        names = {name for name in set(map(_SUPPLIER, batch)) if name and known(name)}
        if names:
            wanted.update(number for number, row in enumerate(batch) if row[3] in names)
        for number in sorted(wanted):
            yield batch[number]


def _touched(matcher: Matcher, batch: list[Row]) -> set[int]:
    """The places in the batch of rows whose title or description holds any phrase."""
    texts = [text or "" for row in batch for text in row[1:3]]
    folded = f" {fold_many(texts)} "
    touched, texts_before, at = set(), 0, 0
    for _, start, _ in matcher.automaton.find_matches_as_indexes(folded):
        texts_before += folded.count(MARK, at, start)
        at = start
        touched.add(texts_before // 2)
    return touched
