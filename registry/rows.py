"""Read an incoming table block by block: whole rows pass together, odd ones are looked at one by one."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import NamedTuple, TypeVar

from . import clean
from .archive import Archived
from .audit import MOST_REMEMBERED, Remembered, amount_column, date_checks
from .errors import SourceError
from .incoming import LONGEST_ROW, Table, undecodable
from .issues import Issue
from .row_issues import look_at_amount, odd, refused, report
from .source import Source

BLOCK = 500
T = TypeVar("T")


class Counts:
    """What has been read so far: records, those refused, and lines with nothing on them, which are no records."""

    def __init__(self) -> None:
        self.read = self.refused = self.blank = 0


class Reading(NamedTuple):
    """What the reading of one load needs at every row."""

    source: Source
    load: Archived
    table: Table
    counts: Counts
    issues: list[Issue]
    tick: Callable[[int], object]


def staged_rows(reading: Reading) -> Iterator[tuple[object, ...]]:
    """Yield (row number, kept values); a row that cannot be kept is counted and reported instead.

    The hot loop of a load: a few hundred rows are looked at together, in calls that loop in C, and only where one of
    them is odd are they gone through one by one.
    """
    table, counts, ordinary = reading.table, reading.counts, ordinary_rows(reading)
    kept = [itemgetter(table.header.index(column)) for column in reading.source.kept]
    number = 1
    while block := block_of(reading):
        if ordinary(block):
            yield from zip(range(number, number + len(block)), *(map(value, block) for value in kept), strict=True)
            counts.read += len(block)
        else:
            yield from _one_by_one(reading, number, block)
        number += len(block)
        reading.tick(len(block))


def block_of(reading: Reading) -> list[list[str]]:
    """The next few hundred rows; where reading them fails, the count says after how many."""
    block: list[list[str]] = []
    reading.table.watch.start()
    try:
        block.extend(islice(reading.table.rows, BLOCK))
    except (csv.Error, UnicodeDecodeError):
        reading.counts.read += len(block)
        raise
    return block


def ordinary_rows(reading: Reading) -> Callable[[list[list[str]]], bool]:
    """A function that says whether every row of a block is whole and every date and amount in it readable."""
    table, width = reading.table, len(reading.table.header)
    dates = [(itemgetter(at), why, set[str]()) for at, _, why in date_checks(reading.source, table.header)]
    amount, plain = amount_column(reading.source, table.header), clean.PLAIN_MONEY.fullmatch

    def ordinary(block: list[list[str]]) -> bool:
        if table.watch.suspect or set(map(len, block)) != {width}:
            return False
        if amount is not None and not all(map(plain, map(itemgetter(amount), block))):
            return False
        return all(_readable(set(map(value, block)), why, seen) for value, why, seen in dates)

    return ordinary


def _readable(days: set[str], why: Remembered, seen: set[str]) -> bool:
    """Whether all days can be read; those seen before are not looked at again."""
    if len(seen) > MOST_REMEMBERED:
        seen.clear()
    new = days - seen
    if any(why[day] for day in new):
        return False
    seen |= new
    return True


def _one_by_one(reading: Reading, number: int, block: list[list[str]]) -> Iterator[tuple[object, ...]]:
    """The rows of a block in which something is odd. A line with nothing on it is no row: many files end with one."""
    source, load, counts, issues, header = reading.source, reading.load, reading.counts, reading.issues, reading.table.header
    pick, dates, amount = itemgetter(*map(header.index, source.kept)), date_checks(source, header), amount_column(source, header)
    for at_row, row in enumerate(block, number):
        if not row:
            counts.blank += 1
            continue
        counts.read += 1
        if refusal := _why_refused(row, len(header)):
            counts.refused += 1
            report(issues, refused(source, load, at_row, refusal, row, len(header)))
            continue
        for at, column, why in dates:
            if why[row[at]]:
                report(issues, odd(source, load, at_row, row[at], column, why[row[at]], pick(row)))
        if amount is not None and not clean.PLAIN_MONEY.fullmatch(row[amount]):
            look_at_amount(source, load, at_row, row[amount], pick(row), issues)
        yield (at_row, *pick(row))


def _why_refused(row: list[str], width: int) -> str:
    if any("\0" in value for value in row):
        return "nul_byte"
    if sum(map(len, row)) > LONGEST_ROW:
        return "row_too_long"
    return "" if len(row) == width else "wrong_number_of_columns"


def loudly(rows: Iterator[T], source: Source, load: Archived, counts: Counts) -> Iterator[T]:
    """Turn a decoding or quoting failure in mid-file into an error that names the row and the remedy."""
    try:
        yield from rows
    except UnicodeDecodeError as error:
        raise undecodable(source, load, error, counts.read + 1) from error
    except csv.Error as error:
        raise SourceError(
            f"{source.id}: {load.origin}, row {counts.read + 1}: {error}. The file is cut short or a quotation mark is wrong; "
            "fetch it again. Nothing was changed."
        ) from error
