"""What portals write is read exactly or refused; nothing is guessed."""

from __future__ import annotations

import datetime
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import clean

AMOUNTS = {
    "1234.56": 123456, "1,234.56": 123456, "$20": 2000, "$1,000,000": 100_000_000, "-7.5": -750, "-$7.50": -750, "$-7.50": -750,
    "0": 0, "0.00": 0, " 12 ": 1200, "": None, "   ": None, "53117770.30": 5_311_777_030,
}  # fmt: skip
NOT_AMOUNTS = (
    "($500.00)", "1.234,56", "1,23,456", "12,34", "1E6", "N/A", "12.345", "--5", "-$-5", "-$-5,000", "$", ".", "1 000", "1_000", "NaN",
    "Infinity",
)  # fmt: skip


@pytest.mark.parametrize(("text", "cents"), AMOUNTS.items())
def test_amounts_become_cents(text: str, cents: int | None) -> None:
    assert clean.money(text) == cents


@pytest.mark.parametrize("text", NOT_AMOUNTS)
def test_what_is_not_an_amount_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"`{text}` is not an amount")):
        clean.money(text)


@pytest.mark.parametrize(("text", "cents"), {"($500.00)": -50_000, "(1,234.56)": -123_456, "5.00": 500}.items())
def test_brackets_mean_a_reduction_where_declared(text: str, cents: int) -> None:
    assert clean.money(text, parentheses_are_negative=True) == cents


@given(st.integers(-(10**15), 10**15))
def test_every_plain_amount_survives(cents: int) -> None:
    sign, whole = "-" if cents < 0 else "", abs(cents)
    assert clean.money(f"{sign}{whole // 100}.{whole % 100:02}") == cents
    assert clean.money(f"{sign}${whole // 100:,}.{whole % 100:02}") == cents


@given(st.from_regex(r"[-$(]{0,3}[0-9,.]{0,8}\)?", fullmatch=True), st.booleans())
def test_an_amount_is_read_or_refused_never_anything_else(text: str, brackets: bool) -> None:
    try:
        read = clean.money(text, brackets)
    except ValueError as error:
        assert f"`{text}` is not an amount we can read" == str(error)
        return
    assert read is None if not text else isinstance(read, int)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)))
def test_every_day_of_three_centuries_survives(day: datetime.date) -> None:
    assert clean.date(day.strftime("%m/%d/%Y"), "%m/%d/%Y") == day.isoformat()


@pytest.mark.parametrize("text", ["07/01/0201", "11/30/3030", "12/31/2200", "12/31/1899", "02/30/2020", "31/12/2020", "2020-06-24", "soon"])
def test_impossible_days_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"`{text}`")):
        clean.date(text, "%m/%d/%Y")


@pytest.mark.parametrize("text", ["", "  ", "\t"])
def test_blank_is_not_known(text: str) -> None:
    assert clean.date(text, "%m/%d/%Y") is None


def test_text_is_one_line_without_tricks() -> None:
    assert clean.text(" a\r\n\tb \x00 c\u202ed\ufeff ") == "a b c d"
    assert clean.text("Cafe\u0301") == "Café"
    assert clean.text("x" * 5_000) == "x" * 3_999 + "…"


@given(st.text())
def test_text_keeps_every_letter(raw: str) -> None:
    shown = clean.text(raw, longest=10_000)
    letters = [char for char in unicodedata.normalize("NFC", raw) if char.isalnum()]
    assert [char for char in shown if char.isalnum()] == letters
    assert clean.text(shown, longest=10_000) == shown


@given(st.text(max_size=12), st.text(max_size=12))
def test_ids_are_plain_and_never_shared(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]*", clean.identifier(one))
    assert (clean.identifier(one) == clean.identifier(other)) is (one == other)


NOT_LINKS = ("javascript:alert(1)", "data:text/html,x", "//example.org", "ftp://example.org", "https://a b", 'https://a"b', "")


@pytest.mark.parametrize("text", NOT_LINKS)
def test_only_web_addresses_become_links(text: str) -> None:
    assert clean.web_address(text) == ""


def test_a_web_address_is_kept_as_it_is() -> None:
    assert clean.web_address(" https://example.org/a?sid=X&id={1-2} ") == "https://example.org/a?sid=X&id={1-2}"


@pytest.mark.parametrize("text", ["07/05/2023", "7/5/2023", "7/5/23", "2023-07-05T00:00:00.000", "2023-07-05"])
def test_a_portal_that_writes_days_in_several_ways_is_read_in_each(text: str) -> None:
    assert clean.date(text, "%m/%d/%Y or %m/%d/%y or iso") == "2023-07-05"


def test_a_day_in_none_of_several_forms_is_refused_with_all_of_them() -> None:
    with pytest.raises(ValueError, match="`2023` is not a date written as %m/%d/%Y or iso"):
        clean.date("2023", "%m/%d/%Y or iso")
