"""A portal on the loopback that speaks as real ones were recorded to (portal_wires.py and its like), and misbehaves on demand.

Rows without an explicit order come shuffled, limits are lowered, and every fault can strike once or for good.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

import portal_files
import portal_searches
import portal_wires
from portal_wires import ABOUT, DATASET, FEATURES, as_json, own_name
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from registry.source import Asks, Expect, Source
from registry.vocabulary import Product, Supplier, SupplierEvidence

COLUMNS = ("number", "title", "supplier", "unit", "amount", "starts", "link", "person")
KEPT = {"contract_number": "number", "title": "title", "supplier_name": "supplier", "buyer_unit": "unit",
        "value_amount": "amount", "period_start_date": "starts", "source_url": "link"}  # fmt: skip
ACCESS: dict[str, dict[str, str]] = {
    "socrata": {"dataset": DATASET, "page": "4", "token_env": "SYNTHETIC_TOKEN", "token_header": "X-App-Token"},
    "soda3": {"dataset": DATASET, "page": "4", "token_env": "SYNTHETIC_SODA3", "token_header": "X-App-Token", "api": "soda3"},
    "ckan": {"resource": DATASET, "page": "4"},
    "arcgis": {"layer": "layer", "page": "4"},
    "legistar": {"client": "synthetic", "page": "4", "link": "https://example.org/contract/{MatterId}"},
    "documentcloud": {"page": "4"},
    "usaspending": {"awards": "A,B,C,D", "page": "4", "link": "https://example.org/contract/{generated_internal_id}"},
    "delimited": {"path": "data.csv"},
    "xlsx": {"path": "data.xlsx"},
    "json": {"path": "data.json"},
}
KINDS = tuple(ACCESS)
FILES = ("delimited", "xlsx", "json")
PAGED = tuple(kind for kind in KINDS if kind not in FILES)
SEARCHED = ("documentcloud", "usaspending")
# Those whose columns are the same for every publisher: a new one is not noticed, one that is gone is refused by the portal.
FIXED = ("legistar", "usaspending")
ROUTES: dict[str, Callable[[Simulator, Request], tuple[str, Response]]] = {
    "/resource/": portal_wires.soda2,
    "/api/v3/views/": portal_wires.soda3,
    "/api/views/": lambda portal, request: ("meta", as_json(portal_wires.view(portal))),
    "/api/3/action/": portal_wires.ckan,
    "/layer": portal_wires.arcgis,
    FEATURES: portal_wires.arcgis,
    "/v1/": portal_searches.legistar,
    "/api/documents/search/": portal_searches.documentcloud,
    "/api/v2/search/": portal_searches.usaspending,
    "/other.csv": lambda portal, request: ("file", portal_files.as_csv(rows(4, 501), list(COLUMNS))),
    "/data.csv": lambda portal, request: ("file", portal_files.as_csv(portal.rows, portal.columns)),
    "/data.json": lambda portal, request: ("file", portal_files.as_object(portal.rows, portal.columns)),
    "/data.xlsx": lambda portal, request: ("file", Response(_workbook(repr(portal.rows), repr(portal.columns), portal))),
}
Row = dict[str, Any]
Fault = Callable[["Simulator", Request, str, Response], Response]


@lru_cache(maxsize=8)
def _workbook(rows: str, columns: str, portal: Simulator) -> bytes:
    """A workbook holds the moment it was written, so the same rows are written once."""
    return portal_files.as_workbook(portal.rows, portal.columns).get_data()


def rows(count: int, first: int = 1) -> list[Row]:
    """Synthetic contracts; the amount is missing from each third, and every second one matches nothing."""
    titles = ("SYNTHETIC GUNSHOT DETECTION SYSTEM", "SYNTHETIC ROAD SALT é")
    return [_row(number, titles[number % 2]) for number in range(first, first + count)]


def _row(number: int, title: str) -> Row:
    return {
        "id": number, "number": f"C{number:04}", "title": title, "supplier": "SYNTHETIC SUPPLIER", "unit": "POLICE",
        "amount": None if number % 3 == 0 else number * 100, "starts": f"2024-01-{number % 27 + 1:02}",
        "link": f"https://example.org/contract/{number}", "person": "SYNTHETIC PERSON",
    }  # fmt: skip


class Simulator:
    """The rows of one data set, the fault in force, and every request that came."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.rows = rows(10)
        self.columns = list(COLUMNS)
        self.labels: dict[str, str] = {}  # what people see for a column, where a test sets it
        self.about = dict(ABOUT)
        self.datastore = True
        self.resources: list[Row] = []
        self.most = 1_000
        self.window = 50_000
        self.lie = 0  # by how much a count is wrong
        self.file_form = "csv"
        self.fault: Fault | None = None
        self.times: float = 0
        self.asked: list[Request] = []
        self.seen: Counter[str] = Counter()
        server.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    @property
    def base(self) -> str:
        return self.server.url_for("").rstrip("/")

    def strike(self, fault: Fault, times: float = float("inf")) -> None:
        """Let the fault happen the next `times` times that it applies."""
        self.fault, self.times = fault, times

    def answer(self, request: Request) -> Response:
        request.get_data()
        self.asked.append(request)
        kind, plain = self._plain(request)
        self.seen[kind] += 1
        if self.fault is None or self.times <= 0 or request.path.startswith("/other"):
            return _conditional(request, plain)
        struck = self.fault(self, request, kind, plain)
        self.times -= struck is not plain
        return struck if struck is not plain else _conditional(request, plain)

    def _plain(self, request: Request) -> tuple[str, Response]:
        """("meta", "count", "page", "detail" or "file", the reply of a healthy portal)."""
        route = next((answer for begin, answer in ROUTES.items() if request.path.startswith(begin)), None)
        return route(self, request) if route else ("none", as_json({"message": "Not found", "error": True}, 404))


def _conditional(request: Request, reply: Response) -> Response:
    etag = f'"{hashlib.sha256(reply.get_data()).hexdigest()[:16]}"'
    if reply.status_code == 200 and request.method == "GET":
        if request.headers.get("If-None-Match") == etag:
            return Response(b"", 304, headers={"ETag": etag})
        reply.headers["ETag"] = etag
    return reply


def supplier() -> Supplier:
    """A synthetic maker of two products, whose names are asked for; together the two phrases find every row."""
    products = [
        Product(slug=slug, name=name, technology="gunshot_detection", face="no", face_basis="memory", basis="memory")
        for slug, name in (("synthetic-alpha", "Synthetic Alpha"), ("synthetic-beta", "Synthetic Beta"))
    ]
    evidence = SupplierEvidence(basis="memory", notes="Synthetic.")
    return Supplier(
        slug="synthetic-maker", name="Synthetic Maker", specialist="no", technologies=["gunshot_detection"], products=products,
        evidence=evidence,
    )  # fmt: skip


def source(kind: str, base: str, /, **given: Any) -> Source:
    """A source file over the simulator."""
    name = {column: own_name(kind, column) for column in COLUMNS}
    searched = {"asks": Asks(each=('"{product}"',), quoting="phrase")} if kind in SEARCHED else {}
    identity = {"documentcloud": {"id": "The portal's own number."}}.get(kind, {})
    usual: dict[str, Any] = {
        "id": "synthetic", "title": "Synthetic", "jurisdiction": "us-il-chicago", "kind": "contracts",
        "portal": "socrata" if kind == "soda3" else kind,
        "url": "https://example.org/synthetic", "publisher": "Nobody", "licence": "None", "grain": "One row per contract.",
        "amounts_mean": "Nothing.", "last_probed": "never", "buyer_name": "Synthetic City", "covers_from": date(2020, 1, 1),
        "fields": {field: name[column] for field, column in KEPT.items()}, "key": (name["number"],), "date_format": "iso",
        "never_fetched": {name["person"]: "A person's name."}, "ignore": identity, "sheet": "Rows" if kind == "xlsx" else "",
        "rows_at": "data.items" if kind == "json" else "", "access": {"base": f"{base}/v1" if kind == "legistar" else base, **ACCESS[kind]},
        "expect": Expect(rows_at_least=5, contracts_at_least=5), **searched,
    }  # fmt: skip
    return Source(**{**usual, **given})

