"""`registry publish`: verify, compact copy, size guard, smoke test of the very artefact, deploy, smoke test of the address.

`datasette publish vercel` lays the folder out with a `vercel.json` of ours (see layout.py; its stock 0.14.2 configuration pins a builder
that no longer builds). The folder that passed the smoke test is handed to the `vercel` command line as it is.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import artefact, publishable, smoke
from .edition import write_edition
from .errors import FactsError, RegistryError
from .paths import Paths

PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{0,51}")
DEPLOY_SECONDS = 1800
INSTALL_VERCEL = "The `vercel` command is not installed. Install it with `npm install --global vercel`, then run `vercel login` once."
Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What was asked for on the command line."""

    target: str = "vercel"
    project: str | None = None
    folder: Path | None = None
    dry_run: bool = False
    allow_sql: bool = True
    address: str | None = None

    @property
    def deploys(self) -> bool:
        """Only an order for Vercel that names no folder and is no rehearsal leaves this machine."""
        return self.target == "vercel" and self.folder is None and not self.dry_run


def refuse_unclear(order: Order) -> None:
    """FactsError for an order that cannot be carried out as it stands."""
    if order.project is not None and not PROJECT.fullmatch(order.project):
        raise FactsError("--project: give lower-case letters, digits and hyphens, at most 52, not beginning with a hyphen.")
    if order.deploys and order.project is None:
        raise FactsError("--project: name the Vercel project to publish to (or add --dry-run or --generate-dir DIR to deploy nothing).")
    if order.target != "vercel" and order.folder is None and not order.dry_run:
        raise FactsError(f"--target {order.target}: say where to write it, for example `registry publish --target {order.target} DIR`.")


def _refuse(found: list[str], what: str) -> None:
    if found:
        listed = "".join(f"\n  {one}" for one in found[:20])
        more = f"\n  and {len(found) - 20} more" if len(found) > 20 else ""
        raise RegistryError(f"{what} ({len(found)}):{listed}{more}\nNothing was published.")


def publish(paths: Paths, order: Order, say: Say) -> str:
    """Carry out an order and say each step; the last words are returned. RegistryError stops before anything is published."""
    refuse_unclear(order)
    if order.deploys and shutil.which("vercel") is None:
        raise RegistryError(INSTALL_VERCEL)
    _refuse(publishable.problems(paths.registry), "The registry is not fit to publish")
    say("verified: bounds, orphans, columns, personal data")
    if order.folder is not None and not order.dry_run:
        return _make(paths, order, order.folder, say)
    with tempfile.TemporaryDirectory(prefix="registry-publish-") as made:
        return _make(paths, order, Path(made) / "site", say)


def _make(paths: Paths, order: Order, folder: Path, say: Say) -> str:
    if order.target == "static":
        pages = write_edition(paths.registry, paths.root, folder)
        return f"{pages:,} pages, the database and the data package{_where(order, folder)}. Check a copy with `registry verify-copy DIR`."
    _make_site(paths, order, folder, say)
    if order.deploys:
        return _deploy(paths, order, folder, say)
    return f"The site{_where(order, folder)}. Nothing was deployed."


def _where(order: Order, folder: Path) -> str:
    return " can be made; nothing was kept" if order.dry_run else f" are in {folder}" if order.target == "static" else f" is in {folder}"


def _make_site(paths: Paths, order: Order, folder: Path, say: Say) -> None:
    artefact.write_site(paths.registry, paths.root, folder, order.target, order.allow_sql)
    size = artefact.folder_bytes(folder)
    too_large = artefact.size_problem(size, order.target)
    _refuse([too_large] if too_large else [], "The site is too large")
    say(f"made: {size / artefact.MB:.1f} MB of {artefact.LIMITS[order.target] / artefact.MB:,.0f} MB")
    _refuse(smoke.smoke_folder(folder, artefact.copy_of_metadata(paths.root)), "The site does not answer as it should")
    say("asked for a page of every kind: all answered")


def deploy_command(order: Order, folder: Path) -> list[str]:
    """The `vercel` command line; it reads the account from `vercel login` or from VERCEL_TOKEN."""
    return ["vercel", "deploy", "--prod", "--yes", "--project", str(order.project), "--cwd", str(folder)]


def _deploy(paths: Paths, order: Order, folder: Path, say: Say) -> str:
    say("deploying")
    try:
        done = subprocess.run(deploy_command(order, folder), stdout=subprocess.PIPE, text=True, timeout=DEPLOY_SECONDS, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise RegistryError(
            f"`vercel deploy` did not succeed ({error}). The site that was there before is untouched. "
            f"If there is no such project yet, make it once with `vercel project add {order.project}`."
        ) from error
    say(f"deployed: {done.stdout.strip()}")
    address = order.address or f"https://{order.project}.vercel.app"
    found = smoke.smoke_address(address, folder / artefact.DATABASE, artefact.copy_of_metadata(paths.root))
    if found:
        listed = "".join(f"\n  {one}" for one in found[:20])
        raise RegistryError(
            f"Deployed, but {address} does not answer as it should:{listed}\nGo back: `vercel list {order.project}` names the deployments; "
            "give the address of the one before to `vercel rollback`."
        )
    return f"Published at {address}; a page of every kind answered there."
