"""Divide the sources among jobs that run at once, so that no host is asked by two of them. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from .errors import RegistryError
from .source import Source


def shards(sources: Iterable[Source], most: int) -> dict[str, list[str]]:
    """Shard -> ids of its sources, of those that say how they are fetched; at most `most` shards (a number above 0).

    All sources of one host share a shard, since the pace of requests is kept by one process. A shard is a host while there
    are no more hosts than `most`, else a number that the host's name alone decides: what is added elsewhere never moves it.
    """
    if most < 1:
        raise RegistryError(f"--shards is {most}; there must be at least one.")
    by_host: dict[str, list[str]] = {}
    for source in sources:
        if source.access:
            by_host.setdefault(_host(source), []).append(source.id)
    return _named(by_host) if len(by_host) <= most else _numbered(by_host, most)


def sources_of(divided: Mapping[str, list[str]], shard: str) -> list[str]:
    """The ids of one shard's sources; RegistryError where there is no such shard."""
    if shard not in divided:
        raise RegistryError(f"There is no shard `{shard}`. There are: {', '.join(sorted(divided)) or 'none'}.")
    return divided[shard]


def _host(source: Source) -> str:
    return urlsplit(source.access["base"]).netloc.lower()


def _named(by_host: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Shards named after their hosts, in letters that may stand in the name of a file."""
    return _joined((re.sub(r"[^a-z0-9.]+", "-", host), ids) for host, ids in by_host.items())


def _numbered(by_host: Mapping[str, list[str]], most: int) -> dict[str, list[str]]:
    return _joined((f"{int(hashlib.sha256(host.encode()).hexdigest(), 16) % most + 1}-of-{most}", ids) for host, ids in by_host.items())


def _joined(named: Iterable[tuple[str, list[str]]]) -> dict[str, list[str]]:
    joined: dict[str, list[str]] = {}
    for name, ids in named:
        joined[name] = sorted([*joined.get(name, []), *ids])
    return dict(sorted(joined.items()))
