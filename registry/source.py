"""The shape of data/sources/*.yml: one portal data set, what each column means, and what to expect of it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, cast

import msgspec

from .access import ASKED, FORMS, Form, PortalName, access_problems
from .errors import DataError, RegistryError
from .kinds import KINDS, FieldName, Kind, KindName, MatterOutcome
from .shape import Strict, load_file

MOST_NAMED = 20
SLUG = r"^[a-z0-9][a-z0-9_-]*$"

PLACES = ("supplier", "SUPPLIER", "product", "PRODUCT")


class Expect(Strict, frozen=True):
    """Bounds a person set after looking: rows and contracts of a whole file, least filled share per column."""

    # Without a bound no file given can be known to be whole, so its silence proves nothing.
    rows_at_least: int = 0
    contracts_at_least: int = 1
    filled_at_least: dict[FieldName, float] = {}


class Slip(Strict, frozen=True):
    """A value of one row that a person looked at and found to be the publisher's slip: stored, reported as known."""

    key: tuple[str, ...]
    column: str
    value: str
    note: str


class Asks(Strict, frozen=True):
    """What a portal too large to be read whole is asked for instead: templates, filled with the names we know (asking.py).

    `each`: one condition per name, which stands at {supplier} (specialists only) or {product}, at {SUPPLIER} or {PRODUCT}
    in capitals. `joined_by`: the word between conditions of one query (" or "); without it each is a query of its own.
    `only`: the slugs asked for where not all can be.
    """

    each: tuple[str, ...]
    quoting: Literal["sql", "phrase"]
    joined_by: str = ""
    at_once: int = 25
    only: tuple[str, ...] = ()

    def place_in(self, template: str) -> str:
        """The one placeholder of a template, or "" where it has none or several."""
        found = re.findall(r"\{(\w+)\}", template)
        return found[0] if len(found) == 1 and found[0] in PLACES else ""


class Source(Strict, frozen=True):
    """One data set of one portal.

    `key` tells its rows apart; an empty one says that nothing does, and then a row is known by its content and by how many
    equal ones come before it. `statuses`: what each status word of a council's matters comes to.
    """

    id: str
    title: str
    jurisdiction: str
    kind: KindName
    portal: PortalName
    url: str
    publisher: str
    licence: str
    grain: str
    amounts_mean: str
    last_probed: str
    buyer_name: str
    covers_from: datetime.date
    fields: dict[FieldName, str]
    key: tuple[str, ...]
    date_format: str
    amounts_are: Literal["changes", "totals"] = "changes"
    access: dict[str, str] = {}
    asks: Asks | None = None
    hosts: tuple[str, ...] = ()
    licence_url: str = ""
    id_prefix: str = ""
    key_may_repeat: str = ""
    ignore: dict[str, str] = {}
    never_fetched: dict[str, str] = {}
    placeholders: dict[str, str] = {}
    known_slips: tuple[Slip, ...] = ()
    statuses: dict[str, MatterOutcome] = {}
    currency: str = "USD"
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    sheet: str = ""
    rows_at: str = ""
    parentheses_are_negative: bool = False
    expect: Expect = msgspec.field(default_factory=Expect)
    probed_with: str = ""
    notes: str = ""

    @property
    def grain_of(self) -> Kind:
        """What its kind of source holds."""
        return KINDS[self.kind]

    @property
    def group(self) -> str | None:
        """The portal's column whose value the rows of one thing share; None where each row is a thing of its own."""
        return self.fields[self.grain_of.group] if self.grain_of.group else None

    @property
    def ids_begin(self) -> str:
        """What the ids of its rows begin with; two sources of one place need different ones."""
        return self.id_prefix or self.jurisdiction

    @property
    def form(self) -> Form:
        """The form of a file of this source, fetched or given."""
        form = self.access.get("as", self.portal)
        return cast(Form, form) if form in FORMS else "delimited"

    @property
    def kept(self) -> tuple[str, ...]:
        """The portal's columns that are staged, in a stable order: an allow-list, not a block-list."""
        return tuple(dict.fromkeys((*self.key, *self.fields.values())))

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns a portal is asked for: those kept, and those of which a row's link is made."""
        linked = re.findall(r"\{([^}]+)\}", self.access.get("link", ""))
        return tuple(dict.fromkeys(column for column in (*self.kept, *linked) if not self.portals_own(column)))

    def portals_own(self, column: str) -> bool:
        """Whether no portal's list of columns names this column: it makes it itself, or it is made of others."""
        return column.startswith(":")

    @property
    def known(self) -> frozenset[str]:
        """Every column the file may have without being reported."""
        return frozenset((*self.kept, *self.wanted, *self.ignore, *self.never_fetched))


def chosen(known: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """The wanted slugs, or all that are known where none is wanted; RegistryError for one that is not known."""
    slugs = list(known)
    for slug in wanted:
        if slug not in slugs:
            raise RegistryError(f"No source is called `{slug}`. There are: {', '.join(sorted(slugs))}.")
    return list(wanted or slugs)


def load_sources(data: Path) -> dict[str, Source]:
    """Read data/sources/*.yml; DataError names the file, the key and the remedy."""
    sources = {source.id: source for source in _read(data)}
    taken: dict[str, str] = {}
    for slug, source in sources.items():
        other = taken.setdefault(source.ids_begin, slug)
        if other != slug:
            raise DataError(
                f"{data / 'sources' / slug}.yml: ids of its rows would begin with `{source.ids_begin}`, as those of {other} do, and "
                f"could be the same. Write e.g. `id_prefix: {slug}`."
            )
    return sources


def _read(data: Path) -> Iterator[Source]:
    for path in sorted((data / "sources").glob("*.yml")):
        source = load_file(path, Source)
        problems = [f"{path}: {problem}" for problem in _problems(source, path)]
        if problems:
            raise DataError("\n".join(problems))
        yield source


def _problems(source: Source, path: Path) -> Iterator[str]:
    if source.id != path.stem:
        yield f"id is `{source.id}` but the file is named `{path.stem}`; make them the same."
    for needed in source.grain_of.needed:
        if needed not in source.fields:
            yield f"fields: `{needed}` is missing; say which column of the portal it is: {_named(source.ignore)}"
    for name in source.fields:
        if name not in source.grain_of.fields:
            yield f"fields: `{name}` means nothing for {source.kind}. Allowed: {', '.join(source.grain_of.fields)}."
    yield from _kind_problems(source)
    yield from access_problems(source)
    yield from _asks_problems(source)
    twice = set(source.fields.values()) & (set(source.ignore) | set(source.never_fetched))
    if twice:
        yield f"column `{min(twice)}` is both used and left out; keep one."


def _kind_problems(source: Source) -> Iterator[str]:
    if not source.key and source.kind != "payments":
        yield f"key: {source.kind} need a column that tells their rows apart."
    if not source.jurisdiction and not (source.kind == "documents" and source.id_prefix):
        yield "jurisdiction is missing. Only a source of documents may leave it empty, and then needs an `id_prefix`."
    if bool(source.statuses) != (source.kind == "matters"):
        yield "statuses: a source of matters, and no other, says what each status word of the portal comes to."
    if "approved" in source.statuses.values() and not {"date_decided", "enactment_number"} & set(source.fields):
        yield "statuses: `approved` needs proof of the final vote: map `date_decided` or `enactment_number` under fields."


def _named(columns: Iterable[str]) -> str:
    """The columns there are to choose from, the first of them."""
    first = [f"`{column}`" for column in islice(columns, MOST_NAMED)]
    return f"one of {', '.join(first)} ..." if first else "its name as in the portal's list of columns."


def _asks_problems(source: Source) -> Iterator[str]:
    if source.asks is None:
        return
    if source.portal not in ASKED or "as" in source.access:
        yield f"asks: a {source.portal} source cannot be asked for some rows only. Allowed: {', '.join(ASKED)} (not as a file)."
    for template in source.asks.each:
        if not source.asks.place_in(template):
            yield f"asks: `{template}` must hold exactly one of {', '.join(f'{{{name}}}' for name in PLACES)}."
    if not source.asks.each or source.asks.at_once < 1:
        yield "asks: `each` needs at least one template and `at_once` at least 1."
