"""Sentences that the registry holds taken apart (registry/forms.py), put together in the language of the page.

The words between the places are a message of ours; a value is never searched for places, so what others published cannot
become our words, and on a page in another language it is marked as English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from datasette import hookimpl
from markupsafe import Markup, escape

PLACE = re.compile(r"\{(\w+)\}")
STOP = re.compile(r"[. ]+(</span>)?$")
Form = dict[str, Any]


class Part(NamedTuple):
    """Some words of a sentence: as text, and as a page shows them."""

    text: str
    shown: Any


def filled(env: Any, message: str, form: Form) -> tuple[Part, ...]:
    """A message with its places filled from the form of a row."""
    return tuple(_parts(env, env.globals["tongue"].message(message), form))


def _parts(env: Any, words: str, form: Form) -> Iterator[Part]:
    given = {name: (kind, value) for kind in ("quoted", "facts", "told") for name, value in form.get(kind, {}).items() if value}
    for number, piece in enumerate(PLACE.split(words)):
        kind, value = given.get(piece, ("ours", "")) if number % 2 else ("words", piece)
        if kind == "ours":
            yield from filled(env, form["ours"][piece], form)
        elif kind == "told":
            yield from _stored(env, value, inside=len(words) > len(piece) + 2)
        else:
            yield Part(value, env.filters["quoted"](value) if kind == "quoted" else value)


def _stored(env: Any, value: str | list[str], inside: bool) -> Iterator[Part]:
    """A stored sentence, or a list of names; inside another sentence it has no full stop of its own."""
    for number, text in enumerate(value if isinstance(value, list) else [value]):
        if number:
            yield Part(", ", ", ")
        told, said = str(env.filters["told"](text)), str(escape(env.filters["said"](text)))
        yield Part(told.rstrip(". "), Markup(STOP.sub(r"\1", said))) if inside else Part(told, Markup(said))


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    """`filled(message, form)`: the parts of a sentence, each with `text` and `shown`."""
    env.globals["filled"] = partial(filled, env)
