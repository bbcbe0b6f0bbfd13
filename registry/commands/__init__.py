"""What every command of the command line shares; each command parses, calls one function and prints."""

from __future__ import annotations

import click

from ..paths import Paths, find_paths

QUIET = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")


def paths_of(ctx: click.Context) -> Paths:
    """Where the data and the build folder are, by --data or the environment."""
    return find_paths(ctx.obj)
