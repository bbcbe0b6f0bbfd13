"""Bring one source's staging up to date, or say why it could not be; the last good staging always stays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from . import staged
from .errors import SourceError
from .load_plan import Input, find_input
from .paths import Paths
from .report import SourceReport
from .source import Source
from .stage import stage

Progress = Callable[[str, int], Callable[[int], object]]


def stage_source(paths: Paths, source: Source, given: Path | None, progress: Progress) -> SourceReport:
    """Archive, hash and stage the source's newest bytes unless they are staged already; never raises SourceError."""
    try:
        found = find_input(paths, source, given)
        if found is None:
            return kept(paths, source, "never_loaded")
        if _staged_already(paths, source, found):
            return kept(paths, source, "unchanged")
        stage(source, found.load, paths.staging(source.id), definition(source), progress(source.title, found.load.size))
    except SourceError as error:
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
