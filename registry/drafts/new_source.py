"""`registry new source`: look at a data set, write its source file and its recording, and say what comes next."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec

from ..fetch import open_web
from ..recording import Recording, recording_path
from .columns import load_column_words
from .described import NOT_STATED
from .seen import Seen, Wanted, look, look_offline
from .source_draft import licence_of, publisher_of, source_draft
from .words import must_be_a_place, must_be_new, write_new


def new_source(data: Path, wanted: Wanted, saved: Path | None) -> str:
    """Write data/sources/SLUG.yml and, where rows were seen, data/recordings/SLUG.json; returns what to do next.

    SourceError where the portal does not answer usably, DataError where a file is there already: then nothing is written.
    """
    target, recording = data / "sources" / f"{wanted.slug}.yml", recording_path(data, wanted.slug)
    must_be_new(target)
    must_be_new(recording)
    if wanted.jurisdiction:
        must_be_a_place(data, wanted.jurisdiction)
    words = load_column_words(data)
    if saved is None:
        with open_web() as web:
            seen = look(wanted, words, web)
    else:
        seen = look_offline(wanted, saved, words)
    today = datetime.date.today()
    write_new(target, source_draft(wanted, seen, words, today.isoformat()))
    if seen.records:
        write_new(recording, _recording(wanted, seen, today))
    return _next_steps(target, recording, wanted, seen)


def _recording(wanted: Wanted, seen: Seen, today: datetime.date) -> str:
    recording = Recording(
        source=wanted.slug, url=wanted.url, publisher=publisher_of(seen), licence=licence_of(seen), recorded_on=today,
        rows_at_portal=seen.rows, columns=seen.columns, records=tuple(seen.records),
    )  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(recording), indent=1).decode() + "\n"


def _next_steps(target: Path, recording: Path, wanted: Wanted, seen: Seen) -> str:
    rows = "" if seen.rows is None else f", {seen.rows:,} rows"
    kept = [f"Wrote {recording}: the first {len(seen.records)} rows without those columns."] if seen.records else []
    unclear = ["The portal states no licence. Find out what may be done with its rows before you give the recording to others."]
    return "\n".join(
        [
            f"Wrote {target}: {len(seen.columns)} columns{rows}; {len(seen.personal)} look personal and are never fetched.",
            *kept,
            *(unclear if kept and licence_of(seen) == NOT_STATED else []),
            "Next:",
            "  1. Write what is marked TODO in the source file: move each column you use from ignore: to fields:.",
            "  2. registry check",
            f"  3. registry sources --probe {wanted.slug}",
            f"  4. registry load {wanted.slug}",
        ]
    )
