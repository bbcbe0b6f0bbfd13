"""One load at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from .errors import RegistryError
from .paths import Paths


@contextmanager
def alone(paths: Paths) -> Iterator[None]:
    """Keep two loads from writing at once; the system releases the lock when a load is killed. RegistryError if one runs."""
    paths.build.mkdir(parents=True, exist_ok=True)
    lock = FileLock(paths.build / "load.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RegistryError("Another load of this registry is running. Wait for it to end, or stop it.") from error
    try:
        yield
    finally:
        lock.release()
