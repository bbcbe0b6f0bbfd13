"""Commands that show the registry to others: `export`, `serve`, `publish`, `verify-copy`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..errors import FactsError, RegistryError
from . import QUIET, paths_of


@click.command()
@click.option("--format", "form", type=click.Choice(("ocds",)), default="ocds", show_default=True, metavar="FORMAT",
              help="ocds: one release package of the Open Contracting Data Standard 1.1, every contract a release.")
@click.option("--prefix", metavar="PREFIX", help="The ocid prefix registered for you (default: the one in metadata.yml).")
@click.pass_context
def export(ctx: click.Context, form: str, prefix: str | None) -> None:
    """Write every contract to standard output in a form that other tools read.

    \b
    Example:
      registry export --format ocds > release-package.json
    """
    from ..ocds import release_package

    paths = paths_of(ctx)
    for piece in {"ocds": release_package}[form](paths.registry, paths.root, prefix):
        click.echo(piece, nl=False)


@click.command()
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.pass_context
def serve(ctx: click.Context, port: int, host: str) -> None:
    """Open the registry as a site in your browser's reach.

    \b
    Example:
      registry serve --port 8010
    """
    from ..serve import serve as serve_site

    paths = paths_of(ctx)
    if not paths.registry.exists():
        raise RegistryError(f"{paths.registry} does not exist yet. Run `registry load --offline` first.")
    serve_site(paths.registry, paths.root, host, port)


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--project", metavar="NAME", help="The Vercel project to publish to.")
@click.option("--dry-run", is_flag=True, help="Do everything but deploy, and keep nothing. Needs no account.")
@click.option("--generate-dir", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="Write the site into DIR and stop. Needs no account.")
@click.option("--target", type=click.Choice(("vercel", "docker", "static")), default="vercel", show_default=True, metavar="TARGET",
              help="vercel, docker (a folder with a Dockerfile) or static (an edition to read offline); DIRECTORY says where.")
@click.option("--no-sql", is_flag=True, help="Readers may not bring SQL of their own; the ready questions stay.")
@click.option("--address", metavar="URL", help="Where to look after deploying (default: https://NAME.vercel.app).")
@click.pass_context
def publish(ctx: click.Context, directory: Path | None, project: str | None, dry_run: bool, generate_dir: Path | None, target: str,
            no_sql: bool, address: str | None) -> None:
    """Publish exactly what `registry serve` shows: verify it, make it small, try every kind of page, deploy, try again.

    \b
    Examples:
      registry publish --project surveillance-registry
      registry publish --dry-run
      registry publish --target docker site
      registry publish --target static edition
    """
    from ..publish import Order
    from ..publish import publish as publish_site

    if directory is not None and generate_dir is not None:
        raise FactsError("Give DIRECTORY or --generate-dir, not both.")
    order = Order(target, project, directory or generate_dir, dry_run, not no_sql, address)
    click.echo(publish_site(paths_of(ctx), order, lambda words: click.echo(words, err=True)))


@click.command("verify-copy")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@QUIET
def verify_copy(directory: Path, quiet: bool) -> None:
    """Check that a copy of the offline edition is the same to the byte: nothing changed, missing or added.

    \b
    Example:
      registry verify-copy edition
    """
    from ..manifest import verdict

    found, words = verdict(directory)
    for line in found:
        click.echo(line, err=True)
    if not quiet:
        click.echo(words)
    sys.exit(1 if found else 0)
