"""What was searched, through when and for which words: the difference between "none" and "not searched". Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from . import pages
from .access import UNCOUNTED
from .report import SourceReport
from .scope import scope_of
from .sentences import say
from .snapshot import Snapshot
from .source import Source

Row = dict[str, Any]


def words_hash(searched_for: Mapping[str, str]) -> str:
    """One short hash for all the words a search used (slug -> hash of its words)."""
    return hashlib.sha256(json.dumps(sorted(searched_for.items())).encode()).hexdigest()[:16]


def not_searched_for(then: Mapping[str, str] | None, now: Mapping[str, str], generalists: Iterable[str] = ()) -> list[str]:
    """Slugs for which silence proves nothing.

    Their words are not among those searched for `then`, when only matching rows were taken (None: all rows were), or have
    changed since; or they are suppliers of many other things (`generalists`), which are kept only where the words name a
    surveillance technology.
    """
    changed = {slug for slug, words in now.items() if then is not None and then.get(slug) != words}
    return sorted(changed | set(generalists))


def searched(
    source: Source,
    account: Mapping[str, str],
    snapshot: Snapshot | None,
    through: str | None,
    report: SourceReport,
    now: Mapping[str, str],
    generalists: Iterable[str] = (),
) -> Row:
    """The coverage row of a source that was loaded; `through` is the newest day it shows, `now` the words it is searched by today."""
    then = snapshot.searched_for if snapshot else asked_for(account)
    known = scope_of(source, account["origin"], int(account["rows_staged"]), asked_for(account), "")
    # An extract whose description is gone can no longer say what it was searched for.
    scope = "matched_only" if then is not None else "part" if known == "matched_only" else known
    return {
        **_row(source, "searched", _why(scope, source, account, snapshot)),
        "scope": scope,
        "searched_from": source.covers_from.isoformat(),
        "searched_through": snapshot.searched_through.isoformat() if snapshot else through,
        "searched_for_hash": words_hash(now if then is None else then),
        "not_searched_for": json.dumps(not_searched_for(then, now, generalists)),
        "rows_read": int(account["rows_read"]),
        "rows_staged": int(account["rows_staged"]),
        "rows_refused": int(account["rows_refused"]),
        **_matched(source, report, snapshot),
    }


def _matched(source: Source, report: SourceReport, snapshot: Snapshot | None) -> Row:
    """How many contracts there are and match, or how many rows of another kind match."""
    if source.kind != "contracts":
        return {"contracts_seen": None, "contracts_matched": None, "rows_matched": report.rows_matched or 0}
    seen = snapshot.contracts_in_whole_file if snapshot else report.contracts_seen
    return {"contracts_seen": seen, "contracts_matched": report.contracts_matched, "rows_matched": None}


class Searched(NamedTuple):
    """One source of a council's matters: the ISO days since and through which it was searched, and the slugs it was not searched for."""

    since: str
    through: str
    not_searched_for: frozenset[str]


class Council(NamedTuple):
    """What was searched of the deciding body of one place; nothing, where no source of its matters was read as a whole."""

    sources: tuple[Searched, ...]

    def silence(self, since: str, through: str, slugs: Iterable[str]) -> Literal["not_found", "not_searched"]:
        """What it means that no matter on any of these slugs was found between two ISO days: none there, or nobody looked.

        One source must cover the whole time and have been searched for all of them: two that meet may have a gap.
        """
        wanted = frozenset(slugs)
        whole = [one for one in self.sources if one.since <= since and through <= one.through and not wanted & one.not_searched_for]
        return "not_found" if whole else "not_searched"


def council_searched(rows: Iterable[Mapping[str, Any]], matters: Container[str], jurisdiction: str) -> Council:
    """What rows of `coverage` say of one place's council; `matters` are the ids of the sources of council matters.

    A source that failed, was never loaded, of which only a part is there, or that shows no day, has searched nothing.
    """
    here = [row for row in rows if row["source"] in matters and row["jurisdiction"] == jurisdiction]
    read = [row for row in here if row["state"] == "searched" and row["scope"] != "part" and row["searched_through"]]
    return Council(tuple(
        Searched(row["searched_from"], row["searched_through"], frozenset(json.loads(row["not_searched_for"]))) for row in read
    ))  # fmt: skip


def asked_for(account: Mapping[str, str]) -> dict[str, str] | None:
    """What the portal was asked for (slug -> hash of its words) where it was not read whole, else None."""
    told: dict[str, str] | None = json.loads(account.get("searched_for", "null"))
    return told


def not_loaded(source: Source, state: str, why: str) -> Row:
    """The coverage row of a source that was never loaded, or whose load failed: not searched, never "none"."""
    nothing = (
        "scope",
        "searched_from",
        "searched_through",
        "searched_for_hash",
        "rows_read",
        "rows_staged",
        "rows_refused",
        "contracts_seen",
        "contracts_matched",
        "rows_matched",
    )
    return {**_row(source, state, why), **dict.fromkeys(nothing), "not_searched_for": "[]"}


def _row(source: Source, state: str, why: str) -> Row:
    return {
        "id": f"{source.id}_{source.jurisdiction or 'anywhere'}",
        "source": source.id,
        "jurisdiction": source.jurisdiction or None,
        "state": state,
        "why": why,
    }


def _why(scope: str, source: Source, account: Mapping[str, str], snapshot: Snapshot | None) -> str:
    rows, read, origin = int(account["rows_staged"]), int(account["rows_read"]), account["origin"]
    if snapshot:
        return say(
            f"Bundled extract of {snapshot.rows:,} rows: every contract of a file of {snapshot.rows_in_whole_file:,} rows "
            f"({snapshot.origin}) that matched the words searched for when it was taken."
        )
    if scope == "matched_only":
        return say(
            f"The portal was asked only for rows with the names of suppliers or products that we know ({read:,} "
            "rows came, as many as it counted): whatever carries none of these names was not looked at."
        )
    if scope == "part":
        return say(
            f"{rows:,} rows of {origin} were loaded, which are not known to be a whole file "
            f"(at least {source.expect.rows_at_least:,} rows): what it does not show proves nothing."
        )
    if source.portal in UNCOUNTED:
        return say(f"Every row of the portal's data set was read ({read:,}), until none followed; it gives no count.")
    if origin == pages.name_of(source.id):
        return say(f"Every row of the portal's data set was read ({read:,}), and its own count agreed before and after.")
    return say(f"The whole file {origin} was read.")
