"""/export/datapackage.json and /export/data/TABLE.csv: the whole registry as a Frictionless data package.

Columns, types, keys and links are those of the view `data_package`, the words those of metadata.yml: what this says of a table is
what the offline edition says of it, but for the size and hash of a file that is only written when it is asked for.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

from datasette import Response, hookimpl
from datasette.utils import escape_sqlite
from datasette.utils.asgi import AsgiStream, NotFound

DATABASE = "registry"
BATCH = 1000  # rows; a statement may take two seconds, all of a large table would take longer
NAME = "surveillance-procurement-registry"
JSON = "application/vnd.datapackage+json; charset=utf-8"


async def _schemas(datasette: Any) -> dict[str, dict[str, Any]]:
    rows = await datasette.get_database(DATABASE).execute("select name, schema from data_package")
    return {row["name"]: json.loads(row["schema"]) for row in rows}


def resource(name: str, schema: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
    """What the package says of one table."""
    columns = words.get("columns") or {}
    fields = [{**field, "description": columns.get(field["name"], "")} for field in schema["fields"]]
    return {
        "name": name, "title": words.get("title", name), "description": words.get("description", ""), "path": f"data/{name}.csv",
        "profile": "tabular-data-resource", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
        "schema": {**schema, "fields": fields},
    }  # fmt: skip


async def package(datasette: Any, request: Any) -> Response:
    """/export/datapackage.json"""
    loaded = await datasette.get_database(DATABASE).execute("select max(read_at) from loads")
    words = {name: datasette.metadata(name) for name in ("title", "description", "license", "license_url")}
    schemas = await _schemas(datasette)
    told = {
        "profile": "tabular-data-package", "name": NAME, "title": words["title"], "description": words["description"],
        "created": loaded.single_value() or "1970-01-01T00:00:00Z",
        "licenses": [{"name": "CC-BY-4.0", "path": words["license_url"], "title": words["license"]}],
        "resources": [resource(name, schema, datasette.table_metadata(DATABASE, name)) for name, schema in schemas.items()],
    }  # fmt: skip
    return Response(json.dumps(told, indent=1, ensure_ascii=False) + "\n", content_type=JSON)


async def _pieces(datasette: Any, name: str, columns: list[str], key: str) -> AsyncIterator[str]:
    """The CSV of a table in the order of its key, written while it is read."""
    listed = ", ".join(map(escape_sqlite, columns))
    sql = f"select {listed} from {escape_sqlite(name)} where {escape_sqlite(key)} > :after order by {escape_sqlite(key)} limit :most"
    rows, after = [tuple(columns)], ""
    while rows:
        part = io.StringIO(newline="")
        csv.writer(part, lineterminator="\n").writerows(rows)
        yield part.getvalue()
        rows = [tuple(row) for row in await datasette.get_database(DATABASE).execute(sql, {"after": after, "most": BATCH})]
        after = rows[-1][columns.index(key)] if rows else after


async def table_csv(datasette: Any, request: Any, send: Any) -> None:
    """/export/data/TABLE.csv"""
    name = request.url_vars["table"]
    schema = (await _schemas(datasette)).get(name)
    if schema is None:
        raise NotFound(f"The data package has no table {name}.")
    columns, (key,) = [field["name"] for field in schema["fields"]], schema["primaryKey"]

    async def write(out: Any) -> None:
        async for piece in _pieces(datasette, name, columns, key):
            await out.write(piece)

    await AsgiStream(write, content_type="text/csv; charset=utf-8").asgi_send(send)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The description and the tables."""
    return [(r"^/export/datapackage\.json$", package), (r"^/export/data/(?P<table>\w+)\.csv$", table_csv)]
