"""Make the folder that is published: a compact registry.db, the site's files, and nothing of this machine.

The same registry gives the same bytes: no time, no path and no name of a person gets in.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from datasette.utils import parse_metadata

from .errors import RegistryError
from .layout import lay_out
from .serve import SETTINGS, site_files
from .sql import open_read_only, quoted
from .unchanged import sha256_of

DEPLOY = Path(__file__).parent / "deploy"
DATABASE = "registry.db"
MB = 1024 * 1024
# What `vercel build` (CLI 60.0.0, its Python builder 16.0.0) packs into a function before it starts to leave packages out.
VERCEL_FUNCTION_BYTES = 225 * MB
# The installed packages of requirements.txt and the builder's own runtime took 32 MB on 2026-11-22; rounded up.
VERCEL_PACKAGES_BYTES = 40 * MB
# Answers of a function that are not streamed: https://vercel.com/guides/how-to-bypass-vercel-body-size-limit-serverless-functions
VERCEL_RESPONSE_BYTES = int(4.5 * MB)
# A container has no such limit; above this a start from a cold disk takes longer than people wait.
DOCKER_BYTES = 4096 * MB
LIMITS = {"vercel": VERCEL_FUNCTION_BYTES - VERCEL_PACKAGES_BYTES, "docker": DOCKER_BYTES}


def site_settings(allow_sql: bool) -> dict[str, Any]:
    """The settings of `registry serve`, and whether readers may bring SQL of their own."""
    return {**SETTINGS, "default_allow_sql": allow_sql}


def compact(source: Path, target: Path) -> None:
    """A copy of `source` with full text merged, statistics fresh and no free pages; the source is only read."""
    target.unlink(missing_ok=True)
    with closing(open_read_only(source)) as db:
        db.execute("VACUUM INTO ?", (str(target),))
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        for name in [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING FTS%'")]:
            db.execute(f"INSERT INTO {quoted(name)} ({quoted(name)}) VALUES ('optimize')")
        db.executescript("PRAGMA journal_mode = DELETE; ANALYZE; VACUUM")


def inspected(path: Path) -> dict[str, Any]:
    """What Datasette would count and hash when it starts, counted now: it then starts at once."""
    with closing(open_read_only(path)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        counts = {name: {"count": db.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0]} for name in names}
    return {path.stem: {"hash": sha256_of(path), "size": path.stat().st_size, "file": path.name, "tables": counts}}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def copy_of_metadata(root: Path, text_of: dict[str, str] | None = None) -> Any:
    """metadata.yml as Datasette reads it, some passages replaced; parsed once here, not at every cold start."""
    words = site_files(root)["metadata"].read_text(encoding="utf-8")
    for old, new in (text_of or {}).items():
        words = words.replace(old, new)
    return parse_metadata(words)


def empty_folder(folder: Path) -> None:
    """Make sure that there is such a folder and nothing in it; RegistryError when there is something."""
    if folder.exists() and any(folder.iterdir()):
        raise RegistryError(f"{folder} is not empty. Give a new folder, or empty this one first; nothing in it was changed.")
    folder.mkdir(parents=True, exist_ok=True)


def write_site(
    registry_db: Path, root: Path, folder: Path, target: str, allow_sql: bool = True, text_of: dict[str, str] | None = None
) -> None:
    """Write the whole artefact for `target` (vercel or docker) into an empty folder; `text_of` replaces words of metadata.yml."""
    empty_folder(folder)
    settings = site_settings(allow_sql)
    with tempfile.TemporaryDirectory(prefix="registry-layout-") as made:
        inputs, laid_out = Path(made) / "inputs", Path(made) / "site"
        _gather(registry_db, root, inputs, text_of)
        lay_out(inputs, laid_out, settings)
        shutil.copytree(laid_out, folder, dirs_exist_ok=True)
    _write_json(folder / "inspect-data.json", inspected(folder / DATABASE))
    _write_json(folder / "settings.json", settings)
    # In place of what was laid out: opened with the counts taken beforehand, and with every package pinned.
    for name in ("index.py", "requirements.txt"):
        shutil.copyfile(DEPLOY / name, folder / name)
    for name, target_name in TARGET_FILES[target].items():
        shutil.copyfile(DEPLOY / name, folder / target_name)
    if target != "vercel":
        (folder / "vercel.json").unlink()


def _gather(registry_db: Path, root: Path, inputs: Path, text_of: dict[str, str] | None) -> None:
    """What is laid out: the compact copy, the words, the plugins, the templates and the static files, and nothing of this machine."""
    inputs.mkdir()
    compact(registry_db, inputs / DATABASE)
    _write_json(inputs / "metadata.json", copy_of_metadata(root, text_of))
    shutil.copyfile(DEPLOY / "vercel.json", inputs / "vercel.json")
    files = site_files(root)
    ours = ("__pycache__", "*.pyc", ".*")
    shutil.copytree(files["plugins"], inputs / "plugins", ignore=shutil.ignore_patterns(*ours, "templates", "static"))
    for name in ("templates", "static"):
        shutil.copytree(files[name], inputs / name, ignore=shutil.ignore_patterns(*ours))


# Name in the package -> name in the artefact; a name that begins with a dot would be left out of a package by some tools.
TARGET_FILES = {
    "vercel": {"python-version": ".python-version"},
    "docker": {"Dockerfile": "Dockerfile"},
}


def files_of(folder: Path) -> Iterator[Path]:
    """Every file below a folder in a fixed order, as it is on every machine."""
    yield from sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.relative_to(folder).as_posix())


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in files_of(folder))


def size_problem(size: int, target: str) -> str | None:
    """Why an artefact of so many bytes does not fit on the target, and what to do; None when it fits."""
    if size <= LIMITS[target]:
        return None
    return (
        f"The site takes {size / MB:,.0f} MB; {target} takes {LIMITS[target] / MB:,.0f} MB beside its packages. "
        "Publish it with `--target docker` on a machine of your own, or load fewer sources into the published registry."
    )
