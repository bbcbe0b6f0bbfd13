"""What `registry load`, `tag` and `snapshot` do around the pipeline: choose, show progress, print the account."""

from __future__ import annotations

import gc
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .errors import RegistryError
from .paths import Paths
from .unchanged import exit_status_if_unchanged


def run_load(paths: Paths, wanted: tuple[str, ...], given: Path | None, as_json: bool, quiet: bool, offline: bool) -> int:
    """Load and print; returns the exit status: 0, or 1 where a source failed or an error was stored."""
    if given is not None and len(wanted) != 1:
        raise RegistryError("--from takes exactly one SOURCE. `registry sources` lists them.")
    if not offline and given is None and _any_is_fetched(paths, wanted):
        return _load_from_portals(paths, wanted, as_json, quiet)
    status = exit_status_if_unchanged(paths, wanted, given)
    if status is not None:
        _say(quiet or as_json, "Nothing has changed: same bytes, same knowledge, same engine. The registry is left as it is.")
        if as_json:
            click.echo(json.dumps({"result": "unchanged", "exit_status": status}))
        return status
    from .pipeline import load
    from .source import chosen

    progress = _progress(quiet or as_json)
    return _run(paths, as_json, quiet, lambda catalog: load(paths, catalog, chosen(catalog.sources, wanted), given, progress))


def _any_is_fetched(paths: Paths, wanted: tuple[str, ...]) -> bool:
    from .source import load_sources

    return any(source.access for slug, source in load_sources(paths.data).items() if not wanted or slug in wanted)


def _load_from_portals(paths: Paths, wanted: tuple[str, ...], as_json: bool, quiet: bool) -> int:
    from .fetch import open_web
    from .pipeline import load
    from .source import chosen

    progress = _progress(quiet or as_json)
    logging.getLogger("registry").setLevel(logging.ERROR if quiet else logging.WARNING)
    with open_web() as web:
        return _run(paths, as_json, quiet, lambda catalog: load(paths, catalog, chosen(catalog.sources, wanted), web, progress))


def run_tag(paths: Paths, as_json: bool, quiet: bool) -> int:
    """Judge what is staged again and print; returns the exit status."""
    from .pipeline import tag

    return _run(paths, as_json, quiet, lambda catalog: tag(paths, catalog))


def run_snapshot(paths: Paths, slug: str) -> str:
    """Write the source's snapshot from its whole staged file; returns one line to print."""
    from .catalog import load_catalog
    from .match import build_matcher
    from .snapshot import snapshot_files, take_snapshot
    from .source import chosen
    from .staging import kept
    from .vocabulary import vocabulary_hashes

    catalog = load_catalog(paths.data)
    source = catalog.sources[chosen(catalog.sources, (slug,))[0]]
    if not paths.staging(slug).exists():
        raise RegistryError(f"{slug} is not staged. Run `registry load {slug} --from FILE` with the whole file first.")
    if kept(paths, source, "unchanged").account["origin"] == snapshot_files(paths.data, slug).rows.name:
        raise RegistryError(f"{slug} was staged from its own extract. Run `registry load {slug} --from FILE` with the whole file first.")
    matcher = build_matcher(catalog.technologies, catalog.suppliers)
    hashes = vocabulary_hashes(catalog.technologies, catalog.suppliers)
    taken = take_snapshot(paths.data, source, paths.staging(slug), matcher, hashes)
    return f"{snapshot_files(paths.data, slug).rows}: {taken.rows:,} of {taken.rows_in_whole_file:,} rows"


@contextmanager
def _no_hunt_for_cycles() -> Iterator[None]:
    """A load makes millions of short-lived rows and no cycles; looking for cycles among them takes a tenth of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _run(paths: Paths, as_json: bool, quiet: bool, run: Callable[[Any], Any]) -> int:
    started = time.perf_counter()
    with _no_hunt_for_cycles():
        from .catalog import load_catalog

        report = run(load_catalog(paths.data))
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2))
    for line in report.lines(time.perf_counter() - started):
        _say(quiet or as_json, line)
    for one in report.sources.values():
        if one.result == "failed":
            click.echo(f"error: {one.error}", err=True)
    for issue in report.errors[:20]:
        click.echo(f"error: {issue.source}: {issue.message} {issue.remedy}", err=True)
    return int(report.failed)


def _progress(quiet: bool) -> Callable[[str, int], Callable[[int], object]]:
    """A counter of rows on a terminal's stderr; nothing at all in a pipe."""
    if quiet or not sys.stderr.isatty():
        return lambda title, size: lambda rows: None

    def start(title: str, size: int) -> Callable[[int], object]:
        seen = 0

        def tick(rows: int) -> None:
            nonlocal seen
            seen += rows
            click.echo(f"\r{title}: {seen:,} rows", nl=False, err=True)

        return tick

    return start


def _say(silent: bool, line: str) -> None:
    if not silent:
        click.echo(line)
