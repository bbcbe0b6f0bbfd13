"""Every load of every source, and every failure: what was read, when, from where, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import ledger, staged
from .build import Writer
from .catalog import Catalog
from .history import StagedLoad
from .issues import Issue
from .ledger import Entry, Failure, Read
from .paths import Paths
from .report import Report

Row = dict[str, Any]


def add_loads(writer: Writer, paths: Paths, catalog: Catalog, report: Report) -> None:
    """Write the loads of all sources, oldest first, and warn of bytes that came twice where they should not."""
    told = {slug: ledger.entries(paths.ledger(slug), paths.archive(slug)) for slug in catalog.sources}
    for slug, entries in told.items():
        writer.add("loads", load_rows(slug, entries, _staged(paths, slug)))
    report.issues.extend(same_bytes(told))


def _staged(paths: Paths, slug: str) -> list[StagedLoad]:
    path = paths.staging(slug)
    if not path.exists():
        return []
    with staged.reading(path) as db:
        return staged.loads(db) if "load" in staged.account(db) else []


def load_rows(slug: str, entries: list[Entry], loads: list[StagedLoad]) -> Iterator[Row]:
    """The rows of `loads` of one source. A load that was never staged failed; why stands in the failure noted of its bytes."""
    reads, failures = ledger.reads(entries), list(ledger.failures(entries))
    whys = {one.sha256: one.error for one in failures}
    staged_by_id = {one.id: one for one in loads}
    rows = [_read_row(slug, one, staged_by_id.get(one.id), whys) for one in reads]
    rows += [_failure_row(slug, number, one) for number, one in enumerate((one for one in failures if not one.sha256), 1)]
    yield from sorted(rows, key=lambda row: row["first_at"])


def _read_row(slug: str, read: Read, one: StagedLoad | None, whys: Mapping[str, str]) -> Row:
    error = one.error if one else whys.get(read.sha256, "")
    loaded = bool(one) and not error
    return {
        "id": f"{slug}_{read.id}", "source": slug, "origin": read.origin, "url": read.url or None, "first_at": read.read_at,
        "last_at": read.last_read_at, "read_at": read.last_read_at if loaded else None, "sha256": read.sha256, "bytes": read.size,
        "result": "loaded" if loaded else "failed", "error": error, "scope": (one and one.scope.split(":")[0]) or None,
        "compared_with": f"{slug}_{one.compared_with}" if one and one.compared_with else None,
        "rows_read": one and one.rows_read, "rows_staged": one and one.rows_staged, "rows_refused": one and one.rows_refused,
    }  # fmt: skip


def _failure_row(slug: str, number: int, failure: Failure) -> Row:
    """Nothing came at all, or a file that is not whole and was not kept."""
    nothing = ("read_at", "sha256", "bytes", "scope", "compared_with", "rows_read", "rows_staged", "rows_refused")
    return {
        "id": f"{slug}_failed-{number}", "source": slug, "origin": failure.origin or None, "url": failure.url or None,
        "first_at": failure.read_at, "last_at": failure.last_read_at, "result": "failed", "error": failure.error, **dict.fromkeys(nothing),
    }  # fmt: skip


def same_bytes(told: Mapping[str, list[Entry]]) -> Iterator[Issue]:
    """Bytes that came from two sources, under two names, or again after others: one of the two is probably not what it says."""
    owners: dict[str, str] = {}
    for slug, entries in told.items():
        refused = {one.sha256 for one in entries if one.error}
        came = [one for one in entries if one.sha256 and one.sha256 not in refused]
        for sha256, one in {one.sha256: one for one in reversed(came)}.items():
            other = owners.setdefault(sha256, slug)
            if other != slug:
                yield _issue(slug, one, f"{one.origin} has the very bytes of a load of {other}.")
        yield from dict.fromkeys(_came_before(slug, came))


def _came_before(slug: str, came: list[Entry]) -> Iterator[Issue]:
    first: dict[str, Entry] = {}
    for before, one in zip([*came[:1], *came], came, strict=False):
        known = first.setdefault(one.sha256, one)
        if known.origin != one.origin:
            yield _issue(slug, one, f"{one.origin} has the very bytes of {known.origin}, read before under that name.")
        elif known is not one and before.sha256 != one.sha256:
            yield _issue(slug, one, f"{one.origin} is again what it was when read on {known.at[:10]}, after other bytes in between.")


def _issue(slug: str, one: Entry, message: str) -> Issue:
    return Issue(
        slug, "warning", "same_bytes", one.origin, None, "", one.sha256, message,
        "Has the publisher put an old file under a new name, or does a source file name the wrong address? Look before relying on it.",
    )  # fmt: skip
