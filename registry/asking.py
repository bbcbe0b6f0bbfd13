"""What to ask a portal that is too large to be read whole: conditions made from the names the registry knows. Pure.

A source file gives templates (`asks:`), the vocabulary gives names. What comes back may be more than was meant, since a
company is asked for by what every spelling of it begins with; the matching decides afterwards, as for any source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from .access import DETAILED
from .names import bare_name, fold, opening
from .source import Asks, Source
from .vocabulary import Name, Product, Supplier, Technology, product_spellings, supplier_spellings, vocabulary_hashes

SHORTEST = 4  # letters of a product's name that is sought in running text
_NEVER = re.compile(r"[\x00-\x1f\x7f\\%_]+")


class Known(Protocol):
    """What is needed of the knowledge: the whole of it (Catalog) has it, and so has the vocabulary alone."""

    @property
    def technologies(self) -> Mapping[str, Technology]:
        """By slug."""

    @property
    def suppliers(self) -> Mapping[str, Supplier]:
        """By slug."""


class Asking(NamedTuple):
    """The queries one source is asked, and what they search for (slug -> hash of its words); () and None: it is read whole.

    `names` are folded: a row that mentions one of them is looked at more closely, by a portal that has more to say of a row.
    """

    queries: tuple[str, ...]
    searched_for: Mapping[str, str] | None
    names: tuple[str, ...] = ()


EVERYTHING = Asking((), None)


class _Thing(NamedTuple):
    """One supplier or product: the names it is asked for by, and whether those are all it has."""

    slug: str
    names: tuple[str, ...]
    all_names: bool


def asking(source: Source, known: Known) -> Asking:
    """What a load of this source asks its portal, and for which slugs its silence means something afterwards."""
    if source.asks is None:
        return EVERYTHING._replace(names=known_names(known)) if source.portal in DETAILED else EVERYTHING
    hashes = vocabulary_hashes(known.technologies, known.suppliers)
    things = [thing for template in source.asks.each for thing in _things(source.asks, template, known)]
    return Asking(queries(source, known), {one.slug: hashes[one.slug] for one in things if one.all_names})


def known_names(known: Known) -> tuple[str, ...]:
    """Every name of a supplier or product, and every term of a technology, that can be told from ordinary words; folded, each once."""
    names = [name for supplier in known.suppliers.values() for name in (*supplier_spellings(supplier), *_of_products(supplier))]
    terms = [term for technology in known.technologies.values() for term in technology.terms]
    return tuple(sorted({fold(name) for name in (*(one.name for one in names if not one.context), *terms) if len(fold(name)) >= SHORTEST}))


def _of_products(supplier: Supplier) -> list[Name]:
    return [name for product in supplier.products for name in product_spellings(product) if name.in_text == "yes"]


def queries(source: Source, known: Known) -> tuple[str, ...]:
    """The queries of a source with `asks:`, in a stable order, each once; () for a source that is read whole.

    A name is quoted so that it cannot end the text it stands in. Conditions are joined with `joined_by`, at most `at_once`.
    """
    if source.asks is None:
        return ()
    asks = source.asks
    conditions = list(dict.fromkeys(one for template in asks.each for one in _conditions(asks, template, known)))
    size = asks.at_once if asks.joined_by else 1
    return tuple(asks.joined_by.join(conditions[at : at + size]) for at in range(0, len(conditions), size))


def _conditions(asks: Asks, template: str, known: Known) -> Iterator[str]:
    """One template filled with every name it asks for."""
    place = asks.place_in(template)
    names = {name for thing in _things(asks, template, known) for name in thing.names}
    names = {name.upper() for name in names} if place.isupper() else names
    open_ended = f"{{{place}}}%" in template
    for name in _shortest(names) if open_ended else sorted(names):
        yield template.replace(f"{{{place}}}", _QUOTED[asks.quoting](name))


def _shortest(names: Iterable[str]) -> Iterator[str]:
    """Names without those that begin with another of them: what follows is open, so they are found with it."""
    last = None
    for name in sorted(names):
        if last is None or not name.startswith(last):
            last = name
            yield name


def _things(asks: Asks, template: str, known: Known) -> Iterator[_Thing]:
    kind = asks.place_in(template).lower()
    for supplier in known.suppliers.values():
        things = [_supplier(asks, supplier)] if kind == "supplier" and supplier.specialist == "yes" else []
        things += [_product(one) for one in supplier.products] if kind == "product" else []
        yield from (one for one in things if not asks.only or one.slug in asks.only)


def _supplier(asks: Asks, supplier: Supplier) -> _Thing:
    """A company by its names; in SQL by what each spelling of them begins with, elsewhere without the legal form."""
    shorten: Callable[[str], str] = opening if asks.quoting == "sql" else bare_name
    names = supplier_spellings(supplier)
    asked = [one for one in names if asks.quoting == "sql" or not one.context]
    return _Thing(supplier.slug, _plain(shorten(one.name) for one in asked), len(asked) == len(names))


def _product(product: Product) -> _Thing:
    """A product by those of its names that are no ordinary words and not too short to be sought in running text."""
    names: list[Name] = [one for one in product_spellings(product) if one.in_text == "yes"]
    asked = [one.name for one in names if not one.context and len(one.name) >= SHORTEST]
    return _Thing(product.slug, _plain(asked), len(asked) == len(names))


def _plain(names: Iterable[str]) -> tuple[str, ...]:
    """Names without what a portal could take for a sign of its own language."""
    return tuple(name for name in (" ".join(_NEVER.sub(" ", one).split()) for one in names) if name)


# How a name stands inside a template: doubled quotes within '...', no quotation mark within "...".
_QUOTED: Mapping[str, Callable[[str], str]] = {
    "sql": lambda name: name.replace("'", "''"),
    "phrase": lambda name: name.replace('"', " "),
}
