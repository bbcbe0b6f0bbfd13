"""The public-records law of each state, for the request a reader can copy: data/records_laws.yml, read and told as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from .errors import DataError
from .shape import Strict, load_file

FILE = "records_laws.yml"


class RecordsLaw(Strict, frozen=True):
    """One state's law. `days` of `day_kind` is the time for `answer`; without a number `answer` says all that is known."""

    id: str
    name: str
    citation: str
    evidence: Literal["P", "O", "S", "M"]
    answer: str
    days: int | None = None
    day_kind: Literal["", "business", "working", "calendar"] = ""
    note: str = ""
    source_url: str = ""


def load_records_laws(data: Path, states: set[str]) -> Mapping[str, RecordsLaw]:
    """The law of each state by its two letters in lower case; DataError names what is wrong with the file and the remedy."""
    path = data / FILE
    listed = load_file(path, tuple[RecordsLaw, ...])
    for problem in _problems(listed, states):
        raise DataError(f"{path}: {problem}")
    return {law.id: law for law in listed}


def _problems(listed: tuple[RecordsLaw, ...], states: set[str]) -> Iterator[str]:
    ids = [law.id for law in listed]
    for law in listed:
        if ids.count(law.id) > 1:
            yield f"`{law.id}` is there twice; keep one entry for each state."
        if law.id not in states:
            yield f"`{law.id}` is no state of data/jurisdictions. Allowed: {', '.join(sorted(states))}."
        if (law.days is None) != (law.day_kind == ""):
            yield f"`{law.id}`: give `days` and `day_kind` together, or neither."
        if law.evidence != "M" and not law.source_url:
            yield f"`{law.id}`: evidence {law.evidence} needs a `source_url`; what is from memory is evidence M."


def records_law_rows(laws: Mapping[str, RecordsLaw]) -> Iterator[dict[str, Any]]:
    """One row per state."""
    for law in laws.values():
        yield {
            "id": law.id, "name": law.name, "citation": law.citation, "days": law.days, "day_kind": law.day_kind,
            "answer": law.answer, "note": law.note, "evidence": law.evidence, "source_url": law.source_url,
        }  # fmt: skip
