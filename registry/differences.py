"""What differs between the rows of one contract as they were and as they are, in the registry's own words. Pure.

Rows are told apart by the source's key. Rows that are the same in both are set aside first, wherever they stand, so a key that
repeats gives no false changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from typing import Literal, NamedTuple

from .source import Source

# The raw text of a source's kept columns, in their order.
Raw = tuple[str, ...]
Kind = Literal["added", "disappeared", "returned", "changed", "amendment_added", "amendment_disappeared"]


class Difference(NamedTuple):
    """One difference; `field` is the registry's name, `old` and `new` raw text. A whole contract has neither field nor values."""

    kind: Kind
    revision: str = ""
    field: str = ""
    old: str = ""
    new: str = ""


class Places(NamedTuple):
    """Where in a row the parts of its key and each field stand."""

    key: tuple[int, ...]
    fields: dict[str, int]


def places_of(source: Source) -> Places:
    """Worked out once for all contracts of a source."""
    kept = source.kept
    return Places(tuple(map(kept.index, source.key)), {name: kept.index(column) for name, column in source.fields.items()})


def row_differences(places: Places, was: list[Raw], now: list[Raw]) -> Iterator[Difference]:
    """What differs between the rows of one contract in two loads, whatever their order and however often a key repeats."""
    old, new = _only_in(places, was, now), _only_in(places, now, was)
    for key in sorted({*old, *new}):
        for before, after in zip_longest(old.get(key, ()), new.get(key, ())):
            if before is None:
                yield _amendment(places, "amendment_added", after)
            elif after is None:
                yield _amendment(places, "amendment_disappeared", before)
            else:
                yield from _changed(places, before, after)


def _only_in(places: Places, rows: list[Raw], others: list[Raw]) -> dict[Raw, list[Raw]]:
    """The rows, by their key, that the others do not have (as often), sorted."""
    left: dict[Raw, list[Raw]] = {}
    for row in sorted((Counter(rows) - Counter(others)).elements()):
        left.setdefault(tuple(row[at] for at in places.key), []).append(row)
    return left


def _changed(places: Places, before: Raw, after: Raw) -> Iterator[Difference]:
    for name, at in places.fields.items():
        if before[at] != after[at]:
            yield Difference("changed", _value(places, before, "revision"), name, before[at], after[at])


def _amendment(places: Places, kind: Literal["amendment_added", "amendment_disappeared"], row: Raw) -> Difference:
    """A row that came or went, told by its amount."""
    amount = _value(places, row, "value_amount")
    field = "value_amount" if amount else ""
    values = ("", amount) if kind == "amendment_added" else (amount, "")
    return Difference(kind, _value(places, row, "revision"), field, *values)


def _value(places: Places, row: Raw, name: str) -> str:
    return row[places.fields[name]] if name in places.fields else ""
