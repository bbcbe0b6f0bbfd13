"""`registry judge`: facts in, what the law would require out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import FactsError
from .law_book import load_law_book
from .rules import judge
from .vocabulary import load_technologies


def judge_json(data: Path, raw: bytes) -> dict[str, Any]:
    """The judgement of one JSON object of facts; FactsError names what is wrong with it and what is allowed."""
    try:
        facts = json.loads(raw)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise FactsError(f'The facts are not JSON ({error}). Give one object, for example {{"jurisdiction": "us-ma-boston"}}.') from error
    if not isinstance(facts, dict):
        raise FactsError("The facts must be one JSON object, the `record` of a case.")
    aliases = {other: slug for slug, one in load_technologies(data).items() for other in one.also}
    return judge(facts, load_law_book(data), aliases).as_json()


def judgement_in_words(judged: dict[str, Any]) -> str:
    """The judgement for a person: the sentence, why, where it stands, then the trace law by law."""
    lines = [judged["sentence"], f"Outcome: {judged['outcome']}" + (f" ({judged['timing']})" if judged["timing"] else "")]
    lines += [f"{name.capitalize()}: {judged[name]}" for name in ("floor", "likely", "rule", "reason", "citation") if judged[name]]
    for step in judged["trace"]:
        lines.append(f"- {step['law'] or 'no local law'}: {step['outcome']} [{step['rule']}] {step['reason']}")
    lines += [f"State law shown beside: {overlay}" for overlay in judged["overlays"]]
    return "\n".join(lines)
