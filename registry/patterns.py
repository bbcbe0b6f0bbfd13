"""Turn the vocabulary into phrases to seek: every spelling, plural and likely slip of each term.

Pure: data in, a table of folded phrase -> what it means out. match.py does the seeking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from .names import fold
from .vocabulary import Name, Negative, Product, Supplier, Technology, product_spellings, supplier_spellings

Role = Literal["term", "weak", "product", "supplier"]
# Shorter words are one letter away from other words, and each form costs memory: theirs are declared in data.
SLIP_LENGTH = 8


class Cancel(NamedTuple):
    """Padded, folded phrases that cancel a hit, by where they count (see Negative)."""

    near: frozenset[str]
    in_text: frozenset[str]
    anywhere: frozenset[str]


class Use(NamedTuple):
    """What one phrase stands for, and the padded, folded phrases that support or cancel it."""

    role: Role
    technology: str
    word: str
    supplier: str | None
    product: str | None
    context: frozenset[str]
    cancel: Cancel
    in_company_names: bool


def phrase_table(technologies: Mapping[str, Technology], suppliers: Mapping[str, Supplier]) -> dict[str, list[Use]]:
    """Return every padded phrase (" body camera ") with its uses."""
    spellings = _pooled_spellings(technologies.values())
    table: dict[str, list[Use]] = {}
    for technology in technologies.values():
        core = {f" {fold(term)} " for term in technology.terms}
        for use in _technology_uses(technology, spellings):
            _add(table, _variants(use.word, spellings, core), use)
    for supplier in suppliers.values():
        for use in _supplier_uses(supplier):
            _add(table, {fold(use.word)}, use)
    return table


def padded(phrases: Iterable[str]) -> frozenset[str]:
    """Return phrases as they are found in padded text, with plain plurals."""
    return frozenset(f" {form} " for phrase in phrases for form in _plurals(fold(phrase)))


def _add(table: dict[str, list[Use]], phrases: Iterable[str], use: Use) -> None:
    for phrase in phrases:
        if phrase:
            table.setdefault(f" {phrase} ", []).append(use)


def _technology_uses(technology: Technology, spellings: Mapping[str, list[str]]) -> Iterator[Use]:
    cancel = _cancel(technology.negative, spellings)
    slug = technology.slug
    for term in technology.terms:
        yield Use("term", slug, term, None, None, frozenset(), cancel, technology.in_company_names == "yes")
    for group in technology.weak_terms:
        context = padded(group.context)
        yield from (Use("weak", slug, term, None, None, context, cancel, False) for term in group.terms)


def _supplier_uses(supplier: Supplier) -> Iterator[Use]:
    for product in supplier.products:
        yield from _product_uses(product, supplier)
    if supplier.specialist == "no":
        return
    cancel = _cancel(supplier.negative, {})
    for name in _in_text(supplier_spellings(supplier)):
        for slug in supplier.technologies:
            yield Use("supplier", slug, name.name, supplier.slug, None, padded(name.context), cancel, False)


def _product_uses(product: Product, supplier: Supplier) -> Iterator[Use]:
    cancel = _cancel(product.negative, {})
    for name in _in_text(product_spellings(product)):
        context = padded(name.context)
        slug = product.technology
        yield Use("product", slug, name.name, supplier.slug, product.slug, context, cancel, False)


def _in_text(names: Iterable[Name]) -> Iterator[Name]:
    return (name for name in names if name.in_text == "yes")


def _cancel(negative: Negative, spellings: Mapping[str, list[str]]) -> Cancel:
    lists = (negative.near, negative.in_text, negative.anywhere)
    return Cancel(*(padded(form for one in phrases for form in _respelt(fold(one), spellings)) for phrases in lists))


def _pooled_spellings(technologies: Iterable[Technology]) -> dict[str, list[str]]:
    pooled: dict[str, list[str]] = {}
    for technology in technologies:
        for word, variants in technology.spellings.items():
            pooled.setdefault(fold(word), []).extend(map(fold, variants))
    return pooled


def _variants(term: str, spellings: Mapping[str, list[str]], core: set[str]) -> set[str]:
    """Return every form of a term: declared spellings, plurals, then one slip in one long word.

    A term that holds a shorter one ("body camera program") leaves slips to it: the table stays small.
    """
    folded = fold(term)
    inside = f" {folded} "
    forms = {plural for respelt in _respelt(folded, spellings) for plural in _plurals(respelt)}
    if any(short in inside and short != inside for short in core):
        return forms
    return forms | {slip for form in _plurals(folded) for slip in _slips(form)}


def _respelt(phrase: str, spellings: Mapping[str, list[str]]) -> list[str]:
    """Return the phrase, and the phrase with one word in another declared spelling or "and" written as "&"."""
    inside = f" {phrase} "
    known = [(word, other) for word, variants in spellings.items() if f" {word} " in inside for other in variants]
    others = [inside.replace(f" {word} ", f" {other} ").strip() for word, other in known]
    return [phrase, inside.replace(" and ", " ").strip(), *others]


def _plurals(phrase: str) -> Iterator[str]:
    yield phrase
    if phrase.endswith("y") and phrase[-2:-1] not in set("aeiou"):
        yield f"{phrase[:-1]}ies"
        return
    if not phrase.endswith("s"):
        yield f"{phrase}es" if phrase.endswith(("x", "ch", "sh")) else f"{phrase}s"


def _slips(phrase: str) -> Iterator[str]:
    words = phrase.split()
    for at, word in enumerate(words):
        for slip in _word_slips(word):
            yield " ".join((*words[:at], slip, *words[at + 1 :]))


def _word_slips(word: str) -> Iterator[str]:
    """One letter dropped or two neighbours swapped, after the first letter of a long word."""
    if len(word) < SLIP_LENGTH or not word.isalpha():
        return
    for at in range(1, len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
