"""`registry sources --probe`: ask each portal what it has and hold that against the source file; nothing is loaded or written."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import click

from .asking import EVERYTHING, Asking, asking
from .catalog import load_catalog
from .errors import RegistryError, SourceError
from .fetch import Web, open_web
from .paths import Paths
from .portals import PORTALS, fetcher_of
from .source import Source, chosen


class Probed(NamedTuple):
    """What a portal answered: as the source file says (ok), with new columns (changed), or not usably (failed, and why)."""

    source: str
    result: Literal["ok", "changed", "failed"]
    rows: int | None
    new_columns: list[str]
    told: str


def run_probe(paths: Paths, wanted: tuple[str, ...], as_json: bool) -> int:
    """Probe the wanted sources that say how they are fetched, and print; 1 where one is not as its file says."""
    catalog = load_catalog(paths.data)
    sources = list(_probed(catalog.sources, wanted))
    with open_web() as web:
        probed = []
        for source in sources:
            probed.append(probe(source, web, asking(source, catalog)))
            if not as_json:
                click.echo(_line(probed[-1]))
    if as_json:
        click.echo(json.dumps([one._asdict() for one in probed], indent=2, ensure_ascii=False))
    return int(any(one.result != "ok" for one in probed))


def probe(source: Source, web: Web, asked: Asking = EVERYTHING) -> Probed:
    """Columns, number of rows and one row of one portal; what came is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = PORTALS[source.portal].survey(source, fetcher_of(source, web, Path(folder), asked))
        except SourceError as error:
            return Probed(source.id, "failed", None, [], str(error))
    new = [name for name in found.columns if name not in source.known]
    rows = "rows not counted by the portal" if found.rows is None else f"{found.rows:,} rows"
    return Probed(source.id, "changed" if new else "ok", found.rows, new, f"{len(found.columns)} columns, {rows}")


def _probed(sources: Mapping[str, Source], wanted: tuple[str, ...]) -> Iterator[Source]:
    for slug in chosen(sources, wanted):
        if wanted and not sources[slug].access:
            raise RegistryError(f"{slug} does not say how it is fetched. Write access: in data/sources/{slug}.yml.")
    yield from (source for slug, source in sources.items() if source.access and (not wanted or slug in wanted))


def _line(one: Probed) -> str:
    new = f"; new: {', '.join(one.new_columns)}" if one.new_columns else ""
    return f"{one.source}: {one.result}; {one.told}{new}"
