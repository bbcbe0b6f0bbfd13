"""Bring one source's staging up to date, or say why it could not be; the last good staging always stays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from . import archive, ledger, staged
from .archive import Archived
from .asking import Asking
from .beside import fresh_beside
from .errors import SourceError
from .history import Unstaged
from .ledger import Entry, Read
from .load_plan import find_input
from .paths import Paths
from .report import SourceReport
from .restage import restage
from .source import Source
from .stage import stage
from .visits import forget

if TYPE_CHECKING:
    from .fetch import Web

Progress = Callable[[str, int], Callable[[int], object]]
# Where a load takes its bytes from: a file given, the portals, or (None) what is on disk already.
From: TypeAlias = "Path | Web | None"


def stage_source(paths: Paths, source: Source, given: From, asking: Asking, progress: Progress) -> SourceReport:
    """Bring in, hash and stage the source's newest bytes unless they are staged already; never raises SourceError.

    Where the portal fails, what was brought in before is staged, and the report says that the refresh failed.
    """
    if given is None or isinstance(given, Path):
        return _stage(paths, source, given, progress)
    failure = bring_in(paths, source, given, asking)
    report = _stage(paths, source, None, progress)
    if failure:
        report.result, report.error = "failed", " ".join(filter(None, (failure, report.error)))
    return report


def bring_in(paths: Paths, source: Source, web: Web, asking: Asking) -> str:
    """Bring the source from its portal into the archive; why that failed, or "" (also where it says no address)."""
    from .portals import fetch_source

    if not source.access:
        return ""
    folder, book = paths.archive(source.id), paths.ledger(source.id)
    try:
        fetch_source(paths, source, web, asking)
    except SourceError as error:
        ledger.note(book, folder, Entry(at=ledger.moment(), url=source.url, error=str(error)))
        return str(error)
    newest = archive.newest(folder)
    ledger.note(book, folder, ledger.read_entry(newest, source.url) if newest else None)
    return ""


def _stage(paths: Paths, source: Source, given: Path | None, progress: Progress) -> SourceReport:
    load: Archived | None = None
    try:
        found = find_input(paths, source, given)
        if found is None:
            return kept(paths, source, "never_loaded")
        load = found.load
        told = ledger.note(paths.ledger(source.id), paths.archive(source.id), _entry(load, given))
        return kept(paths, source, "loaded" if _catch_up(paths, source, ledger.reads(told), progress) else "unchanged")
    except SourceError as error:
        forget(paths.archive(source.id))
        if load or (given and given.is_file()):
            _note_failure(paths, source, load, given, str(error))
        report = kept(paths, source, "failed")
        report.error = str(error)
        return report


def _entry(load: Archived, given: Path | None) -> Entry | None:
    """A file given was read just now, even where its bytes were here before."""
    if given is None:
        return None
    return Entry(at=ledger.moment(), sha256=load.sha256, size=load.size, origin=given.name)


def _note_failure(paths: Paths, source: Source, load: Archived | None, given: Path | None, error: str) -> None:
    """Remember once that these bytes could not be staged, or not even archived: whoever builds the registry next tells of it."""
    book, folder = paths.ledger(source.id), paths.archive(source.id)
    sha256, size = (load.sha256, load.size) if load else ("", 0)
    origin = load.origin if load else given.name if given else ""
    if [(one.sha256, one.error) for one in ledger.entries(book, folder)[-1:]] != [(sha256, error)]:
        ledger.note(book, folder, Entry(at=ledger.moment(), sha256=sha256, size=size, origin=origin, error=error))


def _catch_up(paths: Paths, source: Source, reads: list[Read], progress: Progress) -> bool:
    """Stage every load that is not staged yet, oldest first; False where all were. SourceError where the newest cannot be.

    A staging made under another reading of the columns is made again from the first load on, beside the old one.
    """
    target, meaning = paths.staging(source.id), definition(source)
    done = _done(target, meaning, reads)
    if done < len(reads):
        target.parent.mkdir(parents=True, exist_ok=True)
        place = target if done else fresh_beside(target)
        unstaged = _stage_each(paths, source, reads[done:], place, progress)
        if place != target:
            _put(place, target, whole=not unstaged)
        if unstaged:
            raise SourceError(unstaged[-1].error)
    staged.read_again(target, reads[-1].last_read_at)
    return done < len(reads)


def _put(place: Path, target: Path, whole: bool) -> None:
    """Swap in a staging made again; one that lacks the newest load does not replace one that may hold it."""
    if place.exists() and (whole or not target.exists()):
        place.replace(target)
    place.unlink(missing_ok=True)


def _done(target: Path, meaning: str, reads: list[Read]) -> int:
    """How many of the loads the staging holds already; none where it was made otherwise."""
    if not target.exists():
        return 0
    with staged.reading(target) as db:
        account = staged.account(db)
        if account.get("definition") != meaning or "load" not in account:
            return 0
        hashes = [one.sha256 for one in staged.loads(db)]
    return len(hashes) if hashes == [one.sha256 for one in reads[: len(hashes)]] else 0


def _stage_each(paths: Paths, source: Source, reads: list[Read], place: Path, progress: Progress) -> list[Unstaged]:
    """Stage loads one after another; one that cannot be is left out and told of with the next that can. What is left is returned."""
    archived = {load.sha256: load for load in archive.every(paths.archive(source.id))}
    unstaged: list[Unstaged] = []
    for read in reads:
        try:
            load = _load_of(read, archived)
            task = (source, load, place, definition(source), progress(source.title, load.size), unstaged)
            restage(*task) or stage(*task)
            unstaged = []
        except SourceError as error:
            unstaged = [*unstaged, Unstaged(read.sha256, str(error))]
    return unstaged


def _load_of(read: Read, archived: Mapping[str, Archived]) -> Archived:
    if read.sha256 not in archived:
        raise SourceError(f"The load of {read.read_at} ({read.origin}) is no longer in the archive, so what it changed cannot be told.")
    return archived[read.sha256]._replace(read_at=read.read_at)


def kept(paths: Paths, source: Source, result: str) -> SourceReport:
    """What staging holds of the source now, whatever this run did."""
    path = paths.staging(source.id)
    account: dict[str, str] = {}
    if path.exists():
        with staged.reading(path) as db:
            account = staged.account(db)
    told = ledger.entries(paths.ledger(source.id), paths.archive(source.id))
    failure = ledger.standing_failure(told, account.get("sha256", ""))
    if "load" not in account:
        return SourceReport(source.id, "failed" if result == "failed" else "never_loaded", last_failure=failure)
    return SourceReport(source.id, result, account, last_failure=failure)  # type: ignore[arg-type]


def definition(source: Source) -> str:
    """A hash of the source file's meaning: staging made under another reading of the columns is made again."""
    return hashlib.sha256(repr(source).encode()).hexdigest()[:16]
