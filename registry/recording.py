"""A few recorded rows of a portal beside each source file that has them: `registry check` reads them as a load would.

So a source is tried by the rows its contributor saw, with no test written and no network.
"""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from . import archive, pages
from .errors import DataError, SourceError
from .shape import Strict
from .source import Source
from .stage import stage


class Recording(Strict, frozen=True):
    """data/recordings/SLUG.json: the columns a portal named and its first rows, values as text, personal ones left out.

    `rows_at_portal` is None where the portal does not count its rows.
    """

    source: str
    url: str
    publisher: str
    licence: str
    recorded_on: datetime.date
    rows_at_portal: int | None
    columns: dict[str, pages.WireColumn]
    records: tuple[dict[str, str], ...]


def recording_path(data: Path, slug: str) -> Path:
    """Where the recording of a source stands."""
    return data / "recordings" / f"{slug}.json"


def recording_problems(data: Path, sources: Mapping[str, Source]) -> Iterator[str]:
    """What is wrong with the recordings, read through their source files: one line each, with the file."""
    for path in sorted((data / "recordings").glob("*.json")):
        recording = _read(path)
        if path.stem not in sources or recording.source != path.stem:
            yield f"{path}: there is no source `{recording.source}` of this file's name. Name both alike, or remove the recording."
            continue
        yield from (f"{path}: {words}" for words in _read_as_a_load(sources[path.stem], recording))


def _read(path: Path) -> Recording:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Recording)
    except msgspec.DecodeError as error:
        raise DataError(f"{path}: not a recording ({error}). Remove it, and make it again with `registry new source`.") from error


def _read_as_a_load(source: Source, recording: Recording) -> Iterator[str]:
    yield from _always_blank(source, recording)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            staged = stage(source, _archived(source, recording, folder), folder / "staging.db", "", lambda rows: None)
        except SourceError as error:
            yield str(error)
            return
    yield from (f"{issue.message} {issue.remedy}" for issue in staged.issues if issue.severity == "error")


def _archived(source: Source, recording: Recording, folder: Path) -> archive.Archived:
    """The recorded rows as the one page of a load."""
    sha256, size = archive.receive_page([msgspec.json.encode(recording.records)], folder)
    rows = len(recording.records)
    page = pages.Page(url=recording.url, sha256=sha256, bytes=size, rows=rows, last="")
    manifest = pages.Manifest(form="array", rows=rows, columns=recording.columns, pages=(page,))
    return pages.archive_manifest(source.id, folder, manifest)


def _always_blank(source: Source, recording: Recording) -> Iterator[str]:
    """A column that a contract cannot do without and that no recorded row fills is likely the wrong one."""
    for name in (one for one in source.grain_of.needed if one in source.fields):
        column = recording.columns.get(source.fields[name])
        if column and recording.records and not any(record.get(column.name, "").strip() for record in recording.records):
            yield f"no recorded row has a value in `{source.fields[name]}`, which is to be the {name}. Is it the right column?"
