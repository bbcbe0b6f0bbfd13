"""The whole flow on one screen: extract -> stage -> normalise -> match -> determine -> verify -> build."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from .build import building
from .catalog import Catalog, fingerprint
from .errors import RegistryError
from .judged import add_contracts, add_records
from .knowledge_pages import add_knowledge
from .match import build_matcher
from .paths import Paths
from .report import Report, SourceReport, close_report
from .staging import stage_source
from .verify import verify

Progress = Callable[[str, int], Callable[[int], object]]


def load(
    paths: Paths, catalog: Catalog, wanted: Iterable[str], given: Path | None, progress: Progress,
    only_judge: bool = False,
) -> Report:
    """Stage the wanted sources, then judge and build everything; one failing source never spoils another.

    `given` is a file for the one wanted source. `only_judge` leaves staging as it is (`registry tag`).
    RegistryError if another load is running.
    """
    with _alone(paths):
        sources = [catalog.sources[slug] for slug in wanted]
        staged = {} if only_judge else {s.id: stage_source(paths, s, given, progress) for s in sources}
        return _build(paths, catalog, staged, progress)


def _build(paths: Paths, catalog: Catalog, staged: Mapping[str, SourceReport], progress: Progress) -> Report:
    report = Report(staged=dict(staged))
    matcher = build_matcher(catalog.technologies, catalog.suppliers)
    with building(paths.registry) as (db, writer):
        add_knowledge(writer, catalog)
        decisions = add_records(writer, catalog, matcher)
        for source in catalog.sources.values():
            add_contracts(writer, catalog, matcher, paths, source, decisions, report, progress)
        writer.flush()
        verify(db, catalog, report)
        close_report(writer, report, fingerprint(paths.data))
    return report


def _alone(paths: Paths) -> FileLock:
    """The lock that keeps two loads from writing at once; the system releases it when a load is killed."""
    paths.build.mkdir(parents=True, exist_ok=True)
    lock = FileLock(paths.build / "load.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RegistryError("Another load of this registry is running. Wait for it, or stop it.") from error
    return lock
