"""How each kind of portal speaks, as recorded or as its documentation says: (kind of reply, reply) of a healthy one.

The simulator's rows have plain names (`number`, `title` ...); NAMES gives each portal's own.
"""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

if TYPE_CHECKING:
    from portal_simulator import Simulator

Row = dict[str, Any]
DATASET = "syn7-hets"
TOKEN = "SYNTHETIC-TOKEN"
FEATURES = "/arcgis/rest/services/Synthetic/FeatureServer/0"
# What the portal says of the data set in words, as each kind of portal words it.
ABOUT = {"title": "Synthetic contracts", "publisher": "Synthetic City", "licence": "Synthetic licence", "licence_url": "https://example.org/licence"}
NAMES: dict[str, dict[str, str]] = {
    "legistar": {
        "number": "MatterFile", "title": "MatterTitle", "supplier": "MatterRequester", "unit": "MatterBodyName", "amount": "MatterCost",
        "starts": "MatterIntroDate", "link": ":link", "person": "MatterText2",
    },
    "documentcloud": {
        "number": "slug", "title": "title", "supplier": "source", "unit": "organization.name", "amount": "page_count",
        "starts": "created_at", "link": "canonical_url", "person": "user",
    },
    "usaspending": {
        "number": "Award ID", "title": "Description", "supplier": "Recipient Name", "unit": "Awarding Sub Agency",
        "amount": "Award Amount", "starts": "Start Date", "link": ":link", "person": "Recipient UEI",
    },
}  # fmt: skip


def own_name(kind: str, column: str) -> str:
    """What the portal calls a column."""
    return NAMES.get(kind, {}).get(column, column)


def as_json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8")


def ordered(portal: Simulator, named: bool, rows: list[Row] | None = None) -> list[Row]:
    """The rows in order where an order was asked for, else as the portal pleases."""
    known = list(portal.rows if rows is None else rows)
    return known if named else random.sample(known, len(known))


def view(portal: Simulator) -> Row:
    """The metadata of a Socrata data set."""
    listed = [{"fieldName": name, "name": portal.labels.get(name, name.title()), "dataTypeName": "text", "position": at,
               "description": f"Words about {name}"} for at, name in enumerate(portal.columns)]  # fmt: skip
    licence = {"name": portal.about["licence"], "termsLink": portal.about["licence_url"]}
    return {"id": DATASET, "name": portal.about["title"], "attribution": portal.about["publisher"], "license": licence,
            "owner": {"displayName": "SYNTHETIC AUTHOR"}, "rowsUpdatedAt": 1_745_766_729, "viewCount": portal.seen["meta"],
            "columns": [*listed, {"fieldName": ":@computed_region_x", "name": "Region", "dataTypeName": "number"}]}  # fmt: skip


def soda2(portal: Simulator, request: Request) -> tuple[str, Response]:
    given = request.args
    if given.get("$select") == "count(*)":
        return "count", as_json([{"count": str(len(portal.rows) + portal.lie)}])
    wanted = given.get("$select", ",".join(portal.columns)).split(",")
    start, most = int(given.get("$offset", 0)), min(int(given.get("$limit", 1_000)), portal.most)
    return "page", _soda_page(portal, wanted, "$order" in given, start, most)


def soda3(portal: Simulator, request: Request) -> tuple[str, Response]:
    """One query in the body; nobody without a token is answered, and only a POST is."""
    if request.headers.get("X-App-Token") != TOKEN or request.method != "POST":
        return "page", as_json({"code": "permission_denied", "error": True, "message": "An app token is required"}, 403)
    asked = json.loads(request.get_data())
    found = re.fullmatch(r"SELECT (.+?)( WHERE .+?)?( ORDER BY :id)?", asked["query"])
    assert found
    if found[1] == "count(*)":
        return "count", as_json([{"count": str(len(portal.rows) + portal.lie)}])
    size = min(asked["page"]["pageSize"], portal.most)
    return "page", _soda_page(portal, found[1].split(","), bool(found[3]), (asked["page"]["pageNumber"] - 1) * size, size)


def _soda_page(portal: Simulator, wanted: list[str], named: bool, start: int, most: int) -> Response:
    unknown = [name for name in wanted if name not in (*portal.columns, ":id")]
    if unknown:
        return as_json({"code": "query.soql.no-such-column", "error": True, "message": f"No such column: {unknown[0]}"}, 400)
    return as_json([_soda_row(row, wanted) for row in ordered(portal, named)[start : start + most]])


def _soda_row(row: Row, wanted: list[str]) -> Row:
    """Null fields are left out, numbers are text, days are moments, links are objects."""
    told = {**row, ":id": f"row-{row['id']:04}", "starts": f"{row['starts']}T00:00:00.000", "link": {"url": row["link"]}}
    return {name: str(told[name]) if name == "amount" else told[name] for name in wanted if told.get(name) is not None}


def ckan(portal: Simulator, request: Request) -> tuple[str, Response]:
    action, given = request.path.rsplit("/", 1)[1], request.args
    if action == "package_show":
        return "meta", as_json({"help": "", "success": True, "result": _package(portal)})
    if action == "resource_show":
        result = {"id": DATASET, "url": f"{portal.base}/data.{portal.file_form}", "last_modified": "2026-10-01T00:00:00"}
        return "meta", as_json({"help": "", "success": True, "result": result})
    fields = given["fields"].split(",") if "fields" in given else ["_id", *portal.columns]
    if set(fields) - {"_id", *portal.columns}:
        error = {"__type": "Validation Error", "fields": ["field not found"]}
        return "page", as_json({"help": "", "success": False, "error": error}, 409)
    limit, start = min(int(given.get("limit", 100)), portal.most), int(given.get("offset", 0))
    lines = ordered(portal, "sort" in given)[start : start + limit]
    records = [{name: row["id"] if name == "_id" else row.get(name) for name in fields} for row in lines]
    said = {name: {"label": "", "notes": f"Words about {name}"} for name in fields}
    named = [{"id": name, "type": "int" if name == "_id" else "text", "info": said[name]} for name in fields]
    links = {"next": f"/api/3/action/datastore_search?offset={start + limit}"}  # there past the end too
    result = {"fields": named, "records": records, "limit": limit, "total": len(portal.rows) + portal.lie, "_links": links}
    return "count" if given.get("limit") == "0" else "page", as_json({"help": "", "success": True, "result": result})


def _package(portal: Simulator) -> Row:
    told = portal.about
    tables = [{"id": DATASET, "name": "Table", "format": "CSV", "url": f"{portal.base}/data.csv", "datastore_active": portal.datastore}]
    return {"title": told["title"], "license_title": told["licence"], "license_url": told["licence_url"], "maintainer": "SYNTHETIC AUTHOR",
            "organization": {"title": told["publisher"]}, "resources": [*tables, *portal.resources]}  # fmt: skip


def arcgis(portal: Simulator, request: Request) -> tuple[str, Response]:
    given = request.args
    if not request.path.endswith("/query"):
        return "meta", as_json(_layer(portal))
    if given.get("returnCountOnly") == "true":
        return "count", as_json({"count": len(portal.rows) + portal.lie})
    wanted = given["outFields"].split(",")
    if set(wanted) - {"OBJECTID", *portal.columns}:
        return "page", as_json({"error": {"code": 400, "message": "Failed to execute query.", "details": []}})
    after = int(found[1]) if (found := re.search(r"OBJECTID > (\d+)", given["where"])) else 0
    known = sorted(portal.rows, key=lambda row: row["id"]) if "orderByFields" in given else ordered(portal, False)
    left = [row for row in known if row["id"] > after]
    page = left[: min(int(given.get("resultRecordCount", 1_000)), portal.most)]
    features = [{"attributes": {name: _attribute(row, name) for name in wanted}} for row in page]
    return "page", as_json({"objectIdFieldName": "OBJECTID", "features": features, "exceededTransferLimit": len(page) < len(left)})


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
