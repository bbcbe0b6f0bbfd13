"""What matched while its publisher worded it otherwise, and matches no longer: its page is gone, and a warning says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import clean, staged
from .history import Change
from .issues import Issue
from .match import Matcher
from .scan import scan, scanned
from .source import Source

LONGEST = 200


def reworded(source: Source, db: staged.Connection, matcher: Matcher, names: Iterable[str], origin: str) -> Iterator[Issue]:
    """One warning per thing whose earlier words match and whose newest do not; `names` are those that match now.

    Payments are left out: their earlier words may name a person who was never published.
    """
    changes = [] if source.kind == "payments" else staged.changed_words(db)
    listed = {staged.name_of(db, source, name) for name in names} if changes else set()
    unlisted = [one for one in changes if one.name not in listed]
    # The words as they were before each change of one of them.
    earlier = (scanned(at, {**staged.words_of(db, source, one.name), one.field: one.old}) for at, one in enumerate(unlisted))
    newest = {unlisted[number].name: unlisted[number] for number in sorted(int(str(at)) for at, _ in scan(matcher, earlier))}
    yield from (_issue(source, one, origin) for one in newest.values())


def _issue(source: Source, one: Change, origin: str) -> Issue:
    name, old, new = (clean.text(text, LONGEST) for text in (one.name, one.old, one.new))
    return Issue(
        source.id, "warning", "reworded", origin, None, one.field, old,
        f"{name} matched what we look for and no longer does: it said {old!r} and says {new!r}. It has no page any more.",
        "If it is still the same thing, add its new words to the vocabulary, or a public record that tells of it.",
    )  # fmt: skip
