"""The small extract in data/snapshots that lets a first load work with no network, and how it is made.

A snapshot holds the raw rows, allow-listed columns only, of every contract of a whole file that matched
anything; its YAML says what was searched for, so that a product added later is known not to have been.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from . import staged
from .match import Matcher
from .scan import scan
from .scope import extract_name
from .shape import Strict, load_file
from .source import Source


class Snapshot(Strict, frozen=True):
    """What a snapshot was taken from, and what it was searched for (slug -> hash of its words)."""

    source: str
    taken: datetime.date
    origin: str
    sha256: str
    rows_in_whole_file: int
    contracts_in_whole_file: int
    rows: int
    searched_through: datetime.date
    note: str
    searched_for: dict[str, str]


class SnapshotFiles(NamedTuple):
    """Where a source's snapshot lies: its rows, and what is said of them."""

    rows: Path
    facts: Path


def snapshot_files(data: Path, source: str) -> SnapshotFiles:
    """The two files of a source's snapshot, whether they exist or not."""
    return SnapshotFiles(data / "snapshots" / extract_name(source), data / "snapshots" / f"{source}.yml")


def read_snapshot(data: Path, source: str) -> Snapshot | None:
    """What the bundled snapshot says of itself, or None where there is none; DataError if it is malformed."""
    facts = snapshot_files(data, source).facts
    return load_file(facts, Snapshot) if facts.exists() else None


def take_snapshot(data: Path, source: Source, staging: Path, matcher: Matcher, searched_for: Mapping[str, str]) -> Snapshot:
    """Write the snapshot of a fully staged source and return what it says of itself."""
    files = snapshot_files(data, source.id)
    with staged.reading(staging) as db:
        numbers = list(matched_numbers(db, source, matcher))
        rows = [row for _, group in staged.things(db, source, numbers) for row in group]
        account = staged.account(db)
        snapshot = Snapshot(
            source=source.id, taken=datetime.date.fromisoformat(account["read_at"][:10]), origin=account["origin"],
            sha256=account["sha256"], rows_in_whole_file=int(account["rows_staged"]),
            contracts_in_whole_file=staged.count_things(db, source), rows=len(rows),
            searched_through=datetime.date.fromisoformat(staged.newest_day(db, source, account["read_at"]) or account["read_at"][:10]),
            note="Made by `registry snapshot`; do not edit by hand.", searched_for=dict(sorted(searched_for.items())),
        )  # fmt: skip
        _write_rows(files.rows, source, staged.raw_rows(db, source, [int(row["row"]) for row in rows]))
    _write_facts(files.facts, snapshot)
    return snapshot


def matched_numbers(db: staged.Connection, source: Source, matcher: Matcher, table: staged.Table = "rows") -> Iterator[str]:
    """The names of the things (contract numbers, places of rows) whose words match anything; one may come more than once."""
    for number, _ in scan(matcher, staged.words(db, source, table)):
        yield str(number)


def _write_rows(path: Path, source: Source, rows: Iterator[tuple[str, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", delimiter=source.delimiter)
        writer.writerow(source.kept)
        writer.writerows(rows)


def _write_facts(path: Path, snapshot: Snapshot) -> None:
    facts = {name: getattr(snapshot, name) for name in snapshot.__struct_fields__}
    path.write_text(yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=100), encoding="utf-8")
