"""Has a new registry lost what an older one had? `python -m registry.lost OLD.db NEW.db` names each source that did."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from .sql import open_read_only

SHARE_KEPT = 0.9  # of the rows there were before: publishers tidy up, but never so much at once


def lost(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[str]:
    """What each source that was searched lost: rows staged by source, 0 where it was not searched. Pure.

    A source that is not in `after` has no file any more: somebody meant it to go.
    """
    for source, had in before.items():
        now = after.get(source, had)
        if had and not now:
            yield f"{source} was searched before and is not now. Load it again, or remove its file if it is meant to go."
        elif now < had * SHARE_KEPT:
            yield f"{source} had {had:,} rows before and has {now:,} now. Look at its portal, and load it again."


def rows_searched(path: Path) -> dict[str, int]:
    """The rows staged of every source of a registry, 0 where it was not searched; empty where there is no registry yet."""
    if not path.exists():
        return {}
    with closing(open_read_only(path)) as db:
        query = "SELECT source, sum(CASE WHEN state = 'searched' THEN rows_staged END) FROM coverage GROUP BY source"
        return {source: staged or 0 for source, staged in db.execute(query)}


def main() -> None:
    """Print what was lost and exit with 1 where anything was."""
    found = list(lost(rows_searched(Path(sys.argv[1])), rows_searched(Path(sys.argv[2]))))
    print("\n".join(found) or "Nothing was lost.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
