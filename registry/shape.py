"""Read YAML strictly and check it against a frozen struct; every error names file, key and remedy.

YAML guesses types (`no` becomes False, `2020-06-24` a date, `007` seven). Here every scalar is read
as the text that was written, and the struct's own field types say what it must be.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
import yaml

from .errors import DataError

T = TypeVar("T")
TODO = "TODO"


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every shape in data/: immutable, unknown keys refused."""


class _TextLoader(yaml.CBaseLoader):
    """Every scalar stays text; a key written twice is an error, not a silent last-one-wins."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"key `{twice}` is written twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """Return the plain dicts, lists and strings of a YAML file; DataError names file and line."""
    try:
        return yaml.load(path.read_bytes(), _TextLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as YAML: {error}") from error


def load_file(path: Path, kind: type[T]) -> T:
    """Read one YAML file as `kind`; DataError names the file, the key and what is allowed there."""
    value = read_yaml(path)
    open_questions = list(left_to_do(value))
    if open_questions:
        raise DataError("\n".join(f"{path}: {question}" for question in open_questions))
    return convert(value, kind, str(path))


def left_to_do(value: Any, at: str = "") -> Iterator[str]:
    """What a draft still asks a person: each text that begins with TODO, and the key at which it stands."""
    if isinstance(value, str):
        if value.startswith(TODO):
            yield f"`{at}` is still to be written: {value.removeprefix(TODO).lstrip(': ')}"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from left_to_do(inner, f"{at}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from left_to_do(inner, f"{at}[{number}]")


def convert(value: Any, kind: type[T], where: str) -> T:
    """Check plain data against `kind`; DataError names `where`, the key and the allowed values."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: {_explain(str(error), kind)}") from error


def _explain(message: str, kind: type) -> str:
    words, _, at = message.partition(" - at `$")
    spot = _walk(kind, re.findall(r"\.(\w+)|\[", at))
    key = at.rstrip("`").lstrip(".") or "the whole file"
    return f"{words} at `{key}`.{_remedy(words, spot)}"


def _remedy(words: str, spot: Any) -> str:
    allowed = sorted(_literals(spot))
    if allowed:
        return f" Allowed: {', '.join(allowed)}."
    fields = [field for struct in _structs(spot) for field in struct.__struct_fields__]
    wrong = re.search(r"unknown field `(\w+)`", words)
    if fields and wrong:
        near = difflib.get_close_matches(wrong[1], fields, 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return f"{hint} Allowed keys: {', '.join(fields)}."
    return ""


def _walk(kind: Any, steps: list[str]) -> Any:
    """Follow the keys of an error's path through nested field types."""
    for step in steps:
        kind = _step(kind, step)
    return kind


def _step(kind: Any, name: str) -> Any:
    for struct in _structs(kind):
        if name in struct.__struct_fields__:
            return {field.name: field.type for field in msgspec.structs.fields(struct)}[name]
    return kind


def _structs(kind: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for part in get_args(kind):
        yield from _structs(part)


def _literals(kind: Any) -> Iterator[str]:
    if get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
        return
    for part in get_args(kind):
        yield from _literals(part)
