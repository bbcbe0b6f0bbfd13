"""Keep the untouched bytes of every load, compressed and named by their sha256, before anything is parsed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

import zstandard

from .beside import fresh_beside
from .errors import SourceError

CHUNK = 1 << 20
READ_AHEAD = 1 << 17
# How the moment of a reading (UTC) is written in names, so that they sort by time.
MOMENT = "%Y-%m-%dT%H%M%S.%fZ"


class Archived(NamedTuple):
    """One archived load: where its bytes lie, their sha256 (hex) and number, the name of the file they came as, when read (UTC)."""

    path: Path
    sha256: str
    size: int
    origin: str
    read_at: str


def keep(original: Path, folder: Path, origin: str, through: Callable[[Iterator[bytes]], Iterator[bytes]] = iter) -> Archived:
    """Copy a file's bytes, which go `through`, into the archive while hashing them; the same bytes are kept once, as last read.

    SourceError if the file is unreadable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with original.open("rb") as raw:
            return receive(through(iter(lambda: raw.read(CHUNK), b"")), folder, origin)
    except OSError as error:
        raise SourceError(f"{original.name}: cannot be read ({error.strerror}). Check the path and its permissions.") from error


def receive(chunks: Iterable[bytes], folder: Path, origin: str, look: Callable[[Path], None] = lambda path: None) -> Archived:
    """Write bytes into the archive as they come, and let `look` see them there before they are the newest load.

    What `chunks` or `look` raises passes through and leaves nothing behind.
    """
    with _unfinished(folder) as unfinished:
        sha256, size = _copy(chunks, unfinished)
        look(unfinished)
        return _settle(unfinished, folder, sha256, size, origin)


def receive_page(chunks: Iterable[bytes], folder: Path) -> tuple[str, int]:
    """Write one page of a load into pages/, named by its content only; returns its sha256 (hex) and size (bytes)."""
    with _unfinished(folder / "pages") as unfinished:
        sha256, size = _copy(chunks, unfinished)
        unfinished.replace(page_path(folder, sha256))
        return sha256, size


def page_path(folder: Path, sha256: str) -> Path:
    """Where the page with this hash lies."""
    return folder / "pages" / f"{sha256}.zst"


def read_page(folder: Path, sha256: str) -> bytes:
    """The bytes of one page, checked against its hash; SourceError where the page is missing or no longer what it was."""
    path = page_path(folder, sha256)
    try:
        with zstandard.open(path, "rb") as file:
            raw = file.read()
    except (OSError, zstandard.ZstdError) as error:
        raise SourceError(f"{path}: the archive cannot be read ({error}). Load the source from its portal again.") from error
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise SourceError(f"{path}: the bytes are not those that were archived. Load the source from its portal again.")
    return bytes(raw)


def receive_manifest(manifest: bytes, folder: Path, origin: str, size: int) -> Archived:
    """Archive the list of a load's pages as the load itself: its sha256 stands for all of them, `size` is their bytes."""
    with _unfinished(folder) as unfinished:
        sha256, _ = _copy([manifest], unfinished)
        return _settle(unfinished, folder, sha256, size, origin)


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    path = fresh_beside(folder / "unfinished")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _copy(chunks: Iterable[bytes], target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    compressor = zstandard.ZstdCompressor(level=1, threads=-1)
    with target.open("wb") as file, compressor.stream_writer(file) as out:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            out.write(chunk)
    return digest.hexdigest(), size


def _settle(unfinished: Path, folder: Path, sha256: str, size: int, origin: str) -> Archived:
    last = newest(folder)
    if last and last.sha256 == sha256:
        return last
    moment = datetime.now(UTC)
    path = folder / f"{moment:{MOMENT}}_{size}_{sha256}_{Path(origin).name}.zst"
    unfinished.replace(path)
    for older in [load for load in every(folder) if load.sha256 == sha256 and load.path != path]:
        older.path.unlink()
    return Archived(path, sha256, size, Path(origin).name, f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def read_now(folder: Path) -> None:
    """Note that the newest load was just read again and was the same: what it says is true of now."""
    last = newest(folder)
    if last:
        last.path.rename(last.path.with_name(f"{datetime.now(UTC):{MOMENT}}_{last.path.name.split('_', 1)[1]}"))


def every(folder: Path) -> Iterator[Archived]:
    """The archived loads of one source, oldest first."""
    for path in sorted(folder.glob("*.zst")):
        moment, size, sha256, origin = path.name.removesuffix(".zst").split("_", 3)
        yield Archived(path, sha256, int(size), origin, told(moment))


def told(moment: str) -> str:
    """The moment in a load's name as ISO text (UTC)."""
    day, clock = moment.split("T")
    return f"{day}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}Z"


def newest(folder: Path) -> Archived | None:
    """The last archived load of one source, if any."""
    return max(every(folder), default=None, key=lambda load: load.path.name)


class Bytes(io.RawIOBase):
    """The bytes of an archived load as they pass by: how many, and whether a NUL was among them."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        self.passed = 0
        self.nul = False

    def readable(self) -> bool:
        """Always: it is only read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer and note what passes."""
        chunk = self.raw.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self.passed += len(chunk)
        self.nul = self.nul or b"\0" in chunk
        return len(chunk)


def ends_with(load: Archived, ends: tuple[bytes, ...]) -> bool:
    """Whether the bytes of an archived load end with one of `ends`."""
    last = b""
    with zstandard.open(load.path, "rb") as file:
        while chunk := file.read(CHUNK):
            last = (last + chunk)[-max(map(len, ends)) :]
    return last.endswith(ends)


@contextmanager
def opened(load: Archived, encoding: str) -> Iterator[tuple[IO[str], Bytes]]:
    """The text of an archived load, streamed, its line ends untouched so that the csv module sees them as sent.

    The bytes behind it run ahead of the text by up to READ_AHEAD. SourceError if the archived copy is damaged.
    """
    try:
        with zstandard.open(load.path, "rb") as raw:
            passing = Bytes(raw)
            yield io.TextIOWrapper(io.BufferedReader(passing, READ_AHEAD), encoding=encoding, newline=""), passing
    except zstandard.ZstdError as error:
        raise SourceError(f"{load.path}: this archived copy is damaged ({error}). Remove it, load the file again with --from.") from error
