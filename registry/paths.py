"""Where things are: data/ of the checkout, and the git-ignored build folder inside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .errors import RegistryError


@dataclass(frozen=True)
class Paths:
    """The folders of one registry; everything under `build` can be made again."""

    data: Path
    build: Path

    @property
    def registry(self) -> Path:
        """The database that is served and published."""
        return self.build / "registry.db"

    @property
    def root(self) -> Path:
        """The checkout: metadata.yml and plugins/ stand beside data/."""
        return self.data.parent

    def staging(self, source: str) -> Path:
        """What one portal data set said, row for row."""
        return self.build / "staging" / f"{source}.db"

    def matched(self, source: str) -> Path:
        """Which contracts of one data set matched, so that an unchanged one is not sought through again."""
        return self.build / "matched" / f"{source}.json"

    def archive(self, source: str) -> Path:
        """The untouched bytes of every load of one data set."""
        return self.build / "archive" / source

    def ledger(self, source: str) -> Path:
        """What was read of one data set, and when: it stands beside its archive and is kept as long."""
        return self.build / "archive" / f"{source}.jsonl"


def find_paths(data: str | None = None) -> Paths:
    """Paths for --data, else REGISTRY_DATA, else ./data; RegistryError says how to point at a checkout."""
    folder = Path(data or os.environ.get("REGISTRY_DATA") or "data").resolve()
    if not (folder / "sources").is_dir():
        raise RegistryError(
            f"{folder} is not a registry's data folder (it has no sources/ inside). "
            "Run from a checkout, or give --data PATH or set REGISTRY_DATA."
        )
    build = os.environ.get("REGISTRY_BUILD")
    return Paths(folder, Path(build).resolve() if build else folder / "build")
