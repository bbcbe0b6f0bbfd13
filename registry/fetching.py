"""`registry load --fetch-only`: bring the bytes of sources into the archive, for a build that follows elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal, NamedTuple

import click

from .asking import asking
from .catalog import Catalog, load_catalog
from .fetch import Web, open_web
from .locking import alone
from .paths import Paths
from .source import Source, chosen
from .staging import bring_in


class Fetched(NamedTuple):
    """What came of one source: its newest bytes are in the archive, or why not (then what was there before stays)."""

    source: str
    result: Literal["fetched", "failed", "gives_no_address"]
    error: str


def run_fetch(paths: Paths, wanted: tuple[str, ...], as_json: bool, quiet: bool) -> int:
    """Fetch the wanted sources, one after another, and print; 1 where one failed. RegistryError for one that does not exist."""
    catalog = load_catalog(paths.data)
    sources = [catalog.sources[slug] for slug in chosen(catalog.sources, wanted)]
    with alone(paths), open_web() as web:
        done = []
        for one in _fetch(paths, catalog, sources, web):
            done.append(one)
            if one.error:
                click.echo(f"error: {one.source}: {one.error}", err=True)
            elif not (quiet or as_json):
                click.echo(f"{one.source}: {one.result.replace('_', ' ')}")
    if as_json:
        click.echo(json.dumps([one._asdict() for one in done], indent=2, ensure_ascii=False))
    return int(any(one.result == "failed" for one in done))


def _fetch(paths: Paths, catalog: Catalog, sources: list[Source], web: Web) -> Iterator[Fetched]:
    for source in sources:
        failure = bring_in(paths, source, web, asking(source, catalog))
        yield Fetched(source.id, "failed" if failure else "fetched" if source.access else "gives_no_address", failure)
