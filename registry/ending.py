"""Whether a delimited file ends where its publisher ended it: a server may cut it short and state a length that fits.

A file whose last line is not ended may still be whole; some publishers write them so. It is not where its last row lacks
columns, or where the file of the load before ended its last line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from .errors import SourceError
from .source import Source

TAIL = 1 << 20
ENDS = (b"\n", b"\r")


def unbroken(chunks: Iterable[bytes], source: Source, name: str, ended_before: Callable[[], bool]) -> Iterator[bytes]:
    """The chunks of a file; at their end SourceError where it was cut short.

    `ended_before` says whether the load before ended its last line; it is asked only where this file does not.
    """
    head = tail = b""
    for chunk in chunks:
        head += chunk[: TAIL - len(head)]
        tail = (tail + chunk)[-TAIL:]
        yield chunk
    if not tail or tail.endswith(ENDS) or not _by_bytes(source.encoding):
        return
    if trouble := ragged(head, tail, source):
        raise SourceError(f"{name}: {trouble}. Nothing was changed; fetch it again.")
    if ended_before():
        raise SourceError(
            f"{name}: the last line is not ended, as it was at the load before, so the file may be cut short. Nothing was changed; load "
            f"again later. If the publisher's files end so from now on, load one with `registry load {source.id} --from FILE`."
        )


def ragged(head: bytes, tail: bytes, source: Source) -> str:
    """Why the last, unended row of a file is not whole, or "". Pure."""
    try:
        wanted = _width(_first_record(head.splitlines(keepends=True)), source)
        got = _width(_first_record(tail.splitlines(keepends=True)[::-1])[::-1], source)
    except UnicodeDecodeError:
        return ""  # what is wrong then is told, with its place, when the rows are read
    if got is None:
        return "it ends within quotation marks, so it was cut short"
    if wanted is not None and got < wanted:
        return f"its last row has {got} of {wanted} columns and does not end its line, so it was cut short"
    return ""


def _by_bytes(encoding: str) -> bool:
    """Whether a line's end is the same byte in this encoding as in ASCII."""
    return "a\n".encode(encoding).endswith(b"a\n")


def _first_record(lines: list[bytes]) -> list[bytes]:
    """The lines from the first on until every quotation mark among them is closed; none, where one never is."""
    quotes = accumulate(line.count(b'"') for line in lines)
    return lines[: next((at for at, count in enumerate(quotes, 1) if count % 2 == 0), 0)]


def _width(lines: list[bytes], source: Source) -> int | None:
    """The number of columns of one record, or None where its quotation marks do not close. UnicodeDecodeError passes."""
    text = b"".join(lines).decode(source.encoding)
    try:
        return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter, strict=True))) if text else None
    except csv.Error:
        return None
