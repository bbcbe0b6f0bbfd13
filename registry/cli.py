"""The `registry` command: parse, call one function, print. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from . import __version__
from .commands import JSON, QUIET, new, paths_of, site
from .errors import FactsError, RegistryError


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


_FILE = click.argument("file", type=click.File("rb"))


@main.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--offline", is_flag=True, help="Use only what is on disk: archived loads and bundled extracts.")
@click.option("--from", "given", metavar="PATH", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Load the one SOURCE from this file.")
@click.option("--fetch-only", is_flag=True, help="Only bring the bytes into the archive; a load --offline builds from them later.")
@JSON
@QUIET
@click.pass_context
def load(ctx: click.Context, sources: tuple[str, ...], offline: bool, given: Path | None, fetch_only: bool, as_json: bool,
         quiet: bool) -> None:
    """Load sources, judge every contract and record, and build the registry (all sources unless named).

    Without --offline each source that says how (access: in its file) is fetched from its portal. Where a portal fails,
    what was loaded before stays, coverage says so, the other sources are loaded, and the exit status is 1.

    \b
    Examples:
      registry load --offline
      registry load us-ma-cambridge-contracts
      registry load us-il-chicago-contracts --from contracts.csv
    """
    if fetch_only and (offline or given):
        raise click.UsageError("--fetch-only asks portals; it goes with neither --offline nor --from.")
    if fetch_only:
        from .fetching import run_fetch

        sys.exit(run_fetch(paths_of(ctx), sources, as_json, quiet))
    from .running import run_load

    sys.exit(run_load(paths_of(ctx), sources, given, as_json, quiet, offline))


@main.command()
@JSON
@QUIET
@click.pass_context
def tag(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """Match and judge again what is staged already, after a change to data/; reads no portal file.

    \b
    Example:
      registry tag
    """
    from .running import run_tag

    sys.exit(run_tag(paths_of(ctx), as_json, quiet))


@main.command()
@click.argument("source", required=False, metavar="[SOURCE]")
@click.option("--since", metavar="DATE", help="Every load first read on DATE (YYYY-MM-DD) or later, not only the newest.")
@JSON
@click.pass_context
def diff(ctx: click.Context, source: str | None, since: str | None, as_json: bool) -> None:
    """Tell what the newest load of each source (or of SOURCE) changed in what we hold.

    Each load is compared with the one before it. What vanished from a publisher's list stays in the registry, marked.

    \b
    Examples:
      registry diff
      registry diff us-il-chicago-contracts --since 2026-11-01 --json
    """
    from .diff import differences, in_words

    found = differences(paths_of(ctx).registry, source, since)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else in_words(found))


@main.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--probe", is_flag=True, help="Ask each portal what it has now and compare; loads nothing.")
@click.option("--shards", metavar="N", type=click.IntRange(min=1), help="Print the names of at most N shards, as JSON in one line.")
@click.option("--shard", metavar="NAME", help="Print the ids of the sources of one of them, a line each. Goes with --shards.")
@JSON
@click.pass_context
def sources(ctx: click.Context, sources: tuple[str, ...], probe: bool, shards: int | None, shard: str | None, as_json: bool) -> None:
    """List the sources: what each is, what is loaded of it, and when it was last probed.

    With --probe each portal is asked for its columns, its number of rows and one row. The exit status is 1 where one
    is not as its source file says. With --shards the sources that are fetched are divided among jobs that run at once: all
    of one host stay together, so that it is asked at one job's pace.

    \b
    Examples:
      registry sources --json
      registry sources --probe us-ma-cambridge-contracts
      registry sources --shards 200
    """
    if probe:
        from .probing import run_probe

        sys.exit(run_probe(paths_of(ctx), sources, as_json))
    if sources or (shard and not shards):
        raise click.UsageError("SOURCE is for --probe, without it all sources are listed; --shard goes with --shards.")
    if shards:
        from .listing import shard_lines

        click.echo(shard_lines(paths_of(ctx), shards, shard))
        return
    from .listing import source_list, source_table

    listed = source_list(paths_of(ctx))
    click.echo(json.dumps(listed, indent=2) if as_json else source_table(listed))


@main.command()
@QUIET
@click.pass_context
def check(ctx: click.Context, quiet: bool) -> None:
    """Validate every file of data/ and run the examples it carries.

    \b
    Example:
      registry check
    """
    from .checking import check_data

    report = check_data(paths_of(ctx).data)
    for problem in report.problems:
        click.echo(problem, err=True)
    if not quiet:
        click.echo(report.summary)
    sys.exit(1 if report.problems else 0)


@main.command()
@click.argument("contract")
@JSON
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

    told = story(paths_of(ctx).registry, contract)
    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else in_words(told))


@main.command()
@_FILE
@JSON
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

    judged = judge_json(paths_of(ctx).data, file.read())
    click.echo(json.dumps(judged, indent=2, ensure_ascii=False) if as_json else judgement_in_words(judged))


@main.command()
@_FILE
@click.option("--predictions", type=click.Path(path_type=Path), help="Also write pair_id, technologies, leads of every pair to this CSV.")
@JSON
@click.pass_context
def evaluate(ctx: click.Context, file: Any, predictions: Path | None, as_json: bool) -> None:
    """Score the matching on labelled rows (a CSV with pair_id, description, supplier, department, labels ...).

    \b
    Example:
      registry evaluate labelled.csv --predictions predictions.csv
    """
    from .evaluating import evaluate_csv, scores_in_words

    scores = evaluate_csv(paths_of(ctx).data, file, predictions)
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

    click.echo(run_snapshot(paths_of(ctx), source))


for command in (site.export, site.serve, site.publish, site.verify_copy, new.new):
    main.add_command(command)
