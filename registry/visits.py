"""What each address of a source answered last, so that a portal need not send again what has not changed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from .beside import fresh_beside


class Visit(NamedTuple):
    """One reply: the sha256 and size of its bytes, when it was read (UTC), and what proves it unchanged."""

    sha256: str
    size: int
    read_at: str
    etag: str
    last_modified: str

    def conditions(self) -> dict[str, str]:
        """The headers that ask for the body only where it has changed."""
        both = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in both.items() if value}


class Visits:
    """The visits of earlier loads, and those of this one; only a load that succeeded saves its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "visits.json"
        self.before = _read(self.path)
        self.now: dict[str, Visit] = {}

    def known(self, url: str) -> Visit | None:
        """What this address answered last, where a portal can be asked whether that has changed."""
        visit = self.now.get(url) or self.before.get(url)
        return visit if visit and visit.conditions() else None

    def note(self, url: str, visit: Visit) -> None:
        """Remember a reply of this load."""
        self.now[url] = visit

    def save(self) -> None:
        """Keep this load's visits; what earlier ones asked for and this one did not is forgotten."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = fresh_beside(self.path)
        beside.write_bytes(msgspec.json.encode(self.now, order="sorted"))
        beside.replace(self.path)


def forget(folder: Path) -> None:
    """Let everything be asked for anew at the next load: what was brought in could not be used, so it must not count as known."""
    (folder / "visits.json").unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Visit]:
    # Only a shortcut is kept here: without it, or with one that a killed disk left half written, everything is asked again.
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Visit])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
