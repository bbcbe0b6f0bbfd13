"""The parts of registry.db that are not contracts: the knowledge, what was searched, and the account of the load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlite_utils

from . import __version__, coverage, knowledge, law_rows, staged
from .build import Writer
from .catalog import Catalog
from .corrections import correction_rows
from .judged import Context
from .paths import Paths
from .records_laws import records_law_rows
from .report import Report, SourceReport, issue_rows
from .reviews import review_rows
from .sentences import say
from .sharing import flow_rows
from .snapshot import Snapshot, read_snapshot, snapshot_files
from .source import Source
from .unchanged import state
from .verify import source_problems
from .vocabulary import vocabulary_hashes

# The tables whose sizes a load tells.
COUNTED = ("contracts", "amendments", "transactions", "matters", "documents", "records", "matches", "determinations", "issues")


def add_knowledge(writer: Writer, catalog: Catalog) -> None:
    """Write what the engine knows, so that the site documents its own rules."""
    writer.add("jurisdictions", law_rows.jurisdiction_rows(catalog.book))
    writer.add("agencies", law_rows.agency_rows(catalog.book))
    writer.add("laws", law_rows.law_rows(catalog.book))
    writer.add("provisions", law_rows.provision_rows(catalog.book))
    writer.add("rules", law_rows.rule_rows(catalog.book))
    writer.add("technologies", knowledge.technology_rows(catalog.technologies))
    writer.add("suppliers", knowledge.supplier_rows(catalog.suppliers))
    writer.add("products", knowledge.product_rows(catalog.suppliers))
    writer.add("names", knowledge.name_rows(catalog))
    writer.add("sources", knowledge.source_rows(catalog.sources))
    writer.add("records_laws", records_law_rows(catalog.records_laws))
    writer.add("corrections", correction_rows(catalog.corrections))
    writer.add("flows", flow_rows(catalog.flows))
    writer.add("reviews", review_rows(catalog.reviews))


def add_coverage(
    writer: Writer, paths: Paths, known: Context, source: Source, one: SourceReport, db: staged.Connection | None, report: Report
) -> None:
    """Write what was searched of one source, or why it was not, and check it against its expected bounds."""
    failure = one.error or one.last_failure
    if db is None:
        why = failure or say("Never loaded: no file, archive or bundled extract.")
        writer.add("coverage", [coverage.not_loaded(source, "failed" if failure else "never", why)])
        return
    snapshot = _snapshot(paths, source, one)
    whole = snapshot is None and coverage.asked_for(one.account) is None
    shares = staged.filled(db, source)
    report.issues.extend(staged.issues(db))
    report.issues.extend(source_problems(source, one.account, whole, one.contracts_seen, shares))
    through = staged.newest_day(db, source, one.account["read_at"])
    words = vocabulary_hashes(known.catalog.technologies, known.catalog.suppliers)
    generalists = [slug for slug, supplier in known.catalog.suppliers.items() if supplier.specialist == "no"]
    row = coverage.searched(source, one.account, snapshot, through, one, words, generalists)
    why, error = row["why"], failure
    writer.add("coverage", [{**row, "why": say(f"{why} The newest refresh failed: {error}") if error else why}])


def _snapshot(paths: Paths, source: Source, one: SourceReport) -> Snapshot | None:
    bundled = one.account["origin"] == snapshot_files(paths.data, source.id).rows.name
    return read_snapshot(paths.data, source.id) if bundled else None


def close_report(db: sqlite_utils.Database, writer: Writer, paths: Paths, report: Report) -> None:
    """Write the issues, count the tables, and note what this registry was made from."""
    writer.add("issues", issue_rows(report))
    writer.flush()
    report.counts = {name: db[name].count for name in COUNTED}
    writer.add("about_this_registry", _about(paths, report))


def _about(paths: Paths, report: Report) -> Iterator[dict[str, Any]]:
    # A failed refresh may succeed when tried again, so a registry that tells of one never counts as up to date.
    loaded = [one.account["read_at"] for one in report.sources.values() if one.account]
    facts = {
        "made_from": "" if report.incomplete else state(paths),
        "engine": __version__,
        "exit_status": str(int(report.failed)),
        "last_load": max(loaded, default="never"),
    }
    for name, value in facts.items():
        yield {"id": name, "value": value}
