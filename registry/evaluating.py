"""Read labelled rows, score the matching on them, and say the figures in words."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import IO, Any

from .errors import RegistryError
from .evaluate import evaluate, predictions
from .match import Matcher, build_matcher
from .vocabulary import load_vocabulary


def evaluate_csv(data: Path, file: IO[bytes], predicted: Path | None) -> dict[str, Any]:
    """Score a CSV of labelled rows; with `predicted`, also write what was found for every pair."""
    vocabulary = load_vocabulary(data)
    matcher = build_matcher(vocabulary.technologies, vocabulary.suppliers)
    rows = _rows(file)
    scores = evaluate(rows, matcher)
    if predicted is not None:
        _write(predicted, rows, matcher)
    return scores


def _rows(file: IO[bytes]) -> list[dict[str, str]]:
    try:
        return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), restval=""))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RegistryError(f"{file.name}: not readable as a UTF-8 CSV ({error}). Save it as CSV, UTF-8.") from error


def _write(path: Path, rows: list[dict[str, str]], matcher: Matcher) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["pair_id", "technologies", "leads"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(predictions(rows, matcher))


def scores_in_words(scores: dict[str, Any]) -> str:
    """The figures, then every miss with its text, for a person."""
    names = ("rows", "precision", "recall", "leads_precision", "leads_recall")
    lines = [f"{name}: {_figure(scores[name])}" for name in names]
    lines += [f"  {slug}: {told}" for slug, told in sorted(scores["per_technology"].items())]
    lines += [f"miss: {miss}" for miss in scores["misses"]]
    return "\n".join(lines)


def _figure(value: Any) -> str:
    return "nothing to score" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
