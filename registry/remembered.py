"""Which things of a source match, remembered between runs: only what has changed is sought through again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from . import staged
from .match import Matcher
from .paths import Paths
from .scan import scan, scanned
from .snapshot import matched_numbers
from .source import Source
from .unchanged import fingerprint


def matching(paths: Paths, source: Source, db: staged.Connection, matcher: Matcher) -> list[str]:
    """The names of the things that match anything, sorted: from memory where nothing that matters has changed."""
    memory, account, words = paths.matched(source.id), staged.account(db), _words(paths)
    kept = json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else {}
    if (kept.get("words"), kept.get("sha256"), kept.get("definition")) == (words, account["sha256"], account["definition"]):
        return list(kept["numbers"])
    if (kept.get("words"), kept.get("sha256"), kept.get("definition")) == (words, account.get("base"), account["definition"]):
        numbers = _again(source, db, matcher, kept["numbers"])
    else:
        numbers = sorted(set(matched_numbers(db, source, matcher)))
    _remember(memory, {"words": words, "sha256": account["sha256"], "definition": account["definition"], "numbers": numbers})
    return numbers


def _again(source: Source, db: staged.Connection, matcher: Matcher, numbers: Iterable[str]) -> list[str]:
    """The names as before, with the things that changed sought through again."""
    changed = {number for (number,) in db.execute("SELECT number FROM changed")}
    rows = (scanned(number, row) for number, group in staged.things(db, source, changed) for row in group)
    found = {str(number) for number, _ in scan(matcher, rows) if str(number).strip()}
    return sorted((set(numbers) - changed) | found)


def _words(paths: Paths) -> str:
    """A hash of all that decides what matches: the vocabulary and the engine."""
    folders = [(paths.data / "technologies", "*"), (paths.data / "suppliers", "*"), (Path(__file__).parent, "*.py")]
    return hashlib.sha256("".join(fingerprint(folder, pattern) for folder, pattern in folders).encode()).hexdigest()


def _remember(memory: Path, facts: dict[str, object]) -> None:
    """Swapped in whole, as everything else: a killed run leaves the old memory."""
    memory.parent.mkdir(parents=True, exist_ok=True)
    beside = memory.with_suffix(".new")
    beside.write_text(json.dumps(facts), encoding="utf-8")
    beside.replace(memory)
