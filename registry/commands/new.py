"""`registry new`: first drafts of the files of data/, so that a place, a source or a product is added with no Python."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from ..kinds import KindName
from ..law import Kind as LawKind
from ..law import PlaceKind
from ..records import CLOSED, COLUMNS
from ..source import SLUG
from . import paths_of

F = TypeVar("F", bound=Callable[..., Any])


def _fit(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not re.fullmatch(SLUG, value):
        raise click.BadParameter("it names a file: small letters, digits, `-` and `_`.")
    return value


_SLUG = click.argument("slug", callback=_fit)
_PLACE = "The place's id, as its file in data/jurisdictions is named."


@click.group()
def new() -> None:
    """Write the first draft of a file of data/: a source, technology, supplier, place, law, or a record.

    No file is ever overwritten. What is marked TODO in a draft is for you to write: `registry check` lists it, and nothing is
    loaded until it is written. Everything in a draft is unverified until you say what it rests on.

    \b
    Example: a city from the address of its list of contracts
      registry new place us-ex-sampleton --name "Sampleton, EX" --state ex
      registry new source us-ex-sampleton-contracts --url https://data.example.org/d/abcd-1234 --jurisdiction us-ex-sampleton
    """


@new.command()
@_SLUG
@click.option("--url", required=True, help="The data set's page on its portal, or the address of its data.")
@click.option("--jurisdiction", metavar="ID", default="", help=_PLACE)
@click.option("--kind", type=click.Choice(get_args(KindName)), metavar="KIND",
              help=f"What its rows are: {', '.join(get_args(KindName))}.  [default: contracts; matters for a council]")
@click.option("--host", "hosts", metavar="HOST", multiple=True, help="A further host to which the portal may lead. May be repeated.")
@click.option("--encoding", default="utf-8-sig", show_default=True, help="The encoding of a file, such as latin-1.")
@click.option("--sheet", metavar="NAME", default="", help="The sheet of a workbook that has several.")
@click.option("--rows-at", metavar="NAMES", default="", help="Where the rows of a JSON file are, such as data.items.")
@click.option("--offline", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Ask nobody: read the columns from a saved reply of the portal, or from the data file itself.")
@click.pass_context
def source(ctx: click.Context, slug: str, url: str, jurisdiction: str, kind: KindName | None, hosts: tuple[str, ...], encoding: str,
           sheet: str, rows_at: str, offline: Path | None) -> None:
    """Ask a portal what a data set has, and write its source file and a small recording of its first rows.

    The portal is told by the address: Socrata, CKAN, ArcGIS, a council on Legistar, or a .csv, .xlsx or .json file. Every
    column stands under ignore:, with the portal's own words; those that look personal stand under never_fetched:, and nothing of
    them is asked for. The status words of a council are listed, and what each comes to is for you to say.

    \b
    Examples:
      registry new source us-ex-sampleton-contracts --url https://data.example.org/d/abcd-1234 --jurisdiction us-ex-sampleton
      registry new source us-ex-sampleton-contracts --url https://data.example.org/contracts.csv --offline contracts.csv
      registry new source us-ex-sampleton-matters --url https://sampleton.legistar.com --jurisdiction us-ex-sampleton
    """
    from ..drafts.addresses import recognise
    from ..drafts.new_source import new_source
    from ..drafts.seen import Wanted

    wanted = Wanted(slug, url, jurisdiction, kind or recognise(url).kind, hosts, encoding, sheet, rows_at)
    click.echo(new_source(paths_of(ctx).data, wanted, offline))


@new.command()
@_SLUG
@click.option("--name", required=True, help="What a resident would call it.")
@click.option("--term", "terms", metavar="WORDS", multiple=True, help="Words by which contracts name it. May be repeated.")
@click.pass_context
def technology(ctx: click.Context, slug: str, name: str, terms: tuple[str, ...]) -> None:
    """Write the draft of a technology: what a city can buy, and the words by which contracts name it.

    \b
    Example:
      registry new technology crowd_counting --name "Crowd counting" --term "crowd counting" --term "crowd density sensor"
    """
    from ..drafts.entries import new_technology

    click.echo(new_technology(paths_of(ctx).data, slug, name, terms))


@new.command()
@_SLUG
@click.option("--name", required=True, help="The company's or programme's name.")
@click.option("--technology", "technologies", metavar="SLUG", multiple=True, help="A technology that it sells. May be repeated.")
@click.option("--product", "products", metavar="NAME", multiple=True, help="A product of its own name. May be repeated.")
@click.pass_context
def supplier(ctx: click.Context, slug: str, name: str, technologies: tuple[str, ...], products: tuple[str, ...]) -> None:
    """Write the draft of a supplier and its products; what is said of them is from memory until you give a source.

    \b
    Example:
      registry new supplier sample-sensors --name "Sample Sensors Inc." --technology cctv --product PlazaCam
    """
    from ..drafts.entries import new_supplier

    click.echo(new_supplier(paths_of(ctx).data, slug, name, technologies, products))


@new.command()
@_SLUG
@click.option("--name", required=True, help="The place's name, with its state: Sampleton, EX.")
@click.option("--state", required=True, metavar="XX", help="The state's two small letters.")
@click.option("--kind", type=click.Choice(get_args(PlaceKind)), metavar="KIND", default="city", show_default=True,
              help=f"One of {', '.join(get_args(PlaceKind))}.")
@click.pass_context
def place(ctx: click.Context, slug: str, name: str, state: str, kind: PlaceKind) -> None:
    """Write the draft of a place: a city, town, county or district, and its departments.

    \b
    Example:
      registry new place us-ex-sampleton --name "Sampleton, EX" --state ex
    """
    from ..drafts.entries import new_place

    click.echo(new_place(paths_of(ctx).data, slug, name, kind, state))


@new.command()
@_SLUG
@click.option("--jurisdiction", required=True, metavar="ID", help=_PLACE)
@click.option("--kind", required=True, type=click.Choice(get_args(LawKind)), metavar="KIND", help=f"One of {', '.join(get_args(LawKind))}.")
@click.option("--title", required=True, help="What the law is called.")
@click.pass_context
def law(ctx: click.Context, slug: str, jurisdiction: str, kind: LawKind, title: str) -> None:
    """Write the draft of a law: unverified, in force from no known day, so that no firm answer comes of it.

    \b
    Example:
      registry new law ex-sampleton-ccops --jurisdiction us-ex-sampleton --kind ccops --title "Surveillance Oversight Ordinance"
    """
    from ..drafts.entries import new_law

    click.echo(new_law(paths_of(ctx).data, slug, jurisdiction, kind, title))


# What a record cannot be without: asked for where it is not given, on a terminal only.
_ASKED = {
    "buyer_unit": "The department or body that acted.",
    "technology": "The slug of the technology.",
    "event_type": "What happened.",
    "title": "A short name of the fact.",
    "finding": "One sentence of your own: what the source says.",
    "evidence_grade": "How near the source is to the act.",
    "source_title": "What the document or article is called.",
    "source_publisher": "Who published it.",
    "source_url": "The address of the thing itself.",
}
_GIVEN = {
    "event_date": "YYYY, YYYY-MM or YYYY-MM-DD.",
    "stage": "How far it had come.",
    "product": "The product as the source names it.",
    "supplier": "The supplier as the source names it.",
    "amount": "Dollars, digits only.",
    "period_start": "First day of the term.",
    "period_end": "Last day of the term.",
    "channel": "How it was got or paid.",
    "channel_detail": "More of that in words.",
    "decided_by": "Who decided, where stage is decided.",
    "government_source": "yes only where the address is the acting body's own record.",
    "source_date": "When the source was published.",
    "same_as": "The id of the record that tells the same event.",
    "face_module": "yes where the source says that faces are recognised.",
    "review": "no once the source was read and everything fits; otherwise yes.",
    "notes": "Anything a reader must know.",
}


def _or_ask(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    """The value given, else an answer typed on the terminal; without a terminal a missing option is a wrong command line."""
    if value is None and sys.stdin.isatty():
        value = click.prompt(f"{getattr(param, 'help', '')} ({param.opts[0]})", type=param.type)
    if value is None:
        raise click.MissingParameter(ctx=ctx, param=param)
    return value


def _record_option(name: str, words: str, asked: bool) -> Callable[[F], F]:
    choices = [one for one in CLOSED.get(name, ()) if one]
    kind = click.Choice(choices) if choices else click.STRING
    told = f"{words} One of {', '.join(choices)}." if choices and choices != ["yes"] else words
    callback = _or_ask if asked else None
    return click.option(f"--{name.replace('_', '-')}", name, type=kind, metavar="WORD" if choices else "TEXT", help=told, callback=callback)


def _with_record_options(command: F) -> F:
    """An option for each column that does not follow from the others, those a record cannot be without first."""
    for name, words in reversed(list(_GIVEN.items())):
        command = _record_option(name, words, asked=False)(command)
    for name, words in reversed(list(_ASKED.items())):
        command = _record_option(name, words, asked=True)(command)
    return command


@new.command()
@click.argument("jurisdiction", callback=_fit)
@_with_record_options
@click.pass_context
def record(ctx: click.Context, /, jurisdiction: str, **told: str | None) -> None:
    """Add one public record of a place: a dated, sourced fact that no portal serves, as one row of data/records.

    What a record cannot be without is asked for on a terminal where no option gives it. What is not known stays blank and is
    marked; the row counts for nothing firm until `review` says no.

    \b
    Example:
      registry new record us-ma-boston --event-type grant --technology drone --buyer-unit "Boston Police Department" \\
        --title "Grant for two drones" --finding "The grant report lists two drones." --evidence-grade official \\
        --source-title "Grant report" --source-publisher "City of Sampleton" --source-url https://www.example.org/report
    """
    from ..drafts.record_row import new_record

    given = {name: value for name, value in told.items() if value is not None}
    click.echo(new_record(paths_of(ctx).data, jurisdiction, {name: given[name] for name in COLUMNS if name in given}))
