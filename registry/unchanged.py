"""Tell in a moment whether a load would change nothing, before anything heavy is imported. Standard library only.

The registry is a function of three things: the engine, the knowledge in data/, and the bytes staged per source.
Their hash is kept in the registry; while it still fits and no newer bytes wait, there is nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from itertools import groupby
from pathlib import Path

from .paths import Paths


def state(paths: Paths) -> str:
    """The hash of engine, knowledge, staged bytes and what is remembered of readings, from which a registry is made."""
    parts = [fingerprint(Path(__file__).parent, "*.py"), fingerprint(paths.data, "*")]
    parts += [f"{slug}={account.get('sha256')}" for slug, account in _staged(paths)]
    parts += [f"{slug}={one}" for slug in _slugs(paths) for one in _readings(paths.ledger(slug))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def fingerprint(folder: Path, pattern: str) -> str:
    """The sha256 of a folder's files by name and content; what can be made again (build/, caches) is left out."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob(pattern)):
        parts = path.relative_to(folder).parts
        if path.is_file() and "build" not in parts[:-1] and "__pycache__" not in parts:
            status = path.stat()
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(_digest(path, status.st_mtime_ns, status.st_size))
    return digest.hexdigest()


def _readings(ledger: Path) -> Iterator[str]:
    """What was read and what failed, in order, whenever that was; the same twice in a row is told once."""
    lines = ledger.read_bytes().splitlines() if ledger.exists() else []
    told = ({**json.loads(line), "at": ""} for line in lines)
    yield from (json.dumps(one) for one, _ in groupby(told))


@cache
def _digest(path: Path, changed: int, size: int) -> bytes:
    """The hash of one file, taken once while it stays as it is (nanoseconds of its last change, bytes)."""
    return hashlib.sha256(path.read_bytes()).digest()


def exit_status_if_unchanged(paths: Paths, wanted: tuple[str, ...], given: Path | None) -> int | None:
    """The exit status of the load that made the registry, where loading again would change nothing; else None.

    None for a source that does not exist too: that is for the load to refuse.
    """
    if not paths.registry.exists() or not {*wanted} <= {*_slugs(paths)} or _waiting(paths, wanted, given):
        return None
    made_from, status = _kept(paths.registry)
    return status if made_from == state(paths) else None


def _waiting(paths: Paths, wanted: tuple[str, ...], given: Path | None) -> bool:
    """Whether bytes wait that are not staged: the given file's, or an archive newer than what is staged."""
    staged = dict(_staged(paths))
    if given is not None:
        return len(wanted) != 1 or not given.is_file() or not _same(given, staged.get(wanted[0], {}))
    return any(_newest(paths, slug) not in (None, staged.get(slug, {}).get("sha256")) for slug in wanted or _slugs(paths))


def _same(given: Path, account: dict[str, object]) -> bool:
    """Whether a file is what was staged, name and bytes; another size is enough to know that it is not."""
    if (given.name, str(given.stat().st_size)) != (account.get("origin"), str(account.get("bytes"))):
        return False
    return sha256_of(given) == account.get("sha256")


def sha256_of(path: Path) -> str:
    """The sha256 (hex) of one file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _slugs(paths: Paths) -> tuple[str, ...]:
    return tuple(path.stem for path in sorted((paths.data / "sources").glob("*.yml")))


def _newest(paths: Paths, slug: str) -> str | None:
    names = sorted(path.name for path in paths.archive(slug).glob("*.zst"))
    return names[-1].split("_", 3)[2] if names else None


def _staged(paths: Paths) -> Iterator[tuple[str, dict[str, object]]]:
    """(source, account of what is staged of it)."""
    for slug in _slugs(paths):
        path = paths.staging(slug)
        if path.exists():
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                yield slug, dict(db.execute("SELECT name, value FROM account"))


def _kept(registry: Path) -> tuple[str, int]:
    try:
        with closing(sqlite3.connect(f"file:{registry}?mode=ro", uri=True)) as db:
            kept = dict(db.execute("SELECT id, value FROM about_this_registry"))
    except sqlite3.DatabaseError:
        return "", 1
    return kept.get("made_from", ""), int(kept.get("exit_status", "1"))
