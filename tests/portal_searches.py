"""Council matters, document search and federal awards: portals that give no count, follow cursors, or are asked by POST."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from portal_wires import NAMES, Row, as_json, ordered, own_name
from werkzeug import Request, Response

if TYPE_CHECKING:
    from portal_simulator import Simulator

CLIENT = "synthetic"
# Columns that every council has beside those of the simulator's rows.
OTHERS = {
    *(f"Matter{name}" for name in (
        "Id", "Guid", "LastModifiedUtc", "RowVersion", "Name", "TypeId", "TypeName", "StatusId", "StatusName", "BodyId",
        "AgendaDate", "PassedDate", "EnactmentDate", "EnactmentNumber", "Notes", "Version", "Date1", "Date2", "AgiloftId", "Reference",
        "RestrictViewViaWeb",
    )),
    *(f"MatterText{number}" for number in (1, 3, 4, 5)), *(f"MatterEXText{number}" for number in range(1, 12)),
    *(f"MatterEXDate{number}" for number in range(1, 11)),
}  # fmt: skip


def legistar(portal: Simulator, request: Request) -> tuple[str, Response]:
    """OData with at most 1,000 rows; a client that does not exist is answered with status 500."""
    client, path = request.path.removeprefix("/v1/").split("/", 1)
    if client != CLIENT:
        told = f"LegistarConnectionString setting is not set up in InSite for client: {client}"
        return "page", as_json({"Message": "An error has occurred.", "ExceptionMessage": told}, 500)
    if found := re.fullmatch(r"matters/(\d+)/(histories|attachments)", path):
        return "detail", as_json(_details(int(found[1]), found[2]))
    given = request.args
    columns = [own_name("legistar", name) for name in portal.columns if name != "link"]
    wanted = given["$select"].split(",")
    if gone := set(wanted) - {*columns, *OTHERS}:
        told = f"Could not find a property named '{min(gone)}' on type 'LegistarWebAPI.Models.v1.GranicusMatter'."
        return "page", as_json({"Message": f"The query specified in the URI is not valid. {told}"}, 400)
    newest = given.get("$orderby", "").endswith(" desc")
    rows = sorted(portal.rows, key=lambda row: row["id"], reverse=newest)
    bounds = {"gt": 0, "le": 10**9} | {than: int(one) for than, one in re.findall(r"MatterId (gt|le) (\d+)", given.get("$filter", ""))}
    rows = [row for row in ordered(portal, "$orderby" in given, rows) if bounds["gt"] < row["id"] <= bounds["le"]]
    page = rows[: min(int(given.get("$top", 1_000)), portal.most)]
    return "meta" if newest else "page", as_json([_matter(row, wanted) for row in page])


def _matter(row: Row, wanted: list[str]) -> Row:
    """Null is said; a moment's fraction may be missing."""
    moment = f"2026-01-01T{row['id'] % 86_400 // 3600:02}:{row['id'] % 3600 // 60:02}:{row['id'] % 60:02}"
    told = {own: row.get(name) for name, own in NAMES["legistar"].items()}
    told |= {"MatterStatusName": row.get("MatterStatusName", "Passed" if row["id"] % 2 else "Filed")}
    told |= {"MatterId": row["id"], "MatterGuid": f"GUID-{row['id']}", "MatterIntroDate": f"{row['starts']}T00:00:00",
             "MatterLastModifiedUtc": moment if row["id"] % 2 else f"{moment}.087"}  # fmt: skip
    return {name: told.get(name, row.get(name)) for name in wanted}


def _details(matter: int, kind: str) -> list[Row]:
    """As recorded, some of them stand there twice."""
    if kind == "attachments":
        one = {"MatterAttachmentName": "Contract", "MatterAttachmentHyperlink": f"https://synthetic.legistar1.com/{matter}.pdf"}
        return [one, one, {**one, "MatterAttachmentName": "Report"}]
    return [{"MatterHistoryActionDate": "2024-02-01T00:00:00", "MatterHistoryActionName": "Approved", "MatterHistoryActionBodyName":
             "City Council", "MatterHistoryPassedFlagName": "Pass", "MatterHistoryMoverName": "SYNTHETIC PERSON"}]  # fmt: skip


def finds(query: str, row: Row) -> bool:
    """Each phrase finds two thirds of the rows, and two of them find all; so many rows are found twice."""
    return bool((row["id"] + len(query)) % 3)


def documentcloud(portal: Simulator, request: Request) -> tuple[str, Response]:
    """Total, page and an opaque cursor; who uploaded a document is a number unless more is asked for."""
    given = request.args
    rows = [row for row in portal.rows if finds(given["q"], row)]
    start, size = int(given.get("cursor", "c0")[1:]), min(int(given.get("per_page", 25)), 100, portal.most)
    after = f"{portal.base}{request.path}?{urlencode({**given.to_dict(), 'cursor': f'c{start + size}'})}"
    page = [_document(portal, row, given.get("expand", "")) for row in rows[start : start + size]]
    last = start + size >= len(rows)
    return "page", as_json({"count": len(rows) + portal.lie, "next": None if last else after, "previous": None, "results": page,
                            "escaped": False})  # fmt: skip


def _document(portal: Simulator, row: Row, expand: str) -> Row:
    told: dict[str, Any] = {own_name("documentcloud", name): row.get(name) for name in portal.columns}
    told["id"], told["user"] = str(row["id"]), {"id": 7, "name": row["person"]} if "user" in expand else 7
    told["created_at"] = f"{row['starts']}T00:00:00Z"
    if told.pop("organization.name", None):
        told["organization"] = {"id": 9, "name": row["unit"]} if "organization" in expand else 9
    return told


def usaspending(portal: Simulator, request: Request) -> tuple[str, Response]:
    """A search by POST. At most 100 a page, and past the window only with the last award's id and sort value together."""
    asked = json.loads(request.get_data())
    (query,) = asked["filters"]["keywords"]
    rows = [row for row in portal.rows if finds(query, row)]
    if request.path.endswith("/spending_by_award_count/"):
        return "count", as_json({"results": {"grants": 0, "contracts": len(rows) + portal.lie, "idvs": 0}, "messages": []})
    known = {own_name("usaspending", name) for name in portal.columns}
    if gone := set(asked["fields"]) - known:
        return "page", as_json({"detail": f"Invalid value in 'fields': '{min(gone)}'"}, 422)
    size = min(asked["limit"], 100, portal.most)
    start = (asked["page"] - 1) * size
    if start + size > portal.window and not asked.get("last_record_unique_id"):
        told = f"Page #{asked['page']} is over the maximum result limit {portal.window}. Please provide the 'last_record_sort_value'"
        return "page", as_json({"detail": f"{told} and 'last_record_unique_id'"}, 422)
    if "last_record_unique_id" in asked:
        start = next(at for at, row in enumerate(rows, 1) if row["id"] == asked["last_record_unique_id"])
        assert asked["last_record_sort_value"] == rows[start - 1]["number"]
    page = ordered(portal, bool(asked.get("sort")), rows)[start : start + size]
    more = start + size < len(rows)
    told = {"page": asked["page"], "hasNext": more, "last_record_unique_id": page[-1]["id"] if more else None,
            "last_record_sort_value": page[-1]["number"] if more else "None"}  # fmt: skip
    results = [{**{name: _award(row, name) for name in asked["fields"]}, "internal_id": row["id"],
                "generated_internal_id": str(row["id"])} for row in page]  # fmt: skip
    return "page", as_json({"spending_level": "awards", "limit": size, "results": results, "page_metadata": told, "messages": []})


def _award(row: Row, name: str) -> Any:
    plain = {own: column for column, own in NAMES["usaspending"].items()}
    return row.get(plain.get(name, name))
