"""The `registry` command: parse, call one function, print. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from . import __version__
from .errors import FactsError, RegistryError
from .paths import Paths, find_paths


class _Commands(click.Group):
    """Turns every refusal into one line on stderr and exit status 1 (2 for a wrong command line)."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FactsError as error:
            raise click.UsageError(str(error)) from error
        except RegistryError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
@click.option("--data", metavar="PATH", help="The data/ folder of a checkout (default: REGISTRY_DATA, else ./data).")
@click.pass_context
def main(ctx: click.Context, data: str | None) -> None:
    """Load city contracts and public records, match them to surveillance technologies, say what the law requires.

    \b
    Example: a first registry from the bundled extract, then look at it
      registry load --offline
      registry serve
    """
    ctx.obj = data


def _paths(ctx: click.Context) -> Paths:
    return find_paths(ctx.obj)


_QUIET = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
_FILE = click.argument("file", type=click.File("rb"))


@main.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--offline", is_flag=True, help="Use only what is on disk: archived loads and bundled extracts.")
@click.option("--from", "given", type=click.Path(path_type=Path), help="Load the one SOURCE from this file.")
@_JSON
@_QUIET
@click.pass_context
def load(ctx: click.Context, sources: tuple[str, ...], offline: bool, given: Path | None, as_json: bool, quiet: bool) -> None:
    """Load sources, judge every contract and record, and build the registry (all sources unless named).

    Without --offline each source that says how (access: in its file) is fetched from its portal. Where a portal fails,
    what was loaded before stays, coverage says so, the other sources are loaded, and the exit status is 1.

    \b
    Examples:
      registry load --offline
      registry load us-ma-cambridge-contracts
      registry load us-il-chicago-contracts --from contracts.csv
    """
    from .running import run_load

    sys.exit(run_load(_paths(ctx), sources, given, as_json, quiet, offline))


@main.command()
@_JSON
@_QUIET
@click.pass_context
def tag(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """Match and judge again what is staged already, after a change to data/; reads no portal file.

    \b
    Example:
      registry tag
    """
    from .running import run_tag

    sys.exit(run_tag(_paths(ctx), as_json, quiet))


@main.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--probe", is_flag=True, help="Ask each portal what it has now and compare; loads nothing.")
@_JSON
@click.pass_context
def sources(ctx: click.Context, sources: tuple[str, ...], probe: bool, as_json: bool) -> None:
    """List the sources: what each is, what is loaded of it, and when it was last probed.

    With --probe each portal is asked for its columns, its number of rows and one row. The exit status is 1 where one
    is not as its source file says.

    \b
    Examples:
      registry sources --json
      registry sources --probe us-ma-cambridge-contracts
    """
    if probe:
        from .probing import run_probe

        sys.exit(run_probe(_paths(ctx), sources, as_json))
    if sources:
        raise click.UsageError("SOURCE is for --probe; without it all sources are listed.")
    from .listing import source_list, source_table

    listed = source_list(_paths(ctx))
    click.echo(json.dumps(listed, indent=2) if as_json else source_table(listed))


@main.command()
@_QUIET
@click.pass_context
def check(ctx: click.Context, quiet: bool) -> None:
    """Validate every file of data/ and run the examples it carries.

    \b
    Example:
      registry check
    """
    from .checking import check_data

    report = check_data(_paths(ctx).data)
    for problem in report.problems:
        click.echo(problem, err=True)
    if not quiet:
        click.echo(report.summary)
    sys.exit(1 if report.problems else 0)


@main.command()
@click.argument("contract")
@_JSON
@click.pass_context
def explain(ctx: click.Context, contract: str, as_json: bool) -> None:
    """Tell the whole story of one contract, record, payment, matter or document: row, match, rule, citation.

    CONTRACT is an id as the site shows it, or the number of a contract or a matter.

    \b
    Example:
      registry explain us-il-chicago_71366
    """
    from .explain import explain as story
    from .explain import in_words

    told = story(_paths(ctx).registry, contract)
    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else in_words(told))


@main.command()
@_FILE
@_JSON
@click.pass_context
def judge(ctx: click.Context, file: Any, as_json: bool) -> None:
    """Say what the law would require of the facts in FILE (JSON; `-` reads standard input).

    \b
    Example:
      echo '{"jurisdiction": "us-ma-boston", "department": "Boston Police Department",
             "tech": ["drone"], "action": "acquire", "award_date": "2024-05-01", "face": "no"}' \\
        | registry judge - --json
    """
    from .judging import judge_json, judgement_in_words

    judged = judge_json(_paths(ctx).data, file.read())
    click.echo(json.dumps(judged, indent=2, ensure_ascii=False) if as_json else judgement_in_words(judged))


@main.command()
@_FILE
@click.option("--predictions", type=click.Path(path_type=Path), help="Also write pair_id, technologies, leads of every pair to this CSV.")
@_JSON
@click.pass_context
def evaluate(ctx: click.Context, file: Any, predictions: Path | None, as_json: bool) -> None:
    """Score the matching on labelled rows (a CSV with pair_id, description, supplier, department, labels ...).

    \b
    Example:
      registry evaluate labelled.csv --predictions predictions.csv
    """
    from .evaluating import evaluate_csv, scores_in_words

    scores = evaluate_csv(_paths(ctx).data, file, predictions)
    click.echo(json.dumps(scores, indent=2, ensure_ascii=False) if as_json else scores_in_words(scores))


@main.command()
@click.argument("source")
@click.pass_context
def snapshot(ctx: click.Context, source: str) -> None:
    """Write data/snapshots for SOURCE: the raw rows of every contract that matches, from the whole file staged last.

    \b
    Example:
      registry load us-il-chicago-contracts --from contracts.csv
      registry snapshot us-il-chicago-contracts
    """
    from .running import run_snapshot

    click.echo(run_snapshot(_paths(ctx), source))


@main.command()
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
    from .ocds import release_package

    paths = _paths(ctx)
    for piece in {"ocds": release_package}[form](paths.registry, paths.root, prefix):
        click.echo(piece, nl=False)


@main.command()
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.pass_context
def serve(ctx: click.Context, port: int, host: str) -> None:
    """Open the registry as a site in your browser's reach.

    \b
    Example:
      registry serve --port 8010
    """
    from .serve import serve as serve_site

    paths = _paths(ctx)
    if not paths.registry.exists():
        raise RegistryError(f"{paths.registry} does not exist yet. Run `registry load --offline` first.")
    serve_site(paths.registry, paths.root, host, port)


@main.command()
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
    from .publish import Order
    from .publish import publish as publish_site

    if directory is not None and generate_dir is not None:
        raise FactsError("Give DIRECTORY or --generate-dir, not both.")
    order = Order(target, project, directory or generate_dir, dry_run, not no_sql, address)
    click.echo(publish_site(_paths(ctx), order, lambda words: click.echo(words, err=True)))


@main.command("verify-copy")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_QUIET
def verify_copy(directory: Path, quiet: bool) -> None:
    """Check that a copy of the offline edition is the same to the byte: nothing changed, missing or added.

    \b
    Example:
      registry verify-copy edition
    """
    from .manifest import verdict

    found, words = verdict(directory)
    for line in found:
        click.echo(line, err=True)
    if not quiet:
        click.echo(words)
    sys.exit(1 if found else 0)
