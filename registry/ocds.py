"""`registry export --format ocds`: every contract as one OCDS 1.1 release package, written piece by piece."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from datasette.utils import parse_metadata

from .errors import FactsError
from .serve import site_files
from .sql import open_read_only

# A prefix is given to a publisher by the Open Contracting Partnership: https://standard.open-contracting.org/latest/en/guidance/build/#prefix
PREFIX = re.compile("ocds-[a-z0-9]{6}")
RELEASES = "SELECT json_set(release, '$.ocid', ? || '-' || contract) FROM ocds_releases ORDER BY contract"


def package_head(metadata: dict[str, Any], published: str, made_from: str) -> dict[str, Any]:
    """The package without its releases; `published` is an ISO date-time in UTC, `made_from` what the registry was made from.

    A file has no address of its own, so its URI is a name: the same registry gives the same.
    """
    return {
        "uri": uuid.uuid5(uuid.NAMESPACE_OID, made_from).urn, "version": "1.1", "extensions": [], "publishedDate": published,
        "publisher": {"name": metadata["title"]}, "license": metadata["license_url"],
    }  # fmt: skip


def checked_prefix(prefix: str) -> str:
    """An ocid prefix such as ocds-a1b2c3; FactsError for anything else."""
    if not PREFIX.fullmatch(prefix):
        raise FactsError(f"`{prefix}` is no ocid prefix. It is `ocds-` and six small letters or digits, as registered for you.")
    return prefix


def release_package(registry_db: Path, root: Path, prefix: str | None = None) -> Iterator[str]:
    """Pieces of the JSON text of the whole package; RegistryError when there is no registry yet."""
    with closing(open_read_only(registry_db)) as db:
        metadata = parse_metadata(site_files(root)["metadata"].read_text(encoding="utf-8"))
        wanted = checked_prefix(prefix or metadata["plugins"]["ocds"]["prefix"])
        published = db.execute("SELECT max(read_at) FROM loads").fetchone()[0] or "1970-01-01T00:00:00Z"
        made_from = db.execute("SELECT max(value) FROM about_this_registry WHERE id = 'made_from'").fetchone()[0] or ""
        yield json.dumps(package_head(metadata, published, made_from), ensure_ascii=False)[:-1] + ', "releases": ['
        for number, (release,) in enumerate(db.execute(RELEASES, (wanted,))):
            yield (",\n" if number else "\n") + release
        yield "\n]}\n"
