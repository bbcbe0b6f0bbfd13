"""Look at the finished registry before anyone else does: bounds, sums, orphans. What is wrong becomes an issue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlite_utils

from .issues import Issue
from .schema import TABLES
from .source import Source


def source_problems(
    source: Source, account: Mapping[str, str], whole: bool, contracts: int, shares: Mapping[str, float]
) -> Iterator[Issue]:
    """Where a loaded source is outside the bounds a person set for it, or its rows do not add up."""
    read, staged, refused = (int(account[name]) for name in ("rows_read", "rows_staged", "rows_refused"))
    if read != staged + refused:
        yield _issue(
            source,
            account,
            "error",
            "rows_do_not_add_up",
            f"{read:,} rows read, but {staged:,} staged and {refused:,} refused.",
            "This is a fault of the engine; please report it.",
        )
    fewest = source.expect.contracts_at_least if source.kind == "contracts" else 0
    if whole and (staged < source.expect.rows_at_least or contracts < fewest):
        yield _issue(
            source,
            account,
            "warning",
            "fewer_rows_than_a_whole_file",
            f"{staged:,} rows and {contracts:,} contracts, fewer than the {source.expect.rows_at_least:,} and "
            f"{fewest:,} of a whole file; coverage says that only a part was searched.",
            f"If the portal now publishes less, change expect: in data/sources/{source.id}.yml.",
        )
    for name, share in shares.items():
        wanted = source.expect.filled_at_least[name]  # type: ignore[index]
        if whole and staged >= source.expect.rows_at_least and share < wanted:
            yield _issue(
                source,
                account,
                "error",
                "column_mostly_blank",
                f"{name} is filled in {share:.0%} of rows; expected at least {wanted:.0%}.",
                "Has the portal moved the column? Look at the file.",
            )


def registry_problems(db: sqlite_utils.Database) -> Iterator[Issue]:
    """Rows that point nowhere: every claim must lead back to its proof."""
    for name, table in TABLES.items():
        for column, other in table.links.items():
            missing = f"[{column}] NOT IN (SELECT id FROM [{other}])"
            query = f"SELECT count(*) AS n FROM [{name}] WHERE [{column}] IS NOT NULL AND [{column}] <> '' AND {missing}"
            orphans = next(iter(db.query(query)))["n"]
            if orphans:
                yield Issue(
                    "",
                    "error",
                    "orphans",
                    "registry.db",
                    None,
                    f"{name}.{column}",
                    "",
                    f"{orphans:,} rows of {name} name a {column} that is not in {other}.",
                    "This is a fault of the engine or of data/; please report it.",
                )
    yield from _undetermined(db)


def _undetermined(db: sqlite_utils.Database) -> Iterator[Issue]:
    query = (
        "SELECT count(*) AS n FROM contracts WHERE id NOT IN (SELECT contract FROM determinations WHERE decides AND contract IS NOT NULL)"
    )
    missing = next(iter(db.query(query)))["n"]
    if missing:
        yield Issue(
            "",
            "error",
            "undetermined",
            "registry.db",
            None,
            "contracts",
            "",
            f"{missing:,} contracts have no determination.",
            "This is a fault of the engine; please report it.",
        )


def _issue(source: Source, account: Mapping[str, str], severity: str, kind: str, message: str, remedy: str) -> Issue:
    return Issue(source.id, severity, kind, account.get("origin", ""), None, "", "", message, remedy)  # type: ignore[arg-type]
