"""Every table as CSV with a `datapackage.json` (https://specs.frictionlessdata.io/data-package/) that says what each column means."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from .schema import TABLES
from .sql import open_read_only, quoted
from .table_schema import table_schema
from .unchanged import sha256_of

NAME = "surveillance-procurement-registry"


def _write_csv(db: sqlite3.Connection, name: str, path: Path) -> None:
    """One table in the order of its key; nothing known is an empty cell."""
    columns = list(TABLES[name].columns)
    chosen = ", ".join(quoted(column) for column in columns)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(db.execute(f"SELECT {chosen} FROM {quoted(name)} ORDER BY {quoted(TABLES[name].pk)}"))


def _schema(name: str, words: dict[str, str]) -> dict[str, Any]:
    known = table_schema(TABLES[name])
    return {**known, "fields": [{**field, "description": words.get(field["name"], "")} for field in known["fields"]]}


def resource(name: str, words: dict[str, Any], path: Path) -> dict[str, Any]:
    """What the package says of one table's file."""
    return {
        "name": name, "title": words.get("title", name), "description": words.get("description", ""),
        "path": f"data/{name}.csv", "profile": "tabular-data-resource", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
        "bytes": path.stat().st_size, "hash": f"sha256:{sha256_of(path)}",
        "schema": _schema(name, words.get("columns", {})),
    }  # fmt: skip


def write_datapackage(registry_db: Path, metadata: Any, folder: Path, loaded: str) -> None:
    """Write data/*.csv and datapackage.json below `folder`."""
    (folder / "data").mkdir()
    words = metadata["databases"]["registry"]["tables"]
    with closing(open_read_only(registry_db)) as db:
        for name in TABLES:
            _write_csv(db, name, folder / "data" / f"{name}.csv")
    package = {
        "profile": "tabular-data-package", "name": NAME, "title": metadata["title"], "description": metadata["description"],
        "created": loaded,
        "licenses": [{"name": "CC-BY-4.0", "path": metadata["license_url"], "title": metadata["license"]}],
        "resources": [resource(name, words.get(name, {}), folder / "data" / f"{name}.csv") for name in TABLES],
    }  # fmt: skip
    (folder / "datapackage.json").write_text(json.dumps(package, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
