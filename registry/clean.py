"""Read what portals write: money, dates, text. Pure; raise ValueError on what cannot be read, never guess."""

from __future__ import annotations

import datetime
import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

# Leases of 99 years are real; 2200 and later are placeholders.
OLDEST, NEWEST = 1900, 2199
LONGEST_TEXT = 4_000

PLAIN_MONEY = re.compile(r"-?\d+(?:\.\d{1,2})?")
# What a source file writes for days and moments as ISO 8601 has them, whatever their fraction and zone; the day counts.
ISO = "iso"
# Between the forms of a portal that writes its days in several: its file one way, its interface another.
OR = " or "
_ISO = re.compile(
    r"(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_GROUPED = re.compile(r"(?:-?\$?|\$-)\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|(?:-?\$|\$-)\d+(?:\.\d{1,2})?")
_PARENTHESES = re.compile(r"\(\$?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2})?\)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


def money(text: str, parentheses_are_negative: bool = False) -> int | None:
    """Whole cents of an amount such as `1,234.56`, `$20` or `-7.5`; None where blank.

    `($500.00)` is read only where the source file declares that its parentheses mean a reduction.
    ValueError says what could not be read.
    """
    text = text.strip()
    if not text:
        return None
    if PLAIN_MONEY.fullmatch(text) or _GROUPED.fullmatch(text):
        return _cents(text.replace("$", "").replace(",", ""))
    if _PARENTHESES.fullmatch(text) and parentheses_are_negative:
        return -_cents(text.strip("()").replace("$", "").replace(",", ""))
    raise ValueError(f"`{text[:40]}` is not an amount we can read")


def _cents(text: str) -> int:
    return int(Decimal(text) * 100)


@lru_cache(maxsize=65536)
def date(text: str, form: str) -> str | None:
    """ISO day of a date written in `form` (strptime, or several of it with OR between); None where blank. ValueError on anything else.

    A year before 1900 or after 2199 is a slip or a placeholder, so it is refused, not stored.
    """
    text = text.strip()
    if not text:
        return None
    try:
        day = _day(text, form)
    except ValueError as error:
        raise ValueError(f"`{text[:40]}` is not a date written as {form}") from error
    if not OLDEST <= day.year <= NEWEST:
        raise ValueError(f"`{text[:40]}` has a year outside {OLDEST} to {NEWEST}")
    return day.isoformat()


def _day(text: str, form: str) -> datetime.date:
    """As strptime, at a tenth of its cost for the formats that are digits only; the first of several forms that fits."""
    first, _, others = form.partition(OR)
    try:
        return _day_in(text, first)
    except ValueError:
        if others:
            return _day(text, others)
        raise


def _day_in(text: str, form: str) -> datetime.date:
    found = _numbers(form).fullmatch(text)
    if found is None:
        return datetime.datetime.strptime(text, form).date()
    return datetime.date(int(found["Y"]), int(found["m"]), int(found["d"]))


@lru_cache(maxsize=32)
def _numbers(form: str) -> re.Pattern[str]:
    """The pattern of `iso` or a format made of %Y, %m and %d; one that matches nothing for any other format."""
    if form == ISO:
        return _ISO
    if sorted(re.findall(r"%.", form)) != ["%Y", "%d", "%m"]:
        return re.compile(r"(?!)")
    pattern = re.escape(form).replace("%Y", r"(?P<Y>\d{4})").replace("%m", r"(?P<m>\d\d?)").replace("%d", r"(?P<d>\d\d?)")
    return re.compile(pattern, re.ASCII)


def text(raw: str, longest: int = LONGEST_TEXT) -> str:
    """Portal text on one line: control and direction-changing characters out, spaces folded, cut at `longest`."""
    plain = " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", raw)).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def identifier(raw: str) -> str:
    """An id of letters, digits, `_` and `-`, so that Datasette leaves it as it is in a row's address.

    Other characters become `_` and their code, so that two different raw keys never share an id.
    """
    return "".join(c if c.isascii() and (c.isalnum() or c == "-") else f"_{ord(c):x}_" for c in raw)


def web_address(raw: str) -> str:
    """The address if it is http or https, else empty: nothing else may become a link."""
    raw = raw.strip()
    return raw if re.fullmatch(r"https?://[^\s<>\"']+", raw) else ""
