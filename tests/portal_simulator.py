"""A portal on the loopback that speaks four wire formats as they were recorded, and misbehaves on demand.

Rows without an explicit order come shuffled, limits are lowered, and every fault can strike once or for good.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from registry.source import Expect, Source

COLUMNS = ("number", "title", "supplier", "unit", "amount", "starts", "link", "person")
KEPT = {"contract_number": "number", "title": "title", "supplier_name": "supplier", "buyer_unit": "unit",
        "value_amount": "amount", "period_start_date": "starts", "source_url": "link"}  # fmt: skip
DATASET = "syn7-hets"
FEATURES = "/arcgis/rest/services/Synthetic/FeatureServer/0"
# What the portal says of the data set in words, as each kind of portal words it.
ABOUT = {"title": "Synthetic contracts", "publisher": "Synthetic City", "licence": "Synthetic licence", "licence_url": "https://example.org/licence"}
Row = dict[str, Any]


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
        self.about = dict(ABOUT)
        self.most = 1_000
        self.datastore = True
        self.resources: list[Row] = []
        self.fault: Callable[[Simulator, Request, str, Response], Response] | None = None
        self.times: float = 0
        self.asked: list[Request] = []
        self.seen: Counter[str] = Counter()
        server.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    @property
    def base(self) -> str:
        return self.server.url_for("").rstrip("/")

    def strike(self, fault: Callable[[Simulator, Request, str, Response], Response], times: float = float("inf")) -> None:
        """Let the fault happen the next `times` times that it applies."""
        self.fault, self.times = fault, times

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        kind, plain = self._plain(request)
        self.seen[kind] += 1
        if self.fault is None or self.times <= 0 or request.path.startswith("/other"):
            return _conditional(request, plain)
        struck = self.fault(self, request, kind, plain)
        self.times -= struck is not plain
        return struck if struck is not plain else _conditional(request, plain)

    def _plain(self, request: Request) -> tuple[str, Response]:
        """("meta", "count", "page" or "file", the reply of a healthy portal)."""
        path = request.path
        if path == "/other.csv":
            return "file", _csv(rows(4, 501), list(COLUMNS))
        if path == "/data.csv":
            return "file", _csv(self.rows, self.columns)
        if path.startswith("/api/views/"):
            return "meta", _json(self._view())
        if path.startswith("/resource/"):
            return _socrata(self, request)
        if path.startswith("/api/3/action/"):
            return _ckan(self, request)
        if path.startswith(("/layer", FEATURES)):
            return _arcgis(self, request)
        return "none", _json({"message": "Not found", "error": True}, 404)

    def _view(self) -> Row:
        listed = [{"fieldName": name, "name": name.title(), "dataTypeName": "text", "position": at, "description": f"Words about {name}"}
                  for at, name in enumerate(self.columns)]  # fmt: skip
        licence = {"name": self.about["licence"], "termsLink": self.about["licence_url"]}
        return {"id": DATASET, "name": self.about["title"], "attribution": self.about["publisher"], "license": licence,
                "owner": {"displayName": "SYNTHETIC AUTHOR"}, "rowsUpdatedAt": 1_745_766_729, "viewCount": self.seen["meta"],
                "columns": [*listed, {"fieldName": ":@computed_region_x", "name": "Region", "dataTypeName": "number"}]}  # fmt: skip

    def ordered(self, named: bool) -> list[Row]:
        """The rows in order where an order was asked for, else as the portal pleases."""
        return list(self.rows) if named else random.sample(self.rows, len(self.rows))


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8")


def _csv(lines: list[Row], columns: list[str]) -> Response:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**line, **{column.lower(): line.get(column.lower()) for column in columns}} for line in lines)
    return Response(text.getvalue().encode(), 200, content_type="text/csv; charset=utf-8")


def _conditional(request: Request, reply: Response) -> Response:
    etag = f'"{hashlib.sha256(reply.get_data()).hexdigest()[:16]}"'
    if reply.status_code == 200:
        if request.headers.get("If-None-Match") == etag:
            return Response(b"", 304, headers={"ETag": etag})
        reply.headers["ETag"] = etag
    return reply


def _socrata(portal: Simulator, request: Request) -> tuple[str, Response]:
    given = request.args
    if given.get("$select") == "count(*)":
        return "count", _json([{"count": str(len(portal.rows))}])
    wanted = given.get("$select", ",".join(portal.columns)).split(",")
    unknown = [name for name in wanted if name not in (*portal.columns, ":id")]
    if unknown:
        told = {"code": "query.soql.no-such-column", "error": True, "message": f"No such column: {unknown[0]}"}
        return "page", _json(told, 400)
    start = int(given.get("$offset", 0))
    page = portal.ordered("$order" in given)[start : start + min(int(given.get("$limit", 1_000)), portal.most)]
    return "page", _json([_socrata_row(row, wanted) for row in page])


def _socrata_row(row: Row, wanted: list[str]) -> Row:
    """Null fields are left out, numbers are text, days are moments, links are objects."""
    told = {**row, ":id": f"row-{row['id']:04}", "starts": f"{row['starts']}T00:00:00.000", "link": {"url": row["link"]}}
    return {name: str(told[name]) if name == "amount" else told[name] for name in wanted if told.get(name) is not None}


def _ckan(portal: Simulator, request: Request) -> tuple[str, Response]:
    action, given = request.path.rsplit("/", 1)[1], request.args
    if action == "package_show":
        return "meta", _json({"help": "", "success": True, "result": _package(portal)})
    if action == "resource_show":
        result = {"id": DATASET, "url": f"{portal.base}/data.csv", "last_modified": "2026-10-01T00:00:00", "datastore_active": True}
        return "meta", _json({"help": "", "success": True, "result": result})
    fields = given["fields"].split(",") if "fields" in given else ["_id", *portal.columns]
    if set(fields) - {"_id", *portal.columns}:
        error = {"__type": "Validation Error", "fields": ["field not found"]}
        return "page", _json({"help": "", "success": False, "error": error}, 409)
    limit, start = min(int(given.get("limit", 100)), portal.most), int(given.get("offset", 0))
    lines = portal.ordered("sort" in given)[start : start + limit]
    records = [{name: row["id"] if name == "_id" else row.get(name) for name in fields} for row in lines]
    said = {name: {"label": "", "notes": f"Words about {name}"} for name in fields}
    named = [{"id": name, "type": "int" if name == "_id" else "text", "info": said[name]} for name in fields]
    links = {"next": f"/api/3/action/datastore_search?offset={start + limit}"}  # there past the end too
    result = {"fields": named, "records": records, "limit": limit, "total": len(portal.rows), "_links": links}
    return "count" if given.get("limit") == "0" else "page", _json({"help": "", "success": True, "result": result})


def _package(portal: Simulator) -> Row:
    told = portal.about
    tables = [{"id": DATASET, "name": "Table", "format": "CSV", "url": f"{portal.base}/data.csv", "datastore_active": portal.datastore}]
    return {"title": told["title"], "license_title": told["licence"], "license_url": told["licence_url"], "maintainer": "SYNTHETIC AUTHOR",
            "organization": {"title": told["publisher"]}, "resources": [*tables, *portal.resources]}  # fmt: skip


def _arcgis(portal: Simulator, request: Request) -> tuple[str, Response]:
    given = request.args
    if not request.path.endswith("/query"):
        return "meta", _json(_layer(portal))
    if given.get("returnCountOnly") == "true":
        return "count", _json({"count": len(portal.rows)})
    wanted = given["outFields"].split(",")
    if set(wanted) - {"OBJECTID", *portal.columns}:
        return "page", _json({"error": {"code": 400, "message": "Failed to execute query.", "details": []}})
    after = int(found[1]) if (found := re.search(r"OBJECTID > (\d+)", given["where"])) else 0
    known = sorted(portal.rows, key=lambda row: row["id"]) if "orderByFields" in given else portal.ordered(False)
    left = [row for row in known if row["id"] > after]
    page = left[: min(int(given.get("resultRecordCount", 1_000)), portal.most)]
    features = [{"attributes": {name: _attribute(row, name) for name in wanted}} for row in page]
    return "page", _json({"objectIdFieldName": "OBJECTID", "features": features, "exceededTransferLimit": len(page) < len(left)})


def _layer(portal: Simulator) -> Row:
    kinds = {"starts": "esriFieldTypeDate", "amount": "esriFieldTypeDouble"}
    fields = [{"name": name, "type": kinds.get(name, "esriFieldTypeString")} for name in portal.columns]
    return {"name": portal.about["title"], "copyrightText": portal.about["publisher"], "objectIdField": "OBJECTID",
            "maxRecordCount": 1_000, "editingInfo": {"lastEditDate": 1_700_000_000_000},
            "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID"}, *fields]}  # fmt: skip


def _attribute(row: Row, name: str) -> Any:
    if name == "starts":
        return int(datetime.fromisoformat(f"{row['starts']}T00:00:00").replace(tzinfo=UTC).timestamp() * 1_000)
    return row["id"] if name == "OBJECTID" else row.get(name)


ACCESS: dict[str, dict[str, str]] = {
    "socrata": {"dataset": DATASET, "page": "4", "token_env": "SYNTHETIC_TOKEN", "token_header": "X-App-Token"},
    "ckan": {"resource": DATASET, "page": "4"},
    "arcgis": {"layer": "layer", "page": "4"},
    "delimited": {"path": "data.csv"},
}


def source(portal: str, base: str, **given: Any) -> Source:
    """A source file over the simulator."""
    usual: dict[str, Any] = {
        "id": "synthetic", "title": "Synthetic", "jurisdiction": "us-il-chicago", "kind": "contracts", "portal": portal,
        "url": "https://example.org/synthetic", "publisher": "Nobody", "licence": "None", "grain": "One row per contract.",
        "amounts_mean": "Nothing.", "last_probed": "never", "buyer_name": "Synthetic City", "covers_from": date(2020, 1, 1),
        "fields": KEPT, "key": ("number",), "date_format": "iso", "never_fetched": {"person": "A person's name."},
        "access": {"base": base, **ACCESS[portal]}, "expect": Expect(rows_at_least=5, contracts_at_least=5),
    }  # fmt: skip
    return Source(**{**usual, **given})
