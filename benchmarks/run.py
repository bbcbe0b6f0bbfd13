"""Time `registry load` against the sqlite3 shell's `.import` of the same CSV, side by side in one run, and print the ratios.

    python benchmarks/run.py                         a million synthetic rows
    python benchmarks/run.py contracts.csv           and a real file of the source
    python benchmarks/run.py --quick                 a small run, to see that the script works

Public tools only: the sqlite3 shell and the `registry` command, each as a process of its own, so that start-up, imports
and every write count. What is compared is interleaved and repeated; medians are printed. Nothing here fails on a slow
machine: the figures are for people. It does fail where a load goes wrong or rows are lost.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SOURCE = "us-il-chicago-contracts"
AMOUNT = "Award Amount"
COLUMNS = (
    "Purchase Order Description", "Purchase Order (Contract) Number", "Revision Number", "Specification Number", "Contract Type",
    "Start Date", "End Date", "Approval Date", "Department", "Vendor Name", "Vendor ID", "Address 1", "Address 2", "City", "State",
    "Zip", AMOUNT, "Procurement Type", "Contract PDF",
)  # fmt: skip
STEPS = ("import", "load", "unchanged", "changed")
TARGETS = {"import": "1.00", "load": "at most 5", "unchanged": "at most 0.5", "changed": "at most 3"}
MEANINGS = {
    "import": "sqlite3 shell, `.import`",
    "load": "first load",
    "unchanged": "second load, nothing changed",
    "changed": "third load, 1 % of rows changed",
}
WORDS = (
    "ROAD", "SALT", "ASPHALT", "CONCRETE", "REPAIR", "MAINTENANCE", "JANITORIAL", "SERVICES", "UNIFORM", "RENTAL", "FUEL",
    "DIESEL", "TRUCK", "PARTS", "LIBRARY", "BOOKS", "DELEGATE", "AGENCY", "CHILD", "CARE", "YOUTH", "EMPLOYMENT", "TRAINING",
    "SEWER", "WATER", "MAIN", "INSPECTION", "ENGINEERING", "DESIGN", "LEGAL", "COUNSEL", "PRINTING", "PAPER", "OFFICE",
    "SUPPLIES", "FURNITURE", "ROOF", "BOILER", "ELEVATOR", "LANDSCAPE", "TREES", "PAINT", "SIGNS", "TOWING", "HEALTH", "CLINIC",
    "FOOD", "MEALS", "SENIOR",
)  # fmt: skip
WANTED = ("GUNSHOT DETECTION SYSTEM", "LICENSE PLATE READER", "BODY WORN CAMERA", "FACE RECOGNITION SOFTWARE", "POLICE DRONE")


class Run(NamedTuple):
    """One process: its wall-clock seconds, its peak memory in megabytes."""

    seconds: float
    megabytes: float


def timed(command: list[str], build: Path) -> Run:
    """Run one command to its end; its own exit status must be 0."""
    environment = {**os.environ, "REGISTRY_DATA": str(ROOT / "data"), "REGISTRY_BUILD": str(build), "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with status {process.returncode}")
    # Linux counts kilobytes, macOS bytes.
    return Run(seconds, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024))


def imported(file: Path, folder: Path) -> Run:
    """The yardstick: a fresh database file, every column as text, no key, no index."""
    target = folder / "import.db"
    target.unlink(missing_ok=True)
    return timed(["sqlite3", str(target), "-cmd", ".mode csv", f".import {file} rows", ".quit"], folder)


def loaded(file: Path, build: Path) -> Run:
    """The whole process of a load: archive, stage, match, normalise, determine, verify, build, swap."""
    command = [sys.executable, "-c", "from registry.cli import main; main()", "load", SOURCE, "--from", str(file), "-q"]
    return timed(command, build)


def synthetic(path: Path, rows: int) -> None:
    """Write a deterministic file of `rows` rows, of about the lengths the real file has; one in a hundred matches."""
    chance = random.Random(20260101)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_row(chance, at) for at in range(rows))


def _row(chance: random.Random, at: int) -> tuple[str, ...]:
    title = " ".join(chance.choices(WORDS, k=5))
    if at % 200 < 2:
        title = f"{chance.choice(WANTED)} {chance.choice(WORDS)}"
    year, supplier = chance.randrange(1995, 2026), chance.randrange(20_000)
    signed = f"{chance.randrange(1, 13):02}/{chance.randrange(1, 29):02}/{year}"
    amount = "0.00" if at % 3 else f"{chance.randrange(100, 9_000_000) / 100:.2f}"
    return (
        f"SYNTHETIC {title}", str(1_000_000 + at // 2), str(at % 2), str(at // 2 % 90_000), "WORK SERVICES / FACILITY MAINT.",
        signed, f"12/31/{year + 3}", signed, f"DEPARTMENT OF {WORDS[at // 2 % len(WORDS)]}",
        f"SYNTHETIC {WORDS[supplier % len(WORDS)]} COMPANY {supplier}", f"{supplier}S", f"{supplier} SYNTHETIC STREET", "",
        "CHICAGO", "IL", "60600", amount, "BID", f"http://example.org/contracts/{1_000_000 + at // 2}.pdf",
    )  # fmt: skip


def changed(file: Path, target: Path) -> None:
    """Write the same file with another amount in every hundredth row."""
    with file.open(encoding="utf-8-sig", newline="") as old, target.open("w", encoding="utf-8", newline="") as new:
        reader, writer = csv.reader(old), csv.writer(new, lineterminator="\n")
        header = next(reader)
        writer.writerow(header)
        writer.writerows(_changed(reader, header.index(AMOUNT)))


def _changed(rows: Iterator[list[str]], column: int) -> Iterator[list[str]]:
    for number, row in enumerate(rows):
        yield row if number % 100 else [*row[:column], "7.77", *row[column + 1 :]]


def measured(file: Path, folder: Path, repeats: int) -> dict[str, list[Run]]:
    """Every step `repeats` times, one after another in turn, so that a busy moment falls on all of them."""
    other, build = folder / "changed.csv", folder / "build"
    changed(file, other)
    runs: dict[str, list[Run]] = {step: [] for step in STEPS}
    for _ in range(repeats):
        shutil.rmtree(build, ignore_errors=True)
        runs["import"].append(imported(file, folder))
        runs["load"].append(loaded(file, build))
        _must_hold(build, folder)
        runs["unchanged"].append(loaded(file, build))
        runs["changed"].append(loaded(other, build))
    return runs


def _must_hold(build: Path, folder: Path) -> None:
    """What was loaded is what was imported, row for row in number."""
    with closing(sqlite3.connect(folder / "import.db")) as ours, closing(sqlite3.connect(build / "registry.db")) as theirs:
        [wanted] = ours.execute("SELECT count(*) FROM rows").fetchone()
        [read] = theirs.execute("SELECT rows_read FROM coverage WHERE source = ?", (SOURCE,)).fetchone()
    if wanted != read:
        sys.exit(f"sqlite3 imported {wanted:,} rows, registry read {read:,}")


def table(title: str, runs: dict[str, list[Run]]) -> str:
    """The figures as a Markdown table."""
    unit = statistics.median(run.seconds for run in runs["import"])
    lines = [f"### {title}", "", "| step | seconds | ratio | target | peak memory |", "|---|---|---|---|---|"]
    for step, several in runs.items():
        seconds, peak = statistics.median(run.seconds for run in several), max(run.megabytes for run in several)
        lines.append(f"| {MEANINGS[step]} | {seconds:.2f} | {seconds / unit:.2f} | {TARGETS[step]} | {peak:.0f} MB |")
    return "\n".join(lines) + "\n"


def _count(file: Path) -> int:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return sum(1 for _ in csv.reader(text)) - 1


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("file", nargs="?", type=Path, help="a real file of the source, as the portal publishes it")
    arguments.add_argument("--rows", type=int, default=1_000_000, help="how many synthetic rows (0: none)")
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--quick", action="store_true", help="20,000 synthetic rows, once")
    given = arguments.parse_args()
    rows, repeats = (20_000, 1) if given.quick else (given.rows, given.repeats)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.file:
            print(table(f"A real file of {_count(given.file):,} rows", measured(given.file, folder, repeats)), flush=True)
        if rows:
            synthetic(folder / "synthetic.csv", rows)
            print(table(f"{rows:,} synthetic rows", measured(folder / "synthetic.csv", folder, repeats)), flush=True)


if __name__ == "__main__":
    main()
