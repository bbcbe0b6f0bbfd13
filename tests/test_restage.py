"""Staging only the difference gives the very staging that reading the whole file gives, and falls back to it where it must."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ROOT, SOURCE, Checkout, row, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import archive, restage
from registry.errors import SourceError
from registry.history import TABLES
from registry.source import Source, load_sources
from registry.stage import stage

Write = Callable[..., Path]
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def source() -> Source:
    return load_sources(ROOT / "data")[SOURCE]


def content(target: Path) -> dict[str, list[Any]]:
    """All that a staging says of its rows and of what changed, but for how it came about."""
    with closing(sqlite3.connect(target)) as db:
        account = [one for one in db.execute("SELECT * FROM account ORDER BY name") if one[0] not in ("base", "read_at")]
        issues = sorted(db.execute("SELECT * FROM issues"), key=repr)
        tables = {name: db.execute(f"SELECT * FROM {name} ORDER BY rowid").fetchall() for name in ("rows", *TABLES)}
        return {**tables, "issues": issues, "account": account}


def staged_after(source: Source, write: Write, before: Rows, after: Rows) -> tuple[Any, Path, Path]:
    """(what restage says, its staging, the staging of the whole second file)."""
    first, second = write(before, "first.csv"), write(after, "second.csv")
    folder = second.parent
    target, whole = folder / "staging" / "one.db", folder / "staging" / "whole.db"
    target.unlink(missing_ok=True)
    stage(source, archive.keep(first, folder / "archive", "first.csv"), target, "definition", lambda rows: None)
    shutil.copyfile(target, whole)
    load = archive.keep(second, folder / "archive", "second.csv")
    stage(source, load, whole, "definition", lambda rows: None)
    return restage.restage(source, load, target, "definition", lambda rows: None), target, whole


EDITS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["amount", "title", "number", "start"]),
        st.sampled_from(["7.00", "NEW", "12/31/2030", ""]),
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, more=st.integers(0, 3), fewer=st.integers(0, 3))
def test_the_difference_gives_what_the_whole_file_gives(edits: Any, more: int, fewer: int, source: Source, portal_file: Write) -> None:
    before = rows(41)
    after = [dict(one) for one in before][: len(before) - fewer] + rows(more, title="SYNTHETIC ADDED")
    for at, name, value in edits:
        if at < len(after):
            after[at] = row(**{"number": str(900_001 + at), "title": after[at]["Purchase Order Description"], name: value})
    done, target, whole = staged_after(source, portal_file, before, after)
    if done is not None:
        assert content(target) == content(whole)


def test_a_changed_row_is_written_over_and_its_contracts_are_named(source: Source, portal_file: Write) -> None:
    before = rows(10)
    after = [dict(one) for one in before]
    after[3] = row(number="900999", amount="5.00")
    done, target, whole = staged_after(source, portal_file, before, after)
    assert done is not None and done.rows_staged == 10
    assert content(target) == content(whole)
    with closing(sqlite3.connect(target)) as db:
        assert [number for (number,) in db.execute("SELECT number FROM changed ORDER BY 1")] == ["900004", "900999"]


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([*rows(3), row(number="9", amount="many")], id="an odd value"),
        pytest.param(rows(2_500, title="ALL NEW"), id="too much differs"),
    ],
)
def test_what_must_be_looked_at_is_left_to_the_whole_load(after: Rows, source: Source, portal_file: Write) -> None:
    before = rows(len(after))
    done, target, _ = staged_after(source, portal_file, before, after)
    assert done is None
    with closing(sqlite3.connect(target)) as db:
        assert db.execute("SELECT value FROM account WHERE name = 'origin'").fetchone() == ("first.csv",)


def test_an_undeclared_repeat_is_refused_and_the_old_staging_stays(source: Source, portal_file: Write) -> None:
    strict = msgspec.structs.replace(source, key_may_repeat="")
    first, second = portal_file(rows(5), "first.csv"), portal_file([*rows(4), row(number="900001")], "second.csv")
    folder = first.parent
    target = folder / "staging" / "one.db"
    stage(strict, archive.keep(first, folder / "archive", "first.csv"), target, "definition", lambda rows: None)
    before = content(target)
    with pytest.raises(SourceError, match="the source file says it is unique"):
        restage.restage(strict, archive.keep(second, folder / "archive", "second.csv"), target, "definition", lambda rows: None)
    assert content(target) == before


def test_a_registry_of_differences_is_the_registry_of_the_whole_file(checkout: Checkout, tmp_path: Path, portal_file: Write) -> None:
    before, after = rows(60), rows(60)
    after[1] = row(number="900002", title="SYNTHETIC BODY WORN CAMERAS")
    after[2] = row(number="900003", title="SYNTHETIC ROAD SALT")
    assert checkout.load(portal_file(before, "first.csv")).exit_code == 0
    assert checkout.load(portal_file(after, "second.csv")).exit_code == 0
    assert checkout.staged("SELECT value FROM account WHERE name = 'base'")[0]["value"]
    afresh = Checkout(checkout.data, tmp_path / "afresh")
    assert afresh.load(tmp_path / "second.csv").exit_code == 0
    assert checkout.rows("SELECT * FROM contracts ORDER BY id") == afresh.rows("SELECT * FROM contracts ORDER BY id")
    assert checkout.rows("SELECT * FROM matches ORDER BY id") == afresh.rows("SELECT * FROM matches ORDER BY id")
    assert {one["contract_number"] for one in checkout.rows("SELECT contract_number FROM contracts")} >= {"900002"}
    assert not checkout.rows("SELECT * FROM contracts WHERE contract_number = '900003'")


def test_what_matched_is_sought_again_when_the_words_change(copied: Checkout, portal_file: Write) -> None:
    assert copied.load(portal_file(rows(4))).exit_code == 0
    assert len(copied.rows("SELECT * FROM contracts")) == 2
    path = copied.data / "technologies" / "gunshot_detection.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("\nterms:\n", "\nterms:\n  - synthetic road salt\n", 1), encoding="utf-8")
    assert copied.run("tag").exit_code == 0
    assert len(copied.rows("SELECT * FROM contracts")) == 4
