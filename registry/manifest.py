"""The list of an offline edition's files with their SHA-256, and the check that a copy is the same to the byte."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from .artefact import files_of
from .errors import RegistryError
from .shape import Strict
from .unchanged import sha256_of

NAME = "manifest.json"


class Entry(Strict, frozen=True):
    """One file: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class Manifest(Strict, frozen=True):
    """Every file of an edition but the manifest itself, by path."""

    registry_sha256: str
    loaded: str
    files: dict[str, Entry]


def manifest_of(folder: Path, loaded: str) -> Manifest:
    """Hash every file below `folder`; `loaded` is the moment of the registry's newest load."""
    names = {path.relative_to(folder).as_posix(): path for path in files_of(folder)}
    files = {name: Entry(size=path.stat().st_size, sha256=sha256_of(path)) for name, path in names.items() if name != NAME}
    return Manifest(registry_sha256=files["registry.db"].sha256, loaded=loaded, files=files)


def write_manifest(folder: Path, loaded: str) -> None:
    """Write manifest.json, the last file of an edition."""
    text = json.dumps(msgspec.to_builtins(manifest_of(folder, loaded)), indent=1, ensure_ascii=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def _read(folder: Path) -> Manifest:
    path = folder / NAME
    if not path.is_file():
        raise RegistryError(f"{folder} has no {NAME}: it is not an offline edition, or the file that would prove it is missing.")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"{path} cannot be read ({error}). Fetch the copy again.") from error


def differences(folder: Path) -> list[str]:
    """What in a copy is not as its manifest says: changed, missing and extra files; empty when all is the same."""
    wanted = _read(folder).files
    found = {path.relative_to(folder).as_posix(): path for path in files_of(folder)}
    found.pop(NAME)
    missing = [f"missing: {name}" for name in sorted(set(wanted) - set(found))]
    extra = [f"extra: {name}" for name in sorted(set(found) - set(wanted))]
    both = sorted(set(wanted) & set(found))
    changed = [f"changed: {name}" for name in both if _changed(found[name], wanted[name])]
    return missing + extra + changed


def _changed(path: Path, entry: Entry) -> bool:
    return path.is_symlink() or path.stat().st_size != entry.size or sha256_of(path) != entry.sha256


def verdict(folder: Path) -> tuple[list[str], str]:
    """The differences of a copy, and one line in words with what to compare with the publisher's own line."""
    found, manifest = differences(folder), _read(folder)
    words = f"{len(manifest.files):,} files, loaded {manifest.loaded}; {NAME} has sha256 {sha256_of(folder / NAME)}"
    return found, f"{words}: {f'{len(found)} differ. Fetch the copy again.' if found else 'all are as they were published.'}"
