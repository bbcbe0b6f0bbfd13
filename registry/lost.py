"""Has a new registry lost what an older one had? `python -m registry.lost OLD.db NEW.db` names each source that did."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from .publishable import open_read_only

SHARE_KEPT = 0.9  # of the contracts seen before: publishers tidy up, but never so much at once


def lost(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[str]:
    """What each source that was searched lost: `before` and `after` are its contracts seen, by source. Pure."""
    for source, had in before.items():
        if source not in after:
            yield f"{source} was searched before and is not now. Load it again, or remove its file if it is meant to go."
        elif after[source] < had * SHARE_KEPT:
            yield f"{source} showed {had:,} contracts before and shows {after[source]:,} now. Look at its portal; load it again."


def searched(path: Path) -> dict[str, int]:
    """The contracts seen of every source that a registry searched; empty where there is no registry yet."""
    if not path.exists():
        return {}
    with closing(open_read_only(path)) as db:
        query = "SELECT source, sum(contracts_seen) FROM coverage WHERE state = 'searched' GROUP BY source"
        return {source: seen or 0 for source, seen in db.execute(query)}


def main() -> None:
    """Print what was lost and exit with 1 where anything was."""
    found = list(lost(searched(Path(sys.argv[1])), searched(Path(sys.argv[2]))))
    print("\n".join(found) or "Nothing was lost.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
