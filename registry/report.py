"""What a load did, source by source, in numbers that must add up; stored, printed, and turned into the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from .issues import Issue

Result = Literal["loaded", "unchanged", "failed", "never_loaded"]


@dataclass
class SourceReport:
    """The account of one source in this run; numbers are rows. `last_failure` stays until a refresh succeeds."""

    source: str
    result: Result
    account: dict[str, str] = field(default_factory=dict)
    error: str = ""
    last_failure: str = ""
    contracts_seen: int = 0
    contracts_matched: int = 0
    rows_matched: int | None = None  # of a source whose rows are no contracts


@dataclass
class Report:
    """Everything a run has to tell; `issues` of all sources, worst first when printed."""

    sources: dict[str, SourceReport] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def errors(self) -> list[Issue]:
        """What makes the exit status 1."""
        return [issue for issue in self.issues if issue.severity == "error"]

    @property
    def incomplete(self) -> bool:
        """Whether a source failed."""
        return any(one.result == "failed" for one in self.sources.values())

    @property
    def failed(self) -> bool:
        """Whether a source failed or an error was found."""
        return bool(self.errors) or self.incomplete

    def as_json(self) -> dict[str, Any]:
        """The account for a script."""
        sources = [{"source": one.source, "result": one.result, "error": one.error, **_account(one)} for one in self.sources.values()]
        return {"sources": sources, "tables": self.counts, "issues": _by_kind(self.issues), "exit_status": int(self.failed)}

    def lines(self, seconds: float) -> Iterator[str]:
        """The account for a person."""
        for one in self.sources.values():
            yield _line(one)
        yield "registry.db: " + ", ".join(f"{number:,} {name}" for name, number in self.counts.items())
        for kind, number in sorted(_by_kind(self.issues).items()):
            yield f"  {number:,} x {kind} (see the issues table)"
        yield f"Done in {seconds:.1f} s."


def _account(one: SourceReport) -> dict[str, Any]:
    counted = {name: _number(one.account, name) for name in ("rows_read", "rows_staged", "rows_refused")}
    matched = {"contracts": one.contracts_seen, "contracts_matched": one.contracts_matched, "rows_matched": one.rows_matched}
    return {**counted, **matched, "sha256": one.account.get("sha256")}


def _line(one: SourceReport) -> str:
    told = f"{one.source}: {one.result.replace('_', ' ')}"
    if one.error:
        told += f" ({one.error})"
    if one.account:
        read, kept, refused = (int(one.account[name]) for name in ("rows_read", "rows_staged", "rows_refused"))
        told += f"; {read:,} rows read = {kept:,} staged + {refused:,} refused"
        contracts = f"{one.contracts_seen:,} contracts, {one.contracts_matched:,} matched"
        told += f"; {contracts}" if one.rows_matched is None else f"; {one.rows_matched:,} rows matched"
    return told


def _by_kind(issues: list[Issue]) -> dict[str, int]:
    return dict(Counter(f"{issue.severity} {issue.kind}" for issue in issues))


def issue_rows(report: Report) -> Iterator[dict[str, Any]]:
    """One row of `issues` per problem, in a stable order."""
    for number, issue in enumerate(sorted(report.issues, key=lambda one: (one.source, one.severity, one.kind, one.row or 0, one.field)), 1):
        yield {"id": f"i{number}", **issue._asdict()}


def _number(account: dict[str, str], name: str) -> int | None:
    return int(account[name]) if name in account else None
