"""How fast the published site answers, beside stock `datasette serve` on the same database in the same run.

Only this machine's loopback is asked; every phase is bounded in requests and in seconds. 31,000 synthetic contracts, labelled so.
`python benchmarks/serve_load.py [--quick]` prints a Markdown table; `--quick` only shows that the script works.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import site_fixture  # noqa: E402

from registry import artefact  # noqa: E402

HOST = "127.0.0.1"
SECONDS = 12.0  # of one phase, at most
# `_n` is a name that Datasette ignores: each address is a new one, so nothing is answered from memory.
HTML = (
    "/registry/contracts?_n={n}", "/registry/contracts/zz-n{n}?_n=1", "/registry/contracts?_search=unit+7&_n={n}",
    "/registry/contracts?year=2001&_n={n}", "/registry/records?_n={n}", "/registry/technologies/cctv?_n={n}", "/registry?_n={n}",
)  # fmt: skip
JSON = (
    "/registry/contracts.json?_n={n}", "/registry/contracts/zz-n{n}.json?_shape=array", "/registry/records.json?_n={n}",
    "/registry/contracts.json?_search=unit+7&_n={n}", "/registry/contracts.json?year=2001&_n={n}",
)  # fmt: skip
EVERY_ROW = ("/registry/contracts?_search=watcher&_n={n}",)  # each of the synthetic contracts has this word
QUESTIONS = ("/registry/answer?about=watcher+eye&place=Exampleton%2C+ZZ&_n={n}", "/registry/purchases_needing_approval?_n={n}",
             "/registry/ending_soon?_n={n}", "/registry/spend_by_technology_and_year?_n={n}", "/?_n={n}")  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One phase: milliseconds of each answer, and seconds in all."""

    took: list[float]
    seconds: float

    def words(self) -> str:
        ordered = sorted(self.took)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        return f"{len(ordered) / self.seconds:,.0f}/s, median {statistics.median(ordered):.1f} ms, p95 {p95:.1f} ms"

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Read one whole answer: by its length, or in chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split()[1])
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    elif status != 304:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return status, headers


async def _client(port: int, addresses: Iterator[str], wanted: int, tag: str, took: list[float], ends: float) -> None:
    reader, writer = await asyncio.open_connection(HOST, port, limit=8 * 1024 * 1024)
    for address in addresses:
        if time.perf_counter() > ends:
            break
        began = time.perf_counter()
        writer.write(f"GET {address} HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip\r\n{tag}\r\n".encode())
        status, _ = await _answer(reader)
        took.append((time.perf_counter() - began) * 1000)
        if status != wanted:
            raise SystemExit(f"{address} gave {status}, not {wanted}")
    writer.close()


async def _phase(port: int, addresses: list[str], clients: int, wanted: int = 200, tag: str = "") -> Measured:
    took: list[float] = []
    shared, began = iter(addresses), time.perf_counter()
    await asyncio.gather(*(_client(port, shared, wanted, tag, took, began + SECONDS) for _ in range(clients)))
    return Measured(took, time.perf_counter() - began)


def phase(port: int, addresses: list[str], clients: int = 1, wanted: int = 200, tag: str = "") -> Measured:
    return asyncio.run(_phase(port, addresses, clients, wanted, tag))


async def _tag(port: int, address: str) -> str:
    reader, writer = await asyncio.open_connection(HOST, port, limit=8 * 1024 * 1024)
    writer.write(f"GET {address} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    _, headers = await _answer(reader)
    writer.close()
    return headers.get("etag", 'W/"none"')


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def serving(command: Callable[[int], list[str]], folder: Path) -> Iterator[int]:
    """Run a server on a free loopback port until the block ends."""
    port = _free_port()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command(port), cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 30
            while not _listens(port) and time.monotonic() < deadline:
                time.sleep(0.1)
            yield port
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex((HOST, port)) == 0


def _many(kinds: tuple[str, ...], count: int, first: int) -> list[str]:
    return [kinds[number % len(kinds)].format(n=first + number) for number in range(count)]


def measured(port: int, count: int) -> dict[str, Measured]:
    """Every phase on one server; the same addresses for each server."""
    phase(port, _many(HTML + JSON, 24, 0))  # warm: templates compiled, file cache filled
    page = "/registry/contracts"
    tag = asyncio.run(_tag(port, page))
    wanted = 304 if tag != 'W/"none"' else 200
    return {
        "HTML, uncached, 1 client": phase(port, _many(HTML, count, 100)),
        "JSON, uncached, 1 client": phase(port, _many(JSON, count, 1_000)),
        "HTML, uncached, 4 clients": phase(port, _many(HTML, count, 2_000), clients=4),
        "one page again and again, 4 clients": phase(port, [page] * count * 5, clients=4),
        "the same, revalidated (If-None-Match)": phase(port, [page] * count * 5, clients=4, wanted=wanted, tag=f"If-None-Match: {tag}\r\n"),
    }


def ours(site: Path) -> Callable[[int], list[str]]:
    """The command of the site's own Dockerfile, at a loopback address."""
    given = json.loads(re.findall(r"^CMD (\[.*\])$", (site / "Dockerfile").read_text(), re.MULTILINE)[0])
    command = [sys.executable, "-m", *given, "--log-level", "warning"]
    host, port = command.index("--host") + 1, command.index("--port") + 1
    return lambda free: [{host: HOST, port: str(free)}.get(at, word) for at, word in enumerate(command)]


def stock(database: Path) -> Callable[[int], list[str]]:
    return lambda port: [sys.executable, "-m", "datasette", "serve", "-i", str(database), "--host", HOST, "--port", str(port)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small run that only shows that the script works")
    quick = parser.parse_args().quick
    contracts, count = (3_000, 35) if quick else (31_000, 350)
    with tempfile.TemporaryDirectory(prefix="registry-serve-load-") as made:
        folder = Path(made)
        artefact.write_site(site_fixture.build_large(folder / "built.db", contracts), ROOT, folder / "site", "docker")
        with serving(stock(folder / "site" / "registry.db"), folder) as port:
            plain = measured(port, count)
        with serving(ours(folder / "site"), folder / "site") as port:
            site = measured(port, count)
            site["questions and home, uncached, 1 client"] = phase(port, _many(QUESTIONS, count // 3, 5_000))
            site["a search that finds every row, uncached, 1 client"] = phase(port, _many(EVERY_ROW, count // 10, 6_000))
    print(f"{contracts:,} synthetic contracts, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| phase | stock `datasette serve` | this site | times stock |\n|---|---|---|---|")
    for name, found in site.items():
        beside = plain.get(name)
        print(f"| {name} | {beside.words() if beside else ''} | {found.words()} | {f'{found.rate / beside.rate:.1f}' if beside else ''} |")


if __name__ == "__main__":
    main()
