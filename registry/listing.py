"""`registry sources`: what each source is, what is staged of it, and when it was last probed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .paths import Paths
from .shards import shards, sources_of
from .source import Source, load_sources
from .staging import kept


def source_list(paths: Paths) -> list[dict[str, Any]]:
    """One dictionary per source, ready for JSON."""
    return [_told(paths, source) for source in load_sources(paths.data).values()]


def _told(paths: Paths, source: Source) -> dict[str, Any]:
    account = kept(paths, source, "unchanged").account
    return {
        "id": source.id, "title": source.title, "jurisdiction": source.jurisdiction, "kind": source.kind, "url": source.url,
        "licence": source.licence, "last_probed": source.last_probed, "loaded_from": account.get("origin"),
        "loaded_at": account.get("read_at"), "rows_staged": int(account["rows_staged"]) if account else None,
    }  # fmt: skip


def shard_lines(paths: Paths, most: int, shard: str | None) -> str:
    """The names of the shards as JSON in one line, or the ids of one shard's sources, a line each."""
    divided = shards(load_sources(paths.data).values(), most)
    return json.dumps(list(divided)) if shard is None else "\n".join(sources_of(divided, shard))


def source_table(listed: list[dict[str, Any]]) -> str:
    """The list for a person."""
    return "\n".join(_line(one) for one in listed)


def _line(one: dict[str, Any]) -> str:
    loaded = f"{one['rows_staged']:,} rows from {Path(one['loaded_from']).name}, {one['loaded_at']}" if one["loaded_at"] else "never loaded"
    place = one["jurisdiction"] or "no one place"
    return f"{one['id']}: {one['title']} ({one['kind']}, {place})\n  {one['url']}\n  probed live: {one['last_probed']}; {loaded}"
