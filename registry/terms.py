"""Does a law's own word mean what was bought? yes, no, or unknown: its qualifier is not known to hold.

A law's terms are often narrower than technologies: "facility camera" is a camera on the buyer's own property for its
security. A record that names the technology says what was bought and not where it hangs: unknown. A record that
uses the law's term says that too, unless it states that the qualifier is not met.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Literal, NamedTuple

from .facts import Facts
from .law import Exemption, Law, LawTerm

Answer = Literal["yes", "no", "unknown"]
Terms = Mapping[str, LawTerm]

# Bans on recognising faces depend on the product's modules, which the record states as a fact of its own.
FACE = "face_recognition"
_SURE: tuple[Answer, ...] = ("no", "unknown", "yes")


class Bought(NamedTuple):
    """What was bought, in terms and technologies we know; words we do not know are kept apart."""

    known: tuple[str, ...]
    unknown: tuple[str, ...]


class Freed(NamedTuple):
    """Whether exemptions free all that was bought, and which ones that rests on, the weakest evidence first."""

    answer: Answer
    by: tuple[Exemption, ...] = ()
    why: str = ""


def bought(facts: Facts, terms: Terms, aliases: Mapping[str, str]) -> Bought:
    """Sort the record's words; a law term keeps its meaning even where it is also another spelling of a technology."""
    technologies = {*aliases.values(), *(one for term in terms.values() for one in term.technologies)}
    words = [word if word in terms or word in technologies else aliases.get(word, "") for word in facts.tech]
    known = tuple(dict.fromkeys(word for word in words if word))
    return Bought(known, tuple(word for word, found in zip(facts.tech, words, strict=True) if not found))


def means(word: str, term: str, terms: Terms, qualifier_met: bool | None) -> Answer:
    """Whether a thing bought as `word` is what a law calls `term`; where the term has a qualifier, that decides."""
    if word == term:
        return "no" if qualifier_met is False and terms[term].qualifier else "yes"
    ours, laws = _technologies(word, terms), _technologies(term, terms)
    if not ours & laws or _not_surveillance(term, terms):
        return "no"
    if _plain(term, terms):
        return "yes" if ours <= laws and not _not_surveillance(word, terms) else "unknown"
    # Two different terms with qualifiers are two different things; a plain technology may or may not be this one.
    return _by_qualifier(qualifier_met) if _plain(word, terms) else "no"


def reaches(law: Law, facts: Facts, things: Bought, terms: Terms, on: datetime.date) -> Answer:
    """Whether the law's list of technologies, as it stands on that day, holds what was bought."""
    if not law.technologies:
        return "yes"
    in_force = [one for one in law.technologies if law.technology_from.get(one, on) <= on]
    answers = {_reached(one, facts, things, terms) for one in in_force}
    if "yes" in answers:
        return "yes"
    return "unknown" if "unknown" in answers else "no"


def exempted(law: Law, facts: Facts, things: Bought, terms: Terms, on: datetime.date) -> Freed:
    """Whether every component is exempt on that day; what is no surveillance technology is no obstacle."""
    standing = [one for one in law.exemptions if _stands(one, on)]
    parts = [_freed(word, law, standing, facts, terms) for word in _components(facts, things, terms)]
    if any(part.answer == "no" for part in parts):
        return Freed("no")
    by = tuple(sorted((one for part in parts for one in part.by), key=lambda one: one.evidence != "M"))
    doubt = next((part for part in parts if part.answer == "unknown"), None)
    if doubt:
        return Freed("unknown", by, doubt.why)
    return Freed("yes", by) if by else Freed("no")


def only_ordinary(law: Law, things: Bought, terms: Terms, on: datetime.date) -> bool:
    """Whether all that was bought is no surveillance technology in itself, and not named as exempt either."""
    named = {one.code for one in law.exemptions if _stands(one, on)}
    return bool(things.known) and all(_not_surveillance(one, terms) and one not in named for one in things.known)


def excepted(law: Law, facts: Facts, things: Bought, terms: Terms, on: datetime.date) -> Answer:
    """Whether a ban's own exceptions free it: by the use stated, by the law's term, or by all that the term is made of."""
    codes = {one.code for one in law.exemptions if _stands(one, on)}
    named = things.known and all(word in codes or _not_surveillance(word, terms) for word in things.known)
    if codes and (named or facts.use_case in codes):
        return "no" if facts.qualifier_met is False else "yes"
    parts = {one for word in _components(facts, things, terms) for one in _technologies(word, terms)}
    whole = any(len(parts) > 1 and _technologies(code, terms) == parts for code in codes)
    return _by_qualifier(facts.qualifier_met) if whole else "no"


def _reached(term: str, facts: Facts, things: Bought, terms: Terms) -> Answer:
    answers = {means(word, term, terms, facts.qualifier_met) for word in things.known}
    recognises = FACE in _technologies(term, terms)
    if "yes" in answers or (recognises and facts.face == "yes"):
        return "yes"
    silent = recognises and facts.face in (None, "possible")
    return "unknown" if "unknown" in answers or silent or not things.known or things.unknown else "no"


def _components(facts: Facts, things: Bought, terms: Terms) -> tuple[str, ...]:
    """What was bought; a face module that the record names is a component of its own."""
    return (*things.known, FACE) if facts.face == "yes" and _watches(things, terms) else things.known


def _watches(things: Bought, terms: Terms) -> bool:
    return not all(_not_surveillance(word, terms) for word in things.known)


def _freed(word: str, law: Law, standing: list[Exemption], facts: Facts, terms: Terms) -> Freed:
    if any(means(word, one, terms, None) == "yes" for one in law.covered_explicitly):
        return Freed("no")
    found = [(_applies(one, word, facts, terms), one) for one in standing]
    if found:
        answer, best = max(found, key=lambda pair: _SURE.index(pair[0]))
    if found and answer != "no":
        freed = Freed(answer, (best,), best.qualifier or terms[best.code].qualifier)
        return _unless_it_reads_faces(freed, word, facts, terms)
    return Freed("yes") if _not_surveillance(word, terms) and not _named(word, standing) else Freed("no")


def _applies(one: Exemption, word: str, facts: Facts, terms: Terms) -> Answer:
    """The exemption's own qualifier must be known to hold, besides the term's."""
    answer = means(word, one.code, terms, facts.qualifier_met)
    return _by_qualifier(facts.qualifier_met) if answer == "yes" and one.qualifier else answer


def _unless_it_reads_faces(freed: Freed, word: str, facts: Facts, terms: Terms) -> Freed:
    """An exempt camera with a face module is not the exempt camera any more; whether it has one must be known."""
    if facts.face in ("no", "yes") or _not_surveillance(word, terms):
        return freed
    return Freed("unknown", freed.by, "it must be known whether it recognises faces")


def _named(word: str, standing: list[Exemption]) -> bool:
    return any(one.code == word for one in standing)


def _stands(one: Exemption, on: datetime.date) -> bool:
    return (one.from_date or on) <= on <= (one.to_date or on)


def _by_qualifier(met: bool | None) -> Answer:
    if met is None:
        return "unknown"
    return "yes" if met else "no"


def _plain(word: str, terms: Terms) -> bool:
    """A word without a qualifier means neither more nor less than its technologies."""
    return word not in terms or not terms[word].qualifier


def _technologies(word: str, terms: Terms) -> frozenset[str]:
    return frozenset(terms[word].technologies if word in terms and terms[word].technologies else (word,))


def _not_surveillance(word: str, terms: Terms) -> bool:
    return word in terms and terms[word].not_surveillance
