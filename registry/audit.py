"""Look at every value that will be read as a date or an amount, in every row, matched or not. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from . import clean
from .kinds import DATE_FIELDS
from .source import Source


class Remembered(dict[str, str]):
    """Raw value -> why it is unreadable, or ""; each distinct value is looked at once, the rest is a look-up."""

    def __init__(self, read: Callable[[str], object]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, raw: str) -> str:
        if len(self) > MOST_REMEMBERED:
            self.clear()
        self[raw] = why = unreadable(self.read, raw)
        return why


# A city publishes some tens of thousands of distinct days; far more would be another kind of column.
MOST_REMEMBERED = 100_000


def date_checks(source: Source, header: list[str]) -> list[tuple[int, str, Remembered]]:
    """(place in the row, column, check) of every date column of the source."""
    columns = [source.fields[name] for name in DATE_FIELDS if name in source.fields]
    return [(header.index(column), column, Remembered(reader(source, "date_signed"))) for column in columns]


def amount_column(source: Source, header: list[str]) -> int | None:
    """The amount's place in the row, if the source has one."""
    return header.index(source.fields["value_amount"]) if "value_amount" in source.fields else None


def unreadable(read: Callable[[str], object], raw: str) -> str:
    """Why a raw value cannot be read, or ""."""
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
