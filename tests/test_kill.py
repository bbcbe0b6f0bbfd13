"""A load killed at any moment leaves the previous registry whole, and the next load ends as if nothing had happened."""

from __future__ import annotations

import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import ROOT, SOURCE, Checkout, as_csv, rows

TIMES = 10


class Undisturbed(NamedTuple):
    """The build folder and registry before, the file to load, the registry after, and how long that takes (seconds)."""

    build: Path
    second: Path
    before: dict[str, Any]
    after: dict[str, Any]
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    checkout = Checkout(ROOT / "data", folder / "build")
    first, second = folder / "first.csv", folder / "second.csv"
    first.write_text(as_csv(rows(2)))
    second.write_text(as_csv(rows(10_000)))
    assert checkout.load(first).exit_code == 0
    before, build = checkout.dump(), shutil.copytree(checkout.build, folder / "before")
    started = time.perf_counter()
    assert checkout.start("load", SOURCE, "--from", second, "-q").wait() == 0
    return Undisturbed(build, second, before, checkout.dump(), time.perf_counter() - started)


def killed_load(checkout: Checkout, undisturbed: Undisturbed, wait: Callable[[], None]) -> None:
    """Kill a load after `wait`: the registry must be whole and one of the two, and the next load must end as if undisturbed."""
    shutil.copytree(undisturbed.build, checkout.build)
    process = checkout.start("load", SOURCE, "--from", undisturbed.second, "-q")
    wait()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode in (-signal.SIGKILL, 0)
    assert checkout.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert checkout.dump() in (undisturbed.before, undisturbed.after)
    again = checkout.load(undisturbed.second)
    assert again.exit_code == 0, again.output
    assert checkout.dump() == undisturbed.after
    left = [path.name for path in checkout.build.rglob("*") if re.search(r"\.\d+(-journal)?$", path.name)]
    assert left == []


@pytest.mark.parametrize("part", range(TIMES))
def test_a_load_killed_at_any_time_leaves_a_whole_registry(part: int, undisturbed: Undisturbed, checkout: Checkout) -> None:
    seconds = undisturbed.seconds * (part + random.Random(part).random()) / TIMES
    killed_load(checkout, undisturbed, lambda: time.sleep(seconds))


def begun(folder: Path, name: str) -> bool:
    return any(folder.glob(f"{name}.*[0-9]"))


def told(path: Path) -> tuple[int, int, int]:
    return path.stat().st_ino, path.stat().st_size, path.stat().st_mtime_ns


MOMENTS: dict[str, Callable[[Checkout], object]] = {
    "archiving": lambda checkout: begun(checkout.build / "archive" / SOURCE, "unfinished"),
    "staging": lambda checkout: begun(checkout.staging.parent, checkout.staging.name),
    "staged": lambda checkout: told(checkout.staging),
    "building": lambda checkout: begun(checkout.build, checkout.registry.name),
    "swapped in": lambda checkout: told(checkout.registry),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_load_killed_at_its_worst_moments_leaves_a_whole_registry(moment: str, undisturbed: Undisturbed, checkout: Checkout) -> None:
    look = MOMENTS[moment]

    def wait() -> None:
        before, until = look(checkout), time.monotonic() + 60
        while look(checkout) == before:
            assert time.monotonic() < until, f"the load was never seen {moment}"

    killed_load(checkout, undisturbed, wait)
