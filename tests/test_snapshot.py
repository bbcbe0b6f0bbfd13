"""The bundled extract: what it holds, what it answers for, and that it loads to the same contracts as the whole file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ADDRESS, ROOT, SOURCE, TITLE, Checkout, edit, row, rows

from registry.snapshot import read_snapshot, snapshot_files
from registry.source import load_sources

Write = Callable[..., Path]


def whole() -> list[dict[str, str]]:
    """Synthetic orders of three revisions each, in no good order, every second one matching nothing."""
    lines = [{**one, "Revision Number": str(2 - revision)} for revision in range(3) for one in rows(8)]
    return [*lines, row(number="900099", title='SYNTHETIC "QUOTED",\r\nLICENSE PLATE READER\u202e, é')]


def comparable(checkout: Checkout) -> dict[str, list[dict[str, Any]]]:
    """Contracts, amendments, matches and determinations but for where the bytes came from."""
    tables = {name: checkout.rows(f"SELECT * FROM {name} ORDER BY id") for name in ("contracts", "amendments", "matches", "determinations")}
    return {name: [{key: one[key] for key in one if key not in ("load", "source_row")} for one in found] for name, found in tables.items()}


@pytest.fixture
def taken(copied: Checkout, portal_file: Write) -> Checkout:
    """A checkout whose extract was taken from a whole synthetic file."""
    assert copied.load(portal_file(whole(), "whole.csv")).exit_code == 0
    result = copied.run("snapshot", SOURCE)
    assert result.exit_code == 0, result.output
    assert "13 of 25 rows" in result.stdout
    return copied


def test_an_extract_loads_to_the_same_contracts(taken: Checkout, tmp_path: Path) -> None:
    fresh = taken._replace(build=tmp_path / "fresh")
    assert fresh.run("load", "--offline").exit_code == 0
    assert comparable(fresh) == comparable(taken)
    assert len(fresh.rows("SELECT id FROM contracts")) == 5
    one, before = fresh.account(), taken.account()
    assert (one["scope"], one["rows_read"], one["contracts_seen"]) == ("matched_only", 13, before["contracts_seen"])
    assert (one["searched_through"], one["not_searched_for"]) == (before["searched_through"], before["not_searched_for"])


def test_an_extract_holds_only_the_allowed_columns_in_the_order_of_the_file(taken: Checkout) -> None:
    files = snapshot_files(taken.data, SOURCE)
    assert ADDRESS not in files.rows.read_text()
    with files.rows.open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header == list(load_sources(taken.data)[SOURCE].kept)
    matching = [one for one in whole() if "ROAD SALT" not in one[TITLE]]
    assert lines == [[one[name] for name in header] for one in matching]


def test_taking_it_again_gives_the_same_bytes(taken: Checkout) -> None:
    files = snapshot_files(taken.data, SOURCE)
    before = [path.read_bytes() for path in files]
    assert taken.run("snapshot", SOURCE).exit_code == 0
    assert [path.read_bytes() for path in files] == before


def test_words_added_later_are_not_searched_in_it(taken: Checkout, tmp_path: Path) -> None:
    edit(taken.data / "technologies" / "gunshot_detection.yml", "  - gunfire sensor\n", "  - gunfire sensor\n  - widgetron\n")
    fresh = taken._replace(build=tmp_path / "fresh")
    assert fresh.run("load", "--offline").exit_code == 0
    general = {row["id"] for row in fresh.rows("SELECT id FROM suppliers WHERE NOT specialist")}
    assert set(json.loads(fresh.account()["not_searched_for"])) - general == {"gunshot_detection"}


def test_an_extract_is_never_taken_from_itself(taken: Checkout, tmp_path: Path) -> None:
    before = snapshot_files(taken.data, SOURCE).facts.read_bytes()
    fresh = taken._replace(build=tmp_path / "fresh")
    assert fresh.run("load", "--offline").exit_code == 0
    result = fresh.run("snapshot", SOURCE)
    assert result.exit_code == 1
    assert "its own extract" in result.stderr and "--from FILE" in result.stderr
    assert snapshot_files(taken.data, SOURCE).facts.read_bytes() == before


def test_a_whole_file_once_loaded_wins_over_the_extract(taken: Checkout) -> None:
    assert taken.run("load", "--offline").exit_code == 0
    assert taken.account()["rows_read"] == 25


def test_a_malformed_extract_is_named(taken: Checkout) -> None:
    edit(snapshot_files(taken.data, SOURCE).facts, "rows: 13\n", "rows: thirteen\n")
    for command in (("load", "--offline"), ("check",)):
        result = taken.run(*command)
        assert result.exit_code == 1
        assert f"{SOURCE}.yml" in result.stderr and "`rows`" in result.stderr


@pytest.mark.parametrize("slug", load_sources(ROOT / "data"))
def test_the_bundled_extract_says_what_it_holds(slug: str) -> None:
    told, files = read_snapshot(ROOT / "data", slug), snapshot_files(ROOT / "data", slug)
    assert (told is None) is (not files.rows.exists())
    if told is None:
        return
    with files.rows.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    source = load_sources(ROOT / "data")[slug]
    assert header == list(source.kept)
    assert (len(lines), told.source) == (told.rows, slug)
    assert told.rows <= told.rows_in_whole_file >= source.expect.rows_at_least
    assert told.contracts_in_whole_file >= source.expect.contracts_at_least
