"""Bring one source's staging up to date, or say why it could not be; the last good staging always stays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from . import staged
from .asking import Asking
from .errors import SourceError
from .load_plan import Input, find_input
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

    try:
        if source.access:
            fetch_source(paths, source, web, asking)
    except SourceError as error:
        return str(error)
    return ""


def _stage(paths: Paths, source: Source, given: Path | None, progress: Progress) -> SourceReport:
    try:
        found = find_input(paths, source, given)
        if found is None:
            return kept(paths, source, "never_loaded")
        if _staged_already(paths, source, found):
            staged.read_again(paths.staging(source.id), found.load.read_at)
            return kept(paths, source, "unchanged")
        task = (source, found.load, paths.staging(source.id), definition(source), progress(source.title, found.load.size))
        restage(*task) or stage(*task)
    except SourceError as error:
        forget(paths.archive(source.id))
        report = kept(paths, source, "failed")
        report.error = str(error)
        return report
    return kept(paths, source, "loaded")


def kept(paths: Paths, source: Source, result: str) -> SourceReport:
    """What staging holds of the source now, whatever this run did."""
    path = paths.staging(source.id)
    if not path.exists():
        return SourceReport(source.id, "failed" if result == "failed" else "never_loaded")
    with staged.reading(path) as db:
        return SourceReport(source.id, result, staged.account(db))  # type: ignore[arg-type]


def definition(source: Source) -> str:
    """A hash of the source file's meaning: staging made under another reading of the columns is made again."""
    return hashlib.sha256(repr(source).encode()).hexdigest()[:16]


def _staged_already(paths: Paths, source: Source, found: Input) -> bool:
    account = kept(paths, source, "unchanged").account
    return (account.get("sha256"), account.get("definition")) == (found.load.sha256, definition(source))
