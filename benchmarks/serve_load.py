"""How fast the published site answers, beside stock `datasette serve` on the same database in the same run.

Only this machine's loopback is asked; every phase is bounded in requests and in seconds, and is done several times, in turn with
stock, because a shared machine's speed drifts. 31,000 synthetic contracts, labelled so.
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
NO_TAG = 'W/"none"'
SECONDS = 10.0  # of one phase, at most
ROUNDS = 5
# Each address is a new one, so no page is answered from memory. A list's `_next` and its filters make the statements new ones too;
# the counts beside a list that is only sorted or turned over are the same on all its pages, and a site may know them.
HTML = (
    "/registry/contracts?_n={n}", "/registry/contracts?_sort=value_amount&_next={n}.0%2Czz-n{n}", "/registry/contracts/zz-n{n}",
    "/registry/contracts?_search=unit+{unit}&value_amount__gt={n}", "/registry/contracts?year={year}&value_amount__gt={n}",
    "/registry/records?_sort_desc=title&_n={n}", "/registry/technologies/cctv?_n={n}", "/registry?_n={n}",
)  # fmt: skip
JSON = (
    "/registry/contracts.json?_sort=value_amount&_next={n}.0%2Czz-n{n}", "/registry/contracts/zz-n{n}.json?_shape=array",
    "/registry/records.json?_n={n}", "/registry/contracts.json?_search=unit+{unit}&value_amount__gt={n}",
    "/registry/contracts.json?year={year}&value_amount__gt={n}",
)  # fmt: skip
EVERY_ROW = ("/registry/contracts?_search=watcher&value_amount__gt={n}",)  # each of the synthetic contracts has this word
QUESTIONS = ("/registry/answer?about=watcher+eye&place=Exampleton%2C+ZZ&_n={n}", "/registry/purchases_needing_approval?_n={n}",
             "/registry/ending_soon?_n={n}", "/registry/value_by_year?_n={n}", "/?_n={n}")  # fmt: skip
ANSWER = ("/answer?about=watcher+eye&place=Exampleton%2C+ZZ&_n={n}",)  # 15,500 pieces of evidence


@dataclass(frozen=True)
class Measured:
    """One phase: milliseconds of each answer, and seconds in all."""

    took: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    @property
    def p95(self) -> float:
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * 0.95))]


def words(rounds: list[Measured]) -> str:
    """The median over the rounds, the slowest and the quickest round beside it."""
    rates, tails = [one.rate for one in rounds], [one.p95 for one in rounds]
    middle = statistics.median(took for one in rounds for took in one.took)
    spread = f"p95 {statistics.median(tails):,.1f} ms ({min(tails):,.1f} to {max(tails):,.1f})"
    return f"{statistics.median(rates):,.0f}/s, median {middle:,.1f} ms, {spread}"


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
    return headers.get("etag", NO_TAG)


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
    numbers = range(first, first + count)
    return [kinds[n % len(kinds)].format(n=n, year=2000 + n % 25, unit=n % 60) for n in numbers]


@dataclass(frozen=True)
class Phase:
    """What is asked in one phase, and how."""

    name: str
    kinds: tuple[str, ...]
    share: float  # of the requests of a full phase
    clients: int = 1
    again: bool = False  # one address again and again
    unchanged: bool = False  # with the entity tag that the server gave
    beside_stock: bool = True

    def run(self, port: int, count: int, first: int) -> Measured:
        """One round on one server."""
        wanted = max(2, int(count * self.share))
        addresses = [self.kinds[0]] * wanted if self.again else _many(self.kinds, wanted, first)
        tag = asyncio.run(_tag(port, self.kinds[0])) if self.unchanged else NO_TAG
        status = 200 if tag == NO_TAG else 304
        header = f"If-None-Match: {tag}\r\n" if self.unchanged else ""
        return phase(port, addresses, self.clients, status, header)


LIST = ("/registry/contracts",)
PHASES = (
    Phase("HTML, uncached, 1 client", HTML, 1),
    Phase("JSON, uncached, 1 client", JSON, 1),
    Phase("HTML, uncached, 4 clients", HTML, 1, clients=4),
    Phase("one page again and again, 4 clients", LIST, 5, clients=4, again=True),
    Phase("the same, revalidated (If-None-Match)", LIST, 5, clients=4, again=True, unchanged=True),
    Phase("questions and home, uncached, 1 client", QUESTIONS, 0.4, beside_stock=False),
    Phase("an answer of 15,500 pieces, uncached, 1 client", ANSWER, 0.1, beside_stock=False),
    Phase("a search that finds every row, uncached, 1 client", EVERY_ROW, 0.1),
)


def measured(stock_port: int, port: int, count: int, rounds: int) -> Iterator[tuple[Phase, list[Measured], list[Measured]]]:
    """Every phase in turn with stock, so many times; the same addresses for both, new ones in each round."""
    for server in (stock_port, port):
        phase(server, _many(HTML + JSON, 24, 0))  # warm: templates compiled, file cache filled
    for number, one in enumerate(PHASES):
        theirs, ours_ = [], []
        for turn in range(rounds):
            first = 100 + (number * rounds + turn) * count
            theirs += [one.run(stock_port, count, first)] if one.beside_stock else []
            ours_.append(one.run(port, count, first))
        yield one, theirs, ours_


def ours(site: Path) -> Callable[[int], list[str]]:
    """The command of the site's own Dockerfile, at a loopback address."""
    given = json.loads(re.findall(r"^CMD (\[.*\])$", (site / "Dockerfile").read_text(), re.MULTILINE)[0])
    command = [sys.executable, "-m", *given, "--log-level", "warning"]
    host, port = command.index("--host") + 1, command.index("--port") + 1
    return lambda free: [{host: HOST, port: str(free)}.get(at, word) for at, word in enumerate(command)]


def stock(database: Path) -> Callable[[int], list[str]]:
    return lambda port: [sys.executable, "-m", "datasette", "serve", "-i", str(database), "--host", HOST, "--port", str(port)]


def row(one: Phase, theirs: list[Measured], ours_: list[Measured]) -> str:
    """One line of the table; `times stock` is the median of the rounds' own ratios."""
    times = [ours_[at].rate / theirs[at].rate for at in range(len(theirs))]
    ratio = f"{statistics.median(times):,.1f} ({min(times):,.1f} to {max(times):,.1f})" if times else ""
    return f"| {one.name} | {words(theirs) if theirs else ''} | {words(ours_)} | {ratio} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small run that only shows that the script works")
    quick = parser.parse_args().quick
    contracts, count, rounds = (3_000, 35, 1) if quick else (31_000, 70, ROUNDS)
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="registry-serve-load-") as made:
        folder = Path(made)
        artefact.write_site(site_fixture.build_large(folder / "built.db", contracts), ROOT, folder / "site", "docker")
        with serving(stock(folder / "site" / "registry.db"), folder) as stock_port, serving(ours(folder / "site"), folder / "site") as port:
            lines = [row(*found) for found in measured(stock_port, port, count, rounds)]
    print(f"{contracts:,} synthetic contracts, {rounds} rounds; load average {before:.1f} before, {os.getloadavg()[0]:.1f} after, "
          f"on {os.cpu_count()} cores\n")  # fmt: skip
    print("| phase | stock `datasette serve` | this site | times stock |\n|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
