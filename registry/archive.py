"""Keep the untouched bytes of every load, compressed and named by their sha256, before anything is parsed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

import zstandard

from .beside import fresh_beside
from .errors import SourceError

CHUNK = 1 << 20


class Archived(NamedTuple):
    """One archived load: where its bytes lie, their sha256 (hex) and number, the name of the file they came as, when read (UTC)."""

    path: Path
    sha256: str
    size: int
    origin: str
    read_at: str


def keep(original: Path, folder: Path, origin: str) -> Archived:
    """Copy a file's bytes into the archive while hashing them; the same bytes are kept once, as last read. SourceError if unreadable."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = fresh_beside(folder / "unfinished")
    try:
        sha256, size = _copy(original, unfinished)
        return _settle(unfinished, folder, sha256, size, origin)
    except OSError as error:
        raise SourceError(f"{original}: cannot be read ({error.strerror}). Check the path and its permissions.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(original: Path, target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    compressor = zstandard.ZstdCompressor(level=1, threads=-1)
    with original.open("rb") as raw, target.open("wb") as file, compressor.stream_writer(file) as out:
        while chunk := raw.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            out.write(chunk)
    return digest.hexdigest(), size


def _settle(unfinished: Path, folder: Path, sha256: str, size: int, origin: str) -> Archived:
    last = newest(folder)
    if last and last.sha256 == sha256:
        return last
    moment = datetime.now(UTC)
    path = folder / f"{moment:%Y-%m-%dT%H%M%S.%fZ}_{size}_{sha256}_{Path(origin).name}.zst"
    unfinished.replace(path)
    for older in [load for load in every(folder) if load.sha256 == sha256 and load.path != path]:
        older.path.unlink()
    return Archived(path, sha256, size, Path(origin).name, f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def every(folder: Path) -> Iterator[Archived]:
    """The archived loads of one source, oldest first."""
    for path in sorted(folder.glob("*.zst")):
        moment, size, sha256, origin = path.name.removesuffix(".zst").split("_", 3)
        day, clock = moment.split("T")
        read_at = f"{day}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}Z"
        yield Archived(path, sha256, int(size), origin, read_at)


def newest(folder: Path) -> Archived | None:
    """The last archived load of one source, if any."""
    return max(every(folder), default=None, key=lambda load: load.path.name)


@contextmanager
def opened(load: Archived, encoding: str) -> Iterator[IO[str]]:
    """The text of an archived load, streamed, its line ends untouched so that the csv module sees them as sent.

    SourceError if the archived copy is damaged.
    """
    try:
        with zstandard.open(load.path, "rt", encoding=encoding, newline="") as text:
            yield text
    except zstandard.ZstdError as error:
        raise SourceError(f"{load.path}: this archived copy is damaged ({error}). Remove it and load the file again with --from.") from error
