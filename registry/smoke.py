"""Ask a site for one page of every kind and say what is wrong with the answers; the same for a folder and for an address."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import io
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from .artefact import DATABASE, VERCEL_RESPONSE_BYTES
from .errors import RegistryError
from .schema import TABLES
from .sql import open_read_only, quoted
from .unchanged import sha256_of
from .views import VIEWS

# The tables whose rows have pages of their own.
ROWS = (
    "contracts", "records", "transactions", "matters", "documents", "laws", "technologies", "jurisdictions", "suppliers", "products",
    "sources", "rules",
)  # fmt: skip
# Pages that the site's own plugins answer.
OWN = (
    "/answer", "/answer.json", "/testify", "/testify.atom", "/changed", "/changed.atom", "/changed.json", "/request", "/testimony", "/map",
    "/sharing", "/corrections", "/corrections.atom", "/robots.txt", "/sitemap.xml", "/llms.txt", "/export/datapackage.json",
    "/export/data/sources.csv",
)  # fmt: skip
WANTED_HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "cache-control")
SECONDS = 30.0
Ask = Callable[[str], Awaitable[httpx.Response]]


def paths_to_try(registry_db: Path, metadata: Any) -> list[str]:
    """One address of every kind of page: home, tables, views, rows, questions, data, files; and the largest answers of each table."""
    with contextlib.closing(open_read_only(registry_db)) as db:
        present = [row[0] for row in db.execute("SELECT name FROM sqlite_master ORDER BY name")]
        rows = [(name, db.execute(f"SELECT min(id) FROM {quoted(name)}").fetchone()[0]) for name in ROWS]
    queries = metadata["databases"]["registry"]["queries"]
    return [
        "/", "/registry", "/static/registry.css", "/-/static/app.css", "/registry/contracts.json", "/registry/contracts.csv", *OWN,
        *(f"/registry/{name}" for name in (*TABLES, *VIEWS) if name in present),
        *(f"/registry/{name}/{row_id}" for name, row_id in rows if row_id),
        *(f"/registry/{name}.json?_size=max" for name in TABLES if name in present),  # the most rows that one answer may have
        *(f"/registry/{name}" for name in queries), *(f"/registry/{name}.json" for name in queries),
    ]  # fmt: skip


def wrong(path: str, answer: httpx.Response) -> list[str]:
    """What is wrong with one answer."""
    found = [] if answer.status_code == 200 else [f"status {answer.status_code}, not 200"]
    found += [f"no {name} header" for name in WANTED_HEADERS if name not in answer.headers]
    found += ["a cookie is set"] if "set-cookie" in answer.headers else []
    found += ["the answer is empty"] if not answer.content else []
    if len(answer.content) > VERCEL_RESPONSE_BYTES:
        found.append(f"{len(answer.content):,} bytes, more than the {VERCEL_RESPONSE_BYTES:,} that one answer may have")
    return [f"{path}: {one}" for one in found]


async def smoke(ask: Ask, paths: list[str]) -> list[str]:
    """Everything that is wrong on these pages, one after the other."""
    found = []
    for path in paths:
        try:
            found += wrong(path, await ask(path))
        except httpx.HTTPError as error:
            found.append(f"{path}: {type(error).__name__}: {error}")
    missing = await ask("/registry/contracts/no-such-contract")
    return found + ([] if missing.status_code == 404 else [f"a page that does not exist gives {missing.status_code}, not 404"])


def another_registry(answer: httpx.Response, wanted: str) -> list[str]:
    """What is wrong when a site says of its databases that none has the SHA-256 `wanted`."""
    if answer.status_code != 200 or f'"{wanted}"' not in answer.text:
        return [
            f"the site shows another registry.db than the one with sha256 {wanted}. "
            "After a rollback it goes on doing so until `vercel promote` is given the new deployment's address"
        ]
    return []


def load_app(folder: Path) -> Any:
    """The very application of an artefact, imported from its own index.py."""
    spec = importlib.util.spec_from_file_location("published_index", folder / "index.py")
    if spec is None or spec.loader is None:
        raise RegistryError(f"{folder / 'index.py'} cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # the folder must stay as it was written
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module.app


def smoke_folder(folder: Path, metadata: Any) -> list[str]:
    """Smoke-test an artefact in this process: no port, no network."""
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=load_app(folder)), base_url="http://localhost")
    # Where the `rich` package is installed, Datasette prints a long trace of every page that does not exist.
    with contextlib.redirect_stdout(io.StringIO()):
        return asyncio.run(_with_client(client, folder / DATABASE, metadata))


def smoke_address(address: str, registry_db: Path, metadata: Any) -> list[str]:
    """Smoke-test a deployed site over the network."""
    return asyncio.run(_with_client(httpx.AsyncClient(base_url=address, timeout=SECONDS), registry_db, metadata))


async def _with_client(client: httpx.AsyncClient, registry_db: Path, metadata: Any) -> list[str]:
    sha256 = sha256_of(registry_db)
    async with client:
        try:
            told = await client.get(f"/-/databases.json?of={sha256[:12]}")  # an address that no cache has seen
        except httpx.HTTPError as error:
            return [f"no answer ({type(error).__name__}: {error})"]
        return another_registry(told, sha256) or await smoke(client.get, paths_to_try(registry_db, metadata))
