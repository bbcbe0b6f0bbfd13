"""Lay the site out as `datasette publish vercel` does: the package datasette-publish-vercel writes the folder, we look at what it wrote.

Only its `--generate-dir` is used. Its own deployment would lay everything out anew in another folder (so what was tried page by page is
not what is deployed), install whatever Datasette is newest, add a second SQLite that knows none of our limits, and, given a `vercel.json`
of our own, no longer name the project. So the folder made here is tried, and that very folder goes to `vercel deploy`.
"""

from __future__ import annotations

import filecmp
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .errors import RegistryError

PACKAGE = "datasette-publish-vercel"
# What goes in, by the names it has in the folder of inputs, and what comes out; a version that does otherwise is refused.
INPUTS = {"registry.db", "metadata.json", "plugins", "templates", "static", "vercel.json"}
LAID_OUT = INPUTS | {"index.py", "requirements.txt"}
PROJECT = "registry"  # the package wants a name; nothing in the folder says it
SECONDS = 300
# The package looks for a `vercel` command although it runs none here; this one, found first, would refuse to deploy anything.
STAND_IN = "#!/bin/sh\necho 'Nothing may be deployed while the site is laid out.' >&2\nexit 1\n"


def command(folder: Path, settings: dict[str, Any]) -> list[str]:
    """The command line that lays the inputs in the working directory out into `folder`, which must not exist."""
    line = [sys.executable, "-m", "datasette", "publish", "vercel", "registry.db", "--project", PROJECT]
    line += ["--metadata", "metadata.json", "--plugins-dir", "plugins", "--template-dir", "templates", "--static", "static:static"]
    line += ["--vercel-json", "vercel.json", "--generate-dir", str(folder)]
    for name, value in settings.items():
        line += ["--setting", name, str(int(value))]
    return line


def lay_out(inputs: Path, folder: Path, settings: dict[str, Any]) -> None:
    """Have the package write `folder` from the files in `inputs`; RegistryError when it fails or writes anything else than it should."""
    tools = inputs.with_name(f"{inputs.name}-tools")
    tools.mkdir()
    (tools / "vercel").write_text(STAND_IN, encoding="utf-8")
    (tools / "vercel").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    line = command(folder.resolve(), settings)
    done = subprocess.run(line, cwd=inputs, env=environment, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RegistryError(f"`datasette publish vercel` did not write the site: {(done.stderr or done.stdout).strip()[-2000:]}")
    _refuse_another_layout(inputs, folder)


def _refuse_another_layout(inputs: Path, folder: Path) -> None:
    found = {path.name for path in folder.iterdir()}
    if found != LAID_OUT or any(not filecmp.cmp(inputs / name, folder / name, shallow=False) for name in ("registry.db", "vercel.json")):
        raise RegistryError(
            f"{PACKAGE} {version(PACKAGE)} lays a site out as {', '.join(sorted(found))}; this version of the registry knows "
            f"{', '.join(sorted(LAID_OUT))}. Install a version that pyproject.toml allows, or change registry/layout.py and its tests."
        )
