"""Staging keeps what the portal said, row for row, beside a closed account; a failure leaves the old file."""

from __future__ import annotations

import csv
import io
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import COLUMNS, ROOT, SOURCE, as_csv, row, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import archive
from registry.errors import DataError, SourceError
from registry.source import Source, load_sources
from registry.stage import Staged, stage
from registry.staged import count_things, filled, newest_day, raw_rows, reading, things, words

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def source() -> Source:
    return load_sources(ROOT / "data")[SOURCE]


def staged(source: Source, file: Path, ticks: list[int] | None = None) -> tuple[Staged, Path]:
    target = file.parent / "staging" / "synthetic.db"
    load = archive.keep(file, file.parent / "archive", file.name)
    return stage(source, load, target, "synthetic-definition", ([] if ticks is None else ticks).append), target


def everything(target: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(target)) as db:
        return db.execute("SELECT * FROM rows ORDER BY row").fetchall()


def test_rows_are_kept_word_for_word_without_what_is_never_fetched(source: Source, portal_file: Write) -> None:
    odd = row(title=' \t two  spaces, "quotes", é\u202e\n and lines ', amount="n/a")
    account, target = staged(source, portal_file([row(), odd]))
    assert (account.rows_read, account.rows_staged, account.rows_refused) == (2, 2, 0)
    stored = everything(target)
    assert [one[0] for one in stored] == [1, 2]
    assert stored[1][1:] == tuple(odd[column] for column in source.kept)
    assert not set(source.kept) & set(source.never_fetched)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=8))
def test_any_text_comes_back_as_it_was_sent(titles: list[str], source: Source, tmp_path: Path) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(row(title=title, number=str(at)) for at, title in enumerate(titles))
    (tmp_path / "any.csv").write_bytes(text.getvalue().encode())
    account, target = staged(source, tmp_path / "any.csv")
    assert account.rows_staged == len(titles)
    with closing(sqlite3.connect(target)) as db:
        assert [title for (title,) in db.execute(f'SELECT "{COLUMNS[0]}" FROM rows ORDER BY row')] == titles


def test_the_account_is_stored_beside_the_rows(source: Source, portal_file: Write) -> None:
    account, target = staged(source, portal_file(as_csv(rows(3)) + "SYNTHETIC,SHORT\n"))
    assert (account.rows_read, account.rows_staged, account.rows_refused) == (4, 3, 1)
    with closing(sqlite3.connect(target)) as db:
        stored = dict(db.execute("SELECT name, value FROM account").fetchall())
    assert (stored["rows_read"], stored["rows_refused"], stored["definition"]) == ("4", "1", "synthetic-definition")
    assert stored["origin"] == "synthetic.csv"


@pytest.mark.parametrize("count", [0, 3, 10_000, 12_345])
def test_progress_adds_up_to_the_rows(count: int, source: Source, portal_file: Write) -> None:
    ticks: list[int] = []
    staged(source, portal_file(rows(count)), ticks)
    assert sum(ticks) == count


def test_a_failure_leaves_the_old_file_and_nothing_else(source: Source, portal_file: Write) -> None:
    _, target = staged(source, portal_file(rows(3)))
    before = target.read_bytes()
    with pytest.raises(SourceError, match="row 2"):
        staged(source, portal_file(as_csv(rows(1)) + '"SYNTHETIC UNCLOSED', "bad.csv"))
    assert target.read_bytes() == before
    assert list(target.parent.iterdir()) == [target]


def test_a_quotation_mark_that_never_closes_does_not_swallow_a_whole_file(source: Source, portal_file: Write) -> None:
    endless = as_csv(rows(1)) + '"SYNTHETIC UNCLOSED' + "X" * (1 << 26)
    with pytest.raises(SourceError, match="row 2: field larger than field limit"):
        staged(source, portal_file(endless))


def test_what_a_killed_load_left_is_swept(source: Source, portal_file: Write, tmp_path: Path) -> None:
    left = tmp_path / "staging" / f"synthetic.db.{os.getpid() + 1}"
    left.parent.mkdir()
    left.write_bytes(b"half of")
    staged(source, portal_file(rows(1)))
    assert not left.exists()


def test_refusals_name_the_row_and_do_not_shift_the_next(source: Source, portal_file: Write) -> None:
    bad = as_csv([row(title="A\0B")]).partition("\n")[2]
    account, target = staged(source, portal_file(as_csv(rows(1)) + bad + "SHORT\n" + as_csv(rows(2)).partition("\n")[2]).resolve())
    assert [(issue.kind, issue.row) for issue in account.issues] == [
        ("nul_byte", 2), ("wrong_number_of_columns", 3), ("repeated_key", 1),
    ]  # fmt: skip
    assert [one[0] for one in everything(target)] == [1, 4, 5]


def test_a_unique_key_that_repeats_is_refused(source: Source, portal_file: Write) -> None:
    unique = msgspec.structs.replace(source, key_may_repeat="")
    with pytest.raises(SourceError, match="rows 1 and 3"):
        staged(unique, portal_file([row(), row(number="8"), row()]))


def test_reading_back(source: Source, portal_file: Write) -> None:
    lines = [row(number="2", signed="01/05/2020"), row(number="10", revision="1"), row(number="2", revision="1", unit=""), row(number=" ")]
    _, target = staged(source, portal_file([*lines, row(number="3", signed="11/30/2199")]))
    with reading(target) as db:
        assert [one[0] for one in words(db, source)] == ["2", "10", "2", "3"]
        assert count_things(db, source) == 3
        assert newest_day(db, source, "2026-01-01T00:00:00Z") == "2020-01-05"
        fields = {name: column for name, column in source.fields.items() if name != "date_signed"}
        assert newest_day(db, msgspec.structs.replace(source, fields=fields), "2026-01-01T00:00:00Z") == "2019-01-02"
        del fields["period_start_date"]
        assert newest_day(db, msgspec.structs.replace(source, fields=fields), "2026-01-01T00:00:00Z") is None
        assert filled(db, source)["buyer_unit"] == 0.8
        found = [(number, [one["row"] for one in group]) for number, group in things(db, source, ["2", "10", "2", "nowhere"])]
        assert found == [("10", ["2"]), ("2", ["1", "3"])]
        assert list(things(db, source, [])) == []
        assert [one[source.kept.index(source.fields["contract_number"])] for one in raw_rows(db, source, [3, 2])] == ["10", "2"]


# --- the shape of a source file ------------------------------------------------------------------------------------------------

PROBLEMS = {
    "id: us-il-chicago-contracts": ("id: another", "make them the same"),
    "  title: Purchase Order Description\n": ("", "`title` is missing"),
    "  Zip: A sole trader's address is personal data.\n": ("  Vendor Name: Both used and left out.\n", "both used and left out"),
}


@pytest.mark.parametrize("old", PROBLEMS)
def test_a_source_file_that_contradicts_itself_is_refused(old: str, tmp_path: Path) -> None:
    new, told = PROBLEMS[old]
    text = (ROOT / "data" / "sources" / f"{SOURCE}.yml").read_text()
    assert text.count(old) == 1
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / f"{SOURCE}.yml").write_text(text.replace(old, new))
    with pytest.raises(DataError, match=told):
        load_sources(tmp_path)
