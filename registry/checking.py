"""`registry check`: read every file of data/ and run the examples it carries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .catalog import Catalog, load_catalog
from .drafts.columns import load_column_words
from .errors import DataError
from .law import Example
from .match import Matcher, build_matcher, match
from .recording import recording_problems
from .rules import judge
from .snapshot import read_snapshot
from .vocabulary import Row


class Checked(NamedTuple):
    """What is wrong, one line each with its file, and one line that sums up."""

    problems: list[str]
    summary: str


def check_data(data: Path) -> Checked:
    """Validate data/ and run its examples; never raises DataError, it is the first problem instead."""
    try:
        catalog = load_catalog(data)
        for slug in catalog.sources:
            read_snapshot(data, slug)
        load_column_words(data)
        problems = [*example_problems(catalog), *law_problems(catalog), *recording_problems(data, catalog.sources)]
    except DataError as error:
        return Checked([str(error)], "data/ cannot be read.")
    return Checked(problems, _summary(catalog, problems))


def _summary(catalog: Catalog, problems: list[str]) -> str:
    counted = {
        "laws": catalog.book.laws, "places": catalog.book.jurisdictions, "technologies": catalog.technologies,
        "suppliers": catalog.suppliers, "sources": catalog.sources, "records": catalog.records,
    }  # fmt: skip
    told = ", ".join(f"{len(things):,} {name}" for name, things in counted.items())
    return f"{told}: {len(problems)} problems." if problems else f"{told}: all well."


def example_problems(catalog: Catalog) -> Iterator[str]:
    """Every must-match and must-not-match example of a technology that does not do what it says."""
    matcher = build_matcher(catalog.technologies, catalog.suppliers)
    for slug, technology in catalog.technologies.items():
        for wanted, examples in ((True, technology.examples.match), (False, technology.examples.not_match)):
            for example in examples:
                if (slug in _firm(matcher, example)) is not wanted:
                    verb = "should" if wanted else "should not"
                    yield f"data/technologies/{slug}.yml: examples: {_title(example)!r} {verb} match. Change the terms or the example."


def law_problems(catalog: Catalog) -> Iterator[str]:
    """Every worked example of a law or place whose answer is another one."""
    aliases = {other: slug for slug, one in catalog.technologies.items() for other in one.also}
    carriers: list[tuple[str, tuple[Example, ...]]] = [(f"data/laws/{law.id}.yml", law.examples) for law in catalog.book.laws.values()]
    carriers += [(f"data/jurisdictions/{place.id}.yml", place.examples) for place in catalog.book.jurisdictions.values()]
    for path, examples in carriers:
        for example in examples:
            answer = judge(example.record, catalog.book, aliases).as_json()
            for wrong in _differences(example, answer):
                yield f"{path}: example {example.id}: {wrong}"


def _differences(example: Example, answer: dict[str, Any]) -> Iterator[str]:
    """What the rules answer before the evidence gate must be `expect`; what may be published, `published`."""
    rules = answer["held"] or answer
    wanted = {"outcome": example.expect, "timing": example.timing, "rule": example.rule}
    published: dict[str, Any] = dict(example.published) or {"outcome": example.expect}
    checks = [(name, rules[name], value) for name, value in wanted.items()]
    checks += [(name, answer[name], value) for name, value in {"floor": example.floor, **published}.items()]
    for name, got, value in checks:
        if got != value:
            yield f"{name} is {got}, expected {value}."


def _firm(matcher: Matcher, example: str | Row) -> set[str]:
    row = example if isinstance(example, Row) else Row(title=example)
    found = match(matcher, row.title, row.description, row.supplier, row.buyer_unit)
    return {one.technology for one in found if one.evidence != "supplier"}


def _title(example: str | Row) -> str:
    return example if isinstance(example, str) else example.title
