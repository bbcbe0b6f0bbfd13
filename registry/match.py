"""Find surveillance technologies in the words of a contract, each with its evidence.

`term`: the words name the technology. `product`: they name a product of it. `supplier`: only the
company's name suggests it, which is a lead and never more. One automaton seeks every phrase at once;
rows that touch no phrase, nearly all of them, cost about a microsecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from .names import fold, fold_with_offsets, supplier_key, supplier_keys
from .patterns import Use, phrase_table
from .vocabulary import Supplier, Technology, supplier_spellings

Evidence = Literal["term", "product", "supplier"]
# The last two are columns of a public record, which a person filled in.
Field = Literal["title", "description", "supplier", "product", "technology"]

EXCERPT = 120
# As many company names as a large city uses; an older entry is simply worked out again.
_NAMES_KEPT = 65536
_RANK = {"product": 0, "term": 1, "supplier": 2}


class Match(NamedTuple):
    """One technology found in a row; `excerpt` is at most 120 characters of the text as published."""

    technology: str
    evidence: Evidence
    product: str | None
    supplier: str | None
    term: str
    field: Field
    excerpt: str


@dataclass(frozen=True)
class Matcher:
    """The compiled vocabulary: `signs` are phrases that support or cancel, sought only where something hit.

    `known` says if a supplier's name alone is reason to look closer.
    """

    automaton: AhoCorasick
    uses: tuple[tuple[Use, ...], ...]
    signs: AhoCorasick
    sign_phrases: tuple[str, ...]
    suppliers: Mapping[str, Supplier]
    slug_of: Callable[[str], str | None]
    known: Callable[[str], bool]


class _Text(NamedTuple):
    field: Field
    original: str
    folded: str
    signs: frozenset[str]


class _Row(NamedTuple):
    """`parties`: signs in buyer unit and supplier's name; `around`: in title, description and buyer unit."""

    texts: list[_Text]
    supplier: Supplier | None
    supplier_name: str
    parties: frozenset[str]
    around: frozenset[str]


class _Hit(NamedTuple):
    use: Use
    text: _Text
    start: int
    end: int


def build_matcher(technologies: Mapping[str, Technology], suppliers: Mapping[str, Supplier]) -> Matcher:
    """Compile the vocabulary (a fifth of a second); the result is immutable and can be shared."""
    table = phrase_table(technologies, suppliers)
    automaton, signs = _automaton(table), tuple(sorted(_signs(table)))
    keys = {supplier_key(name.name): slug for slug, one in suppliers.items() for name in supplier_spellings(one)}
    slug_of = lru_cache(_NAMES_KEPT)(partial(_slug_of, keys))
    leads = frozenset(slug for slug, one in suppliers.items() if one.specialist == "yes")
    known = lru_cache(_NAMES_KEPT)(partial(_known, automaton, slug_of, leads))
    uses = tuple(map(tuple, table.values()))
    return Matcher(automaton, uses, _automaton(signs), signs, suppliers, slug_of, known)


def supplier_of(matcher: Matcher, supplier_name: str | None) -> str | None:
    """Return the slug of the supplier that this published name exactly is, or None."""
    return matcher.slug_of(supplier_name) if supplier_name else None


def match(
    matcher: Matcher,
    title: str | None,
    description: str | None,
    supplier_name: str | None,
    buyer_unit: str | None,
) -> list[Match]:
    """Return what the row's words show, strongest evidence first, one per technology and evidence."""
    row = _row(matcher, title or "", description or "", supplier_name or "", buyer_unit or "")
    hits = _distinct([hit for text in row.texts for hit in _hits(matcher, text) if _holds(hit, row)])
    firm = [_shown(hit) for hit in hits if _evidence(hit) != "supplier"]
    return firm or _with_leads([_shown(hit) for hit in hits], _leads(row))


def _automaton(phrases: Iterable[str]) -> AhoCorasick:
    """A contiguous automaton: a tenth of the memory of a DFA, and here as fast, since it stays in the cache."""
    return AhoCorasick(list(phrases), implementation=Implementation.ContiguousNFA)


def _signs(table: Mapping[str, list[Use]]) -> set[str]:
    """Return every phrase that supports or cancels anything."""
    # One use stands under many phrases; comparing what it holds would cost more than all the rest.
    uses = {id(use): use for uses in table.values() for use in uses}
    return {phrase for use in uses.values() for group in (use.context, *use.cancel) for phrase in group}


def _slug_of(keys: Mapping[str, str], name: str) -> str | None:
    return next((keys[key] for key in supplier_keys(name) if key in keys), None)


def _known(automaton: AhoCorasick, slug_of: Callable[[str], str | None], leads: frozenset[str], name: str) -> bool:
    return slug_of(name) in leads or bool(automaton.find_matches_as_indexes(f" {fold(name)} "))


def _row(matcher: Matcher, title: str, description: str, supplier_name: str, buyer_unit: str) -> _Row:
    fields: tuple[tuple[Field, str], ...] = (
        ("title", title),
        ("description", description),
        ("supplier", supplier_name),
    )
    texts = [_text(matcher, field, text) for field, text in fields]
    buyer = _signs_in(matcher, f" {fold(buyer_unit)} ")
    slug = supplier_of(matcher, supplier_name)
    return _Row(
        texts,
        matcher.suppliers[slug] if slug else None,
        texts[2].folded,
        parties=buyer | texts[2].signs,
        around=buyer | texts[0].signs | texts[1].signs,
    )


def _text(matcher: Matcher, field: Field, text: str) -> _Text:
    folded = f" {fold(text)} "
    return _Text(field, text, folded, _signs_in(matcher, folded))


def _signs_in(matcher: Matcher, folded: str) -> frozenset[str]:
    found = matcher.signs.find_matches_as_indexes(folded, overlapping=True)
    return frozenset(matcher.sign_phrases[index] for index, _, _ in found)


def _hits(matcher: Matcher, text: _Text) -> Iterator[_Hit]:
    for index, start, end in matcher.automaton.find_matches_as_indexes(text.folded, overlapping=True):
        for use in matcher.uses[index]:
            yield _Hit(use, text, start, end)


def _holds(hit: _Hit, row: _Row) -> bool:
    """Say whether nothing cancels the hit and, where the words are common ones, something supports it."""
    return not _cancelled(hit, row) and _supported(hit, row)


def _cancelled(hit: _Hit, row: _Row) -> bool:
    here, cancel = hit.text.signs, hit.use.cancel
    if not here.isdisjoint(cancel.in_text) or not cancel.anywhere.isdisjoint(here | row.parties):
        return True
    return any(_touches(hit.text.folded, phrase, hit.start, hit.end) for phrase in here & cancel.near)


def _touches(text: str, phrase: str, start: int, end: int) -> bool:
    """Say whether `phrase` stands in `text` overlapping or right beside start..end (they share a space)."""
    return text.find(phrase, max(0, start - len(phrase) + 1), end + len(phrase) - 1) >= 0


def _supported(hit: _Hit, row: _Row) -> bool:
    use = hit.use
    if hit.text.field == "supplier":
        return use.in_company_names
    if use.role == "term" or (use.role in ("product", "supplier") and not use.context):
        return True
    return _vouched(use, row) or not use.context.isdisjoint(row.around)


def _vouched(use: Use, row: _Row) -> bool:
    """Say whether the row's supplier makes this its business, or is the product's own maker.

    A maker's own name in a title of its own contract is no product: "Axon" from Axon Enterprise.
    """
    if row.supplier is None:
        return False
    if use.role == "weak":
        return row.supplier.specialist == "yes" and use.technology in row.supplier.technologies
    return use.supplier == row.supplier.slug and f" {fold(use.word)} " not in row.supplier_name


def _evidence(hit: _Hit) -> Evidence:
    if hit.text.field == "supplier" or hit.use.role == "supplier":
        return "supplier"
    return "product" if hit.use.role == "product" else "term"


def _shown(hit: _Hit) -> Match:
    use, text = hit.use, hit.text
    excerpt = _excerpt(text.original, hit.start, hit.end)
    return Match(use.technology, _evidence(hit), use.product, use.supplier, use.word, text.field, excerpt)


def _with_leads(named: list[Match], leads: list[Match]) -> list[Match]:
    """Return suppliers named in the text, then the row's own supplier unless the text already names it."""
    known = {(one.technology, one.supplier) for one in named}
    return named + [lead for lead in leads if (lead.technology, lead.supplier) not in known]


def _leads(row: _Row) -> list[Match]:
    supplier = row.supplier
    if supplier is None or supplier.specialist == "no" or _unlike(supplier, row):
        return []
    excerpt = row.texts[2].original[:EXCERPT]
    return [Match(slug, "supplier", None, supplier.slug, supplier.name, "supplier", excerpt) for slug in supplier.technologies]


def _unlike(supplier: Supplier, row: _Row) -> bool:
    return any(f" {fold(phrase)} " in row.around for phrase in supplier.negative.anywhere)


def _excerpt(original: str, start: int, end: int) -> str:
    """Return the published text around folded positions start..end (in text padded with one space)."""
    offsets = fold_with_offsets(original, end)[1]
    first, last = offsets[start], offsets[min(end - 3, len(offsets) - 1)]
    room = max(0, EXCERPT - (last + 1 - first)) // 2
    begin = max(0, min(first - room, len(original) - EXCERPT))
    return original[begin : begin + EXCERPT].strip()


def _distinct(hits: list[_Hit]) -> list[_Hit]:
    """Keep one hit per technology, evidence and thing named; longer phrases say more."""
    best: dict[tuple[object, ...], _Hit] = {}
    for one in sorted(hits, key=lambda one: (_RANK[_evidence(one)], -len(one.use.word), one.use.technology)):
        best.setdefault((one.use.technology, _evidence(one), one.use.product, one.use.supplier), one)
    return list(best.values())
