"""Who gives information to whom, as public records say it: data/sharing.csv, one flow a row, each resting on one record.

Nothing is inferred: the giver and the receiver are names that stand in the record itself, and its source, date and grade are the flow's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from .errors import DataError
from .names import fold
from .records import Record
from .shape import Strict, convert

FILE = "sharing.csv"
Party = Literal["school", "city", "private", "police", "fusion_centre", "state", "not_named", "federal"]


class Flow(Strict, frozen=True):
    """One flow of information between two parties that the record names; `what` in a few words."""

    record: str
    giver: str
    giver_kind: Party
    receiver: str
    receiver_kind: Party
    what: str


def load_flows(data: Path, records: Iterable[Record]) -> list[Flow]:
    """Every flow in file order; DataError names the row, what is wrong with it and the remedy."""
    path, known = data / FILE, {record.id: record for record in records}
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != Flow.__struct_fields__:
        raise DataError(f"{path}:1: wrong header. Write exactly: {','.join(Flow.__struct_fields__)}")
    flows = []
    for row in reader:
        where = f"{path}:{reader.line_num}"
        if None in row or None in row.values():
            raise DataError(f"{where}: not {len(Flow.__struct_fields__)} cells. Quote commas.")
        flow = convert(row, Flow, where)
        for problem in _problems(flow, known):
            raise DataError(f"{where}: {problem}")
        flows.append(flow)
    return flows


def _problems(flow: Flow, known: Mapping[str, Record]) -> Iterator[str]:
    record = known.get(flow.record)
    if record is None:
        yield f"record: `{flow.record}` is no row of data/records. Write the record first: a flow rests on its source."
        return
    if not flow.what.strip():
        yield "what: is empty. Say in a few words what is shared."
    said = fold(" ".join((record.title, record.finding, record.buyer_unit, record.supplier, record.notes)))
    for column, name in (("giver", flow.giver), ("receiver", flow.receiver)):
        if not fold(name) or f" {fold(name)} " not in f" {said} ":
            yield f"{column}: `{name}` does not stand in the words of `{flow.record}`. Nothing is inferred: name parties as it does."


def flow_rows(flows: Iterable[Flow]) -> Iterator[dict[str, Any]]:
    """One row per flow; its id is the record's with a number."""
    counted: dict[str, int] = {}
    for flow in flows:
        counted[flow.record] = counted.get(flow.record, 0) + 1
        yield {
            "id": f"{flow.record}_{counted[flow.record]}", "record": flow.record, "giver": flow.giver, "giver_kind": flow.giver_kind,
            "receiver": flow.receiver, "receiver_kind": flow.receiver_kind, "what": flow.what,
        }  # fmt: skip
