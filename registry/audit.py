"""Look at every value that will be read as a date or an amount, in every row, matched or not. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

from . import clean
from .source import DATE_FIELDS, Source


class Watch(NamedTuple):
    """A column to look at: its place in the row, its name, and what says why a value is unreadable (or "")."""

    at: int
    column: str
    why: Callable[[str], str]


def watches(source: Source, header: list[str]) -> list[Watch]:
    """The columns of `source` whose values must be readable, with their checks."""
    dates = _remembered(reader(source, "date_signed"))
    watched = [Watch(header.index(source.fields[name]), source.fields[name], dates) for name in DATE_FIELDS if name in source.fields]
    if "value_amount" in source.fields:
        column = source.fields["value_amount"]
        watched.append(Watch(header.index(column), column, _money_check(reader(source, "value_amount"))))
    return watched


def _remembered(read: Callable[[str], object]) -> Callable[[str], str]:
    """Why a raw value is unreadable, or ""; few dates are distinct, so answers are remembered."""
    return lru_cache(maxsize=50_000)(lambda raw: _why(read, raw))


def _money_check(read: Callable[[str], object]) -> Callable[[str], str]:
    """As above for amounts, most of which are distinct but plain enough to pass at a glance."""
    plain = clean.PLAIN_MONEY.fullmatch
    return lambda raw: "" if plain(raw) else _why(read, raw)


def _why(read: Callable[[str], object], raw: str) -> str:
    try:
        read(raw)
    except ValueError as error:
        return str(error)
    return ""


def reader(source: Source, name: str) -> Callable[[str], str | int | None]:
    """How the raw text of a date field (ISO day) or of the amount (cents) is read; ValueError where it cannot be."""
    read: Callable[[str], str | int | None] = partial(clean.date, form=source.date_format)
    if name == "value_amount":
        read = partial(clean.money, parentheses_are_negative=source.parentheses_are_negative)
    return lambda raw: None if raw.strip() in source.placeholders else read(raw)
