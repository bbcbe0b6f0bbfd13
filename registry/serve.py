"""Open the site: one dictionary of settings for the command line, for tests and for publishing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datasette.app import Datasette
from datasette.cli import cli as datasette_cli
from datasette.utils import parse_metadata

# Milliseconds, rows, megabytes and seconds. Suggesting facets costs more than the page itself; the facets people
# need are named in metadata.yml. A shared link is read many times between loads, so pages may be cached for minutes.
SETTINGS: dict[str, Any] = {
    "suggest_facets": False,
    "sql_time_limit_ms": 2000,
    "facet_time_limit_ms": 500,
    "max_returned_rows": 1000,
    "default_page_size": 50,
    "default_facet_size": 8,
    "truncate_cells_html": 400,
    "default_cache_ttl": 300,
    "allow_csv_stream": True,
    "max_csv_mb": 100,
}

STATIC_MOUNT = "static"


def site_files(root: Path) -> dict[str, Path]:
    """Where a checkout keeps the words and the behaviour of its site."""
    return {
        "metadata": root / "metadata.yml",
        "plugins": root / "plugins",
        "templates": root / "plugins" / "templates",
        "static": root / "plugins" / "static",
    }


def _setting_text(value: Any) -> str:
    """A setting as Datasette's command line takes it."""
    return str(int(value))


def datasette_arguments(registry_db: Path, root: Path, host: str, port: int) -> list[str]:
    """The arguments of `datasette` that open this registry.db with the site of `root`."""
    files = site_files(root)
    arguments = [
        "serve", "--immutable", str(registry_db), "--host", host, "--port", str(port),
        "--metadata", str(files["metadata"]), "--plugins-dir", str(files["plugins"]),
        "--template-dir", str(files["templates"]), "--static", f"{STATIC_MOUNT}:{files['static']}",
    ]  # fmt: skip
    for name, value in SETTINGS.items():
        arguments += ["--setting", name, _setting_text(value)]
    return arguments


def serve(registry_db: Path, root: Path, host: str = "127.0.0.1", port: int = 8001) -> None:
    """Run the site in this process until it is interrupted; Datasette ends it with SystemExit."""
    datasette_cli.main(args=datasette_arguments(registry_db, root, host, port), prog_name="datasette")


def test_client(registry_db: Path, root: Path) -> Datasette:
    """The same site without a port: `await site.client.get("/")` asks it in this process."""
    files = site_files(root)
    return Datasette(
        immutables=[str(registry_db)],
        metadata=parse_metadata(files["metadata"].read_text(encoding="utf-8")),
        plugins_dir=str(files["plugins"]),
        template_dir=str(files["templates"]),
        static_mounts=[(STATIC_MOUNT, str(files["static"]))],
        settings=dict(SETTINGS),
    )


# pytest would otherwise collect the imported name as a test.
test_client.__test__ = False  # type: ignore[attr-defined]
