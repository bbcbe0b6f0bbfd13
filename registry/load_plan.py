"""Which bytes each source is loaded from: a file given, else its newest archive, else the bundled snapshot."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from . import archive
from .archive import Archived
from .ending import unbroken
from .paths import Paths
from .snapshot import Snapshot, read_snapshot, snapshot_files
from .source import Source


class Input(NamedTuple):
    """The bytes to load a source from, archived; `snapshot` says what they are where they are only an extract."""

    load: Archived
    snapshot: Snapshot | None


def find_input(paths: Paths, source: Source, given: Path | None) -> Input | None:
    """The source's input, archived and hashed; None where there is neither file, archive nor snapshot.

    A snapshot that has changed since it was archived is read again, unless a later load of the whole file exists.
    """
    folder = paths.archive(source.id)
    snapshot = read_snapshot(paths.data, source.id)
    if given is not None:
        return _recognised(_given(given, folder, source), snapshot, paths, source)
    last = archive.newest(folder)
    bundled = snapshot_files(paths.data, source.id).rows
    if snapshot and (last is None or last.origin == bundled.name):
        last = archive.keep(bundled, folder, str(bundled))
    return _recognised(last, snapshot, paths, source) if last else None


def _given(given: Path, folder: Path, source: Source) -> Archived:
    """Archive a file that a person gives; how the load before ended is not held against it.

    What is wrong with it is published as coverage, so it goes by its name there: a path tells of the person's own machine.
    """
    through = partial(unbroken, source=source, name=given.name, ended_before=lambda: False)
    return archive.keep(given, folder, str(given), through if source.form == "delimited" else iter)


def _recognised(load: Archived, snapshot: Snapshot | None, paths: Paths, source: Source) -> Input:
    """An input whose bytes came from the bundled snapshot is an extract; anything else is taken as a whole file."""
    bundled = Path(load.origin).name == snapshot_files(paths.data, source.id).rows.name
    return Input(load, snapshot if bundled else None)
