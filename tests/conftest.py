"""A registry of its own for every test: the real data/, a build folder that is thrown away, synthetic rows that say so."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import stamina
from click.testing import CliRunner, Result
from portal_simulator import Simulator
from portal_wires import TOKEN
from pytest_httpserver import HTTPServer

from registry.cli import main
from registry.fetch import ATTEMPTS, Web, open_web

ROOT = Path(__file__).parent.parent
# Large programs that read what we write. `.ci/run` has them in an environment of their own, and there nothing is skipped.
OTHER_PROGRAMS = bool(os.environ.get("REGISTRY_TEST_OTHER_PROGRAMS"))


def needs_program(module: str) -> pytest.MarkDecorator:
    """Skip where a large program is not installed, unless the gate runs; then its absence is an error."""
    missing = importlib.util.find_spec(module) is None and not OTHER_PROGRAMS
    return pytest.mark.skipif(missing, reason=f"{module} is not installed; .ci/run has it")
SOURCE = "us-il-chicago-contracts"
# As the publisher's file has them, addresses included: what must never be fetched must be in the test's file too.
COLUMNS = (
    "Purchase Order Description", "Purchase Order (Contract) Number", "Revision Number", "Specification Number", "Contract Type",
    "Start Date", "End Date", "Approval Date", "Department", "Vendor Name", "Vendor ID", "Address 1", "Address 2", "City", "State",
    "Zip", "Award Amount", "Procurement Type", "Contract PDF",
)  # fmt: skip
NUMBER, REVISION, TITLE = "Purchase Order (Contract) Number", "Revision Number", "Purchase Order Description"
ADDRESS = "1 SYNTHETIC STREET"
MOMENTS = ("first_at", "last_at", "read_at")
RUN = (sys.executable, "-c", "from registry.cli import main; main()")


class Checkout(NamedTuple):
    """The data/ and build folders that one test's commands work on."""

    data: Path
    build: Path

    @property
    def registry(self) -> Path:
        return self.build / "registry.db"

    @property
    def staging(self) -> Path:
        return self.build / "staging" / f"{SOURCE}.db"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "REGISTRY_DATA": str(self.data), "REGISTRY_BUILD": str(self.build), "PYTHONPATH": str(ROOT)}

    def run(self, *arguments: str | Path, given: str | None = None) -> Result:
        """Run one command in process; anything but a deliberate exit is the test's failure, with its traceback."""
        environment = {"REGISTRY_DATA": str(self.data), "REGISTRY_BUILD": str(self.build)}
        result = CliRunner().invoke(main, [str(one) for one in arguments], input=given, env=environment)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def load(self, file: Path, source: str = SOURCE) -> Result:
        return self.run("load", source, "--from", file)

    def start(self, *arguments: str | Path, stderr: int = subprocess.PIPE, **variables: str) -> subprocess.Popen[str]:
        """Start one command as a process of its own."""
        command, environment = [*RUN, *(str(one) for one in arguments)], {**self.environment, **variables}
        return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=stderr)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """The rows of registry.db that a query gives."""
        return _rows(self.registry, query, values)

    def staged(self, query: str) -> list[dict[str, Any]]:
        """The rows of the Chicago source's staging that a query gives."""
        return _rows(self.staging, query, ())

    def issues(self, kind: str) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM issues WHERE kind = ? ORDER BY row", kind)

    def account(self, source: str = SOURCE) -> dict[str, Any]:
        return self.rows("SELECT * FROM coverage WHERE source = ?", source)[0]

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every table in its stored order, but for the moments at which files were read: what must be the same each time."""
        with closing(sqlite3.connect(self.registry)) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            return {name: _content(db, name) for name in names if "_fts_" not in name and not name.startswith("sqlite_")}


def _rows(path: Path, query: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query, tuple(values))]


def _content(db: sqlite3.Connection, name: str) -> list[tuple[Any, ...]]:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info([{name}])") if name != "loads" or row[1] not in MOMENTS]
    stored = db.execute(f"SELECT {', '.join(f'[{column}]' for column in columns)} FROM [{name}] ORDER BY rowid")
    return [row for row in stored if (name, row[0]) != ("about_this_registry", "last_load")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """The project's real data/ (read only, by custom) and an empty build folder."""
    return Checkout(ROOT / "data", tmp_path / "build")


@pytest.fixture
def copied(tmp_path: Path) -> Checkout:
    """A copy of data/ (without bundled extracts) that the test may change, and an empty build folder."""
    data = tmp_path / "checkout" / "data"
    shutil.copytree(ROOT / "data", data, ignore=shutil.ignore_patterns("build", "snapshots"))
    return Checkout(data, tmp_path / "build")


def row(**given: str) -> dict[str, str]:
    """One synthetic revision; name other columns by their first letters: `row(**{NUMBER: "7"})` or `row(number="7")`."""
    short = {
        "number": NUMBER, "revision": REVISION, "title": TITLE, "supplier": "Vendor Name", "amount": "Award Amount",
        "start": "Start Date", "end": "End Date", "signed": "Approval Date", "unit": "Department", "pdf": "Contract PDF",
    }  # fmt: skip
    plain = {
        TITLE: "SYNTHETIC GUNSHOT DETECTION SYSTEM", NUMBER: "900001", REVISION: "0", "Department": "DEPARTMENT OF POLICE",
        "Vendor Name": "SYNTHETIC SUPPLIER ONE", "Vendor ID": "SYNTHETIC-ID", "Address 1": ADDRESS, "City": "SYNTHETIC CITY",
        "Start Date": "01/02/2019", "End Date": "12/31/2021", "Approval Date": "01/01/2019", "Award Amount": "1000.00",
    }  # fmt: skip
    return {**dict.fromkeys(COLUMNS, ""), **plain, **{short.get(name, name): value for name, value in given.items()}}


def rows(count: int, **given: str) -> list[dict[str, str]]:
    """Synthetic orders 900001, 900002 ... of one revision each; every second one matches nothing."""
    titles = ("SYNTHETIC GUNSHOT DETECTION SYSTEM", "SYNTHETIC ROAD SALT")
    return [row(**{"number": str(900_001 + at), "title": titles[at % 2], **given}) for at in range(count)]


def as_csv(lines: Iterable[dict[str, str]], columns: Iterable[str] = COLUMNS, ends: str = "\n", delimiter: str = ",") -> str:
    """The text of a portal's file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), lineterminator=ends, delimiter=delimiter, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A portal on the loopback, asked and asked again without waiting; whoever needs its token has it."""
    monkeypatch.setenv("REGISTRY_PACE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("SYNTHETIC_SODA3", TOKEN)
    with HTTPServer(host="127.0.0.1") as server, stamina.set_testing(True, attempts=ATTEMPTS):
        yield Simulator(server)


@pytest.fixture
def web() -> Iterator[Web]:
    """The way out to it."""
    with open_web() as one:
        yield one


@pytest.fixture
def portal_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a portal's file: rows (or the file's whole text or bytes), then its name."""

    def write(content: list[dict[str, str]] | str | bytes, name: str = "synthetic.csv") -> Path:
        path = tmp_path / name
        raw = as_csv(content) if isinstance(content, list) else content
        path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        return path

    return write


def edit(path: Path, old: str, new: str) -> None:
    """Change one passage of a copied data file; it must be there."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path} has {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def as_json(result: Result) -> Any:
    """The JSON a command printed on its standard output, which must hold nothing else."""
    return json.loads(result.stdout)
