"""What each table holds, as Table Schema (https://specs.frictionlessdata.io/table-schema/): columns, types, key, links.

It is baked into registry.db as the view `data_package`, because the published site knows no Python of ours: the data package
of the site and that of the offline edition then say the same.
"""

from __future__ import annotations

import json
from typing import Any

from .schema import TABLES, Table

KINDS: dict[type, str] = {str: "string", int: "integer", float: "number"}


def table_schema(table: Table) -> dict[str, Any]:
    """The schema of one table without the words for its columns, which are those of metadata.yml."""
    fields = [{"name": name, "type": KINDS[kind]} for name, kind in table.columns.items()]
    links = [
        {"fields": [column], "reference": {"resource": other, "fields": [TABLES[other].pk]}}
        for column, other in table.links.items()
    ]
    return {"fields": fields, "primaryKey": [table.pk], "missingValues": [""], **({"foreignKeys": links} if links else {})}


def _row(name: str, table: Table) -> str:
    literal = json.dumps(table_schema(table)).replace("'", "''")
    return f"select '{name}' as name, '{literal}' as schema"


DATA_PACKAGE = "\nunion all ".join(_row(name, table) for name, table in TABLES.items())
