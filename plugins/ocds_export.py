"""/export/ocds.json: every contract as one OCDS 1.1 release package, written to the reader as it is read.

The releases are those of the view `ocds_releases`, so this file and `registry export` cannot differ; here the package's
URI is its own address.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import AsgiStream

DATABASE = "registry"
BATCH = 500  # releases; a statement may take two seconds, all of a large registry would take longer

_BATCH = """
select contract, json_set(release, '$.ocid', :prefix || '-' || contract) as release
from ocds_releases where contract > :after order by contract limit :most
"""


async def _releases(datasette: Any, prefix: str) -> AsyncIterator[str]:
    after = ""
    while True:
        rows = list(await datasette.get_database(DATABASE).execute(_BATCH, {"prefix": prefix, "after": after, "most": BATCH}))
        for row in rows:
            yield row["release"]
        if len(rows) < BATCH:
            return
        after = rows[-1]["contract"]


async def _head(datasette: Any, request: Any) -> dict[str, Any]:
    rows = await datasette.get_database(DATABASE).execute("select max(read_at) from loads")
    return {
        "uri": datasette.absolute_url(request, datasette.urls.path("/export/ocds.json")), "version": "1.1", "extensions": [],
        "publishedDate": rows.single_value() or "1970-01-01T00:00:00Z", "publisher": {"name": datasette.metadata("title")},
        "license": datasette.metadata("license_url"),
    }  # fmt: skip


async def ocds_json(datasette: Any, request: Any, send: Any) -> None:
    """/export/ocds.json"""
    head = await _head(datasette, request)
    prefix = datasette.plugin_config("ocds")["prefix"]

    async def write(out: Any) -> None:
        await out.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "releases": [')
        between = "\n"
        async for release in _releases(datasette, prefix):
            await out.write(between + release)
            between = ",\n"
        await out.write("\n]}\n")

    await AsgiStream(write, content_type="application/json; charset=utf-8").asgi_send(send)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """The one address."""
    return [(r"^/export/ocds\.json$", ocds_json)]
