"""Time `registry load` of a Socrata portal on the loopback against curl downloading the same pages; print ratio and memory.

    python benchmarks/portal.py                      a million synthetic rows
    python benchmarks/portal.py --rows 50000         a small run, to see that the script works
    python benchmarks/portal.py --file contracts.csv the rows of the Chicago file, as its portal would send them

The portal is a process of its own that serves pages made beforehand, so that only the client's work is timed. Needs curl.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import http.server
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

ROOT = Path(__file__).parent.parent
PAGE = 10_000
COLUMNS = ("number", "title", "supplier", "unit", "amount", "starts", "link")
SOURCE = {
    "id": "us-il-chicago-synthetic", "title": "Synthetic", "jurisdiction": "us-il-chicago", "kind": "contracts", "portal": "socrata",
    "url": "https://example.org/synthetic", "publisher": "Nobody", "licence": "None", "grain": "One row per contract.",
    "amounts_mean": "Nothing.", "last_probed": "never", "buyer_name": "Synthetic City", "covers_from": "2020-01-01",
    "fields": {"contract_number": "number", "title": "title", "supplier_name": "supplier", "buyer_unit": "unit",
               "value_amount": "amount", "period_start_date": "starts", "source_url": "link"},
    "key": ["number"], "date_format": "iso",
}  # fmt: skip


REAL = {
    "number": "Purchase Order (Contract) Number", "title": "Purchase Order Description", "supplier": "Vendor Name", "unit": "Department",
    "amount": "Award Amount",
}  # fmt: skip


def write_pages(folder: Path, rows: Iterator[dict[str, object]]) -> int:
    """One file per page, as the portal sends it; how many rows that makes."""
    start = 0
    while page := list(islice(rows, PAGE)):
        (folder / f"{start}.json").write_text(json.dumps(page), encoding="utf-8")
        start += len(page)
    return start


def _real_rows(file: Path) -> Iterator[dict[str, object]]:
    """The Chicago file's rows as JSON: blank values left out, days as moments (slips left out), links as objects; each row a number."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        for at, row in enumerate(csv.DictReader(text)):
            told = {name: row[column] for name, column in REAL.items() if row[column]}
            day = row["Start Date"].split("/")
            starts = {"starts": f"{day[2]}-{day[0]}-{day[1]}T00:00:00.000"} if len(day) == 3 and day[2][:2] in ("19", "20") else {}
            link = {"link": {"url": row["Contract PDF"]}} if row["Contract PDF"] else {}
            yield {":id": f"row-{at:09}", **told, "number": f"{row[REAL['number']]}-{at}", **starts, **link}


def _row(number: int) -> dict[str, object]:
    title = "SYNTHETIC GUNSHOT DETECTION SYSTEM" if number % 500 == 0 else "SYNTHETIC ROAD SALT AND OTHER THINGS"
    return {
        ":id": f"row-{number:09}", "number": f"C{number}", "title": f"{title} {number}", "supplier": f"SYNTHETIC SUPPLIER {number % 5_000}",
        "unit": "POLICE", "amount": f"{number}.50", "starts": f"2024-01-{number % 27 + 1:02}T00:00:00.000",
        "link": {"url": f"https://example.org/contract/{number}.pdf"},
    }  # fmt: skip


def serve(folder: Path, rows: int) -> None:
    """Answer as the portal until killed; the port is printed first."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            body = _body(folder, rows, self.path)
            etag = f'"{hashlib.sha256(body).hexdigest()}"'
            same = self.headers.get("If-None-Match") == etag
            self.send_response(304 if same else 200)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", "0" if same else str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if same else body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


def _body(folder: Path, rows: int, path: str) -> bytes:
    asked = dict(parse_qsl(urlsplit(path).query))
    if "/api/views/" in path:
        columns = [{"fieldName": name, "name": name, "dataTypeName": "text"} for name in COLUMNS]
        return json.dumps({"columns": columns, "rowsUpdatedAt": 1}).encode()
    if asked.get("$select") == "count(*)":
        return json.dumps([{"count": str(rows)}]).encode()
    return (folder / f"{asked['$offset']}.json").read_bytes()


def checkout(folder: Path, base: str) -> Path:
    """A copy of data/ with the one synthetic source."""
    data = folder / "checkout" / "data"
    shutil.copytree(ROOT / "data", data, ignore=shutil.ignore_patterns("build", "snapshots", "sources"))
    (data / "sources").mkdir()
    access = {"base": base, "dataset": "syn7-hets", "page": str(PAGE)}
    (data / "sources" / f"{SOURCE['id']}.yml").write_text(json.dumps({**SOURCE, "access": access}), encoding="utf-8")
    return data


def timed(command: list[str], **variables: str) -> float:
    """Seconds a process takes; CalledProcessError where it fails."""
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REGISTRY_PACE": "0", "NO_PROXY": "127.0.0.1", **variables}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure(folder: Path, rows: int) -> None:
    """Download with curl, load, load again unchanged, fetch only, and print."""
    portal = subprocess.Popen([sys.executable, __file__, "--serve", str(folder), "--rows", str(rows)], stdout=subprocess.PIPE, text=True)
    assert portal.stdout
    try:
        base = f"http://127.0.0.1:{int(portal.stdout.readline())}"
        wanted = "".join(f'url = "{base}/resource/x.json?$offset={start}"\noutput = "/dev/null"\n' for start in range(0, rows, PAGE))
        (folder / "curl.txt").write_text(wanted, encoding="utf-8")
        curl = timed(["curl", "-s", "-f", "-K", str(folder / "curl.txt")])
        data = checkout(folder, base)
        load = [sys.executable, "-c", "from registry.cli import main; main()", "load", "-q"]
        first, again = (timed(load, REGISTRY_DATA=str(data), REGISTRY_BUILD=str(folder / "build")) for _ in range(2))
        fetch = timed([*load, "--fetch-only"], REGISTRY_DATA=str(data), REGISTRY_BUILD=str(folder / "fetched"))
    finally:
        portal.kill()
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    size = sum(path.stat().st_size for path in folder.glob("*.json")) / 1e6
    print(f"{rows:,} rows, {size:,.0f} MB; curl {curl:.1f} s; load {first:.1f} s ({first / curl:.0f} x curl, {rows / first:,.0f} rows/s);")
    print(f"unchanged {again:.1f} s ({again / first:.2f} x load); most memory of any process {most} MB;")
    kept, staged = (sum(path.stat().st_size for path in (folder / "build" / one).rglob("*.*")) / 1e6 for one in ("archive", "staging"))
    print(f"fetch only {fetch:.1f} s, {-(-rows // PAGE) + 4} requests; archive {kept:.1f} MB, staging {staged:.0f} MB")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, help="the Chicago file, instead of synthetic rows")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.rows)
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = _real_rows(given.file) if given.file else map(_row, range(given.rows))
            measure(Path(folder), write_pages(Path(folder), rows))


if __name__ == "__main__":
    main()
