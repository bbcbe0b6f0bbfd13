"""What was read of one source, and when: one line per reading or failure, kept beside its archive for ever.

The archive holds each load's bytes once; the ledger holds their order, so that history can be told again from the archive
alone: a publisher that goes back to older bytes, an address that failed, a file that came under another name. Where the
ledger is missing, the names of the archived files tell all but that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from . import archive
from .archive import Archived
from .beside import fresh_beside
from .errors import RegistryError
from .shape import Strict


class Entry(Strict, frozen=True):
    """One reading. `sha256` (hex) and `size` (bytes) are of what came; with `error` it could not be staged, or nothing came."""

    at: str
    sha256: str = ""
    size: int = 0
    origin: str = ""
    url: str = ""
    error: str = ""


class Read(NamedTuple):
    """One load: the same bytes, read once or several times in a row (moments in UTC). `id` is unlike that of any other load."""

    id: str
    sha256: str
    size: int
    origin: str
    url: str
    read_at: str
    last_read_at: str


class Failure(NamedTuple):
    """One failure, met once or several times in a row (moments in UTC); `sha256` where bytes came that could not be staged."""

    sha256: str
    origin: str
    url: str
    error: str
    read_at: str
    last_read_at: str


def moment(load: Archived | None = None) -> str:
    """When an archived load was read, else now; sorts by time."""
    return load.path.name.split("_", 1)[0] if load else f"{datetime.now(UTC):{archive.MOMENT}}"


def read_entry(load: Archived, url: str, origin: str = "") -> Entry:
    """The entry of a load just brought in; `origin` is the name it came under this time."""
    return Entry(at=moment(load), sha256=load.sha256, size=load.size, origin=origin or load.origin, url=url)


def entries(ledger: Path, folder: Path) -> list[Entry]:
    """Every entry, oldest first, with the archived loads that no entry tells of. RegistryError where the ledger is damaged."""
    return _with_archived(_noted(ledger), folder)


def _with_archived(noted: list[Entry], folder: Path) -> list[Entry]:
    known = {one.sha256 for one in noted}
    loads = list(archive.every(folder))
    found = [read_entry(load, "") for load in loads if load.sha256 not in known]
    ordered = sorted([*noted, *found], key=lambda one: one.at)
    last = next((one.sha256 for one in reversed(ordered) if one.sha256), "")
    # A killed load may have archived bytes that were there before, without noting so.
    return [*ordered, read_entry(loads[-1], "")] if loads and loads[-1].sha256 != last else ordered


def note(ledger: Path, folder: Path, new: Entry | None = None) -> list[Entry]:
    """Add an entry, and those the archive tells of and the ledger does not; returns all, oldest first."""
    noted = _noted(ledger)
    now = _with_archived([*noted, new] if new else noted, folder)
    if now != noted:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        beside = fresh_beside(ledger)
        beside.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in now))
        beside.replace(ledger)
    return now


def _noted(ledger: Path) -> list[Entry]:
    try:
        return [msgspec.json.decode(line, type=Entry) for line in ledger.read_bytes().splitlines()]
    except FileNotFoundError:
        return []
    except msgspec.DecodeError as error:
        raise RegistryError(
            f"{ledger}: this list of what was read is damaged ({error}). Mend the line, or remove the file: past failures and "
            "returns to older bytes are then forgotten, the archived loads are not."
        ) from error


def reads(told: Iterable[Entry]) -> list[Read]:
    """The loads, oldest first; the same bytes twice in a row are one load."""
    runs = [list(run) for _, run in groupby((one for one in told if one.sha256 and not one.error), key=lambda one: one.sha256)]
    names = numbered(run[0].sha256 for run in runs)
    return [_read(name, run) for name, run in zip(names, runs, strict=True)]


def _read(name: str, run: list[Entry]) -> Read:
    first, last = run[0], run[-1]
    return Read(name, first.sha256, first.size, first.origin, first.url, archive.told(first.at), archive.told(last.at))


def numbered(hashes: Iterable[str]) -> list[str]:
    """A short name for each load: its hash, and its number where the same bytes have come before."""
    seen: dict[str, int] = {}
    names = []
    for sha256 in hashes:
        seen[sha256] = seen.get(sha256, 0) + 1
        names.append(sha256[:12] if seen[sha256] == 1 else f"{sha256[:12]}-{seen[sha256]}")
    return names


def failures(told: Iterable[Entry]) -> Iterator[Failure]:
    """Every failure, oldest first; the same one several times in a row is told once."""
    for (sha256, origin, url, error), run in groupby(told, key=lambda one: (one.sha256, one.origin, one.url, one.error)):
        moments = [archive.told(one.at) for one in run]
        if error:
            yield Failure(sha256, origin, url, error, moments[0], moments[-1])


def standing_failure(told: list[Entry], staged: str) -> str:
    """Why the newest refresh failed, or "" where it did not or its bytes (sha256 `staged`) have been staged since."""
    return told[-1].error if told and (told[-1].sha256 or None) != staged else ""
