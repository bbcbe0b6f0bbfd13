"""The whole flow on one screen: extract -> stage -> match -> normalise -> determine -> verify -> swap in."""

from __future__ import annotations

from collections.abc import Iterable

from .asking import asking
from .build import Writer, building
from .catalog import Catalog
from .holdings import CUT_AT_TERMINATION
from .judged import Context, add_records, context, with_chambers
from .loads import add_loads
from .locking import alone
from .match import build_matcher
from .paths import Paths
from .payments import LINK_TO_CONTRACTS
from .published import add_coverage, add_knowledge, close_report
from .remembered import matching
from .report import Report, SourceReport
from .reworded import reworded
from .singles import ADD, councils_apart
from .staged import reading
from .staging import From, Progress, kept, stage_source
from .verify import registry_problems


def load(paths: Paths, catalog: Catalog, wanted: Iterable[str], given: From, progress: Progress) -> Report:
    """Stage the wanted sources, then judge and build everything. `given` is a file for the one wanted source, or the web.

    One failing source never spoils another: it keeps what it staged before. RegistryError if another load is running.
    """
    with alone(paths):
        chosen = [catalog.sources[slug] for slug in wanted]
        staged = [stage_source(paths, source, given, asking(source, catalog), progress) for source in chosen]
        return _build(paths, catalog, staged)


def tag(paths: Paths, catalog: Catalog) -> Report:
    """Match and judge again what is staged already."""
    with alone(paths):
        return _build(paths, catalog, [])


def _build(paths: Paths, catalog: Catalog, staged: Iterable[SourceReport]) -> Report:
    report = Report({slug: kept(paths, source, "unchanged") for slug, source in catalog.sources.items()})
    report.sources.update({one.source: one for one in staged})
    known = context(catalog, build_matcher(catalog.technologies, catalog.suppliers))
    with building(paths.registry) as (db, writer):
        add_knowledge(writer, catalog)
        councils, others = councils_apart(catalog.sources)
        for slug in councils:
            _add_source(paths, writer, known, slug, report)
        writer.flush()
        known = with_chambers(known, db["matters"].rows, db["coverage"].rows)
        add_records(writer, known)
        for slug in others:
            _add_source(paths, writer, known, slug, report)
        add_loads(writer, paths, catalog, report)
        writer.flush()
        for change in (CUT_AT_TERMINATION, LINK_TO_CONTRACTS):
            db.execute(change)
        report.issues.extend(registry_problems(db))
        close_report(db, writer, paths, report)
    return report


def _add_source(paths: Paths, writer: Writer, known: Context, slug: str, report: Report) -> None:
    one, source = report.sources[slug], known.catalog.sources[slug]
    if not one.account:
        return add_coverage(writer, paths, known, source, one, None, report)
    with reading(paths.staging(slug)) as staging:
        names = matching(paths, source, staging, known.matcher)
        ADD[source.kind](writer, known, source, staging, names, one, report.issues)
        report.issues.extend(reworded(source, staging, known.matcher, names, one.account["origin"]))
        add_coverage(writer, paths, known, source, one, staging, report)
