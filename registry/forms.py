"""Sentences that SQL makes of a row, written once: as the English text, and taken apart so that they can be said in any language.

A form is a message with {places} and, for each place, the SQL of what stands in it. In another language the message is
told and the same values are put in. No value is ever searched for places, so published text cannot become our words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

PLACE = re.compile(r"\{(\w+)\}")
ALWAYS = ""  # the condition of what is said where nothing before it was
# quoted: words of others, which stay as published; facts: names, days, numbers; told: stored sentences of ours, or a JSON list of them.
Kind = Literal["quoted", "facts", "told"]
KINDS: tuple[Kind, ...] = ("quoted", "facts", "told")
Choice = tuple[tuple[str, str], ...]  # (SQL condition, message): the first that holds is said, the last is ALWAYS


class Place(NamedTuple):
    """What stands in a place: the value of `sql`, else our own words, a message that may have places of the same form."""

    kind: Kind = "facts"
    sql: str = ""
    otherwise: str | Choice = ""
    english: str = ""  # SQL of the value as the English text has it, where that is not the value itself


class Form(NamedTuple):
    """A message, or a choice of them, and its places."""

    message: str | Choice
    places: dict[str, Place]


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def _chosen(words: str | Choice, made: Callable[[str], str]) -> str:
    """SQL of the message that is said, each made into SQL by `made`."""
    if isinstance(words, str):
        return made(words)
    *some, (_, last) = words
    return f"case {' '.join(f'when {condition} then {made(message)}' for condition, message in some)} else {made(last)} end"


def sentence_sql(form: Form) -> str:
    """SQL of the whole English sentence."""
    return _chosen(form.message, lambda message: _filled(message, form))


def _filled(message: str, form: Form) -> str:
    parts = enumerate(PLACE.split(message))
    return " || ".join(_value(form.places[part], form) if number % 2 else literal(part) for number, part in parts if part)


def _value(place: Place, form: Form) -> str:
    given, ours = place.english or place.sql, _chosen(place.otherwise, lambda message: _filled(message, form)) if place.otherwise else ""
    return f"coalesce({given}, {ours})" if given and ours else f"({given or ours})"


def form_sql(form: Form) -> str:
    """SQL of the form as JSON: `message`, `ours` (place -> message), and `quoted`, `facts` and `told` (place -> value or null)."""
    parts = {"ours": {name: _chosen(one.otherwise, literal) for name, one in form.places.items() if one.otherwise}}
    for kind in KINDS:
        parts[kind] = {name: one.sql for name, one in form.places.items() if one.sql and one.kind == kind}
    told = ", ".join(f"{literal(kind)}, {_object(values)}" for kind, values in parts.items())
    return f"json_object('message', {_chosen(form.message, literal)}, {told})"


def _object(values: dict[str, str]) -> str:
    return f"json_object({', '.join(f'{literal(name)}, {sql}' for name, sql in values.items())})"
