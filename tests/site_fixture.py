"""A small registry.db for the site's tests. Every row is synthetic and says so, but Boston's, which are data/records.

`build` is quick, so each test module makes its own; `build_large` holds as many contracts as the site must carry.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from registry.build import building
from registry.councils import Chamber, Purchase, chamber, link_rows, links, matter_of
from registry.coverage import Council
from registry.records import interval
from registry.reviews import Review, review_rows
from registry.schema import TABLES
from registry.sharing import Flow, flow_rows

ROOT = Path(__file__).parent.parent
Row = dict[str, Any]

HOSTILE = {
    "script": "[synthetic] <script>alert('title')</script> cameras",
    "image": '[synthetic] "><img src=x onerror=alert(1)>',
    "address": "javascript://example.org/%0aalert(document.domain)",
}

TRACE = {
    "laws": [
        {"law": "zz-exampleton-ccops", "steps": [
            {"step": "1", "rule": "BEFORE_LAW", "result": "no", "why": "The award came after the law took effect."},
            {"step": "8", "rule": "TRIGGER_ACQUIRE", "result": "yes", "why": "<b>[synthetic]</b> buying is a trigger."},
        ]},
    ],
}  # fmt: skip


def _places() -> list[Row]:
    names = {
        "us-ma-boston": ("Boston, MA", "MA"),
        "us-zz-exampleton": ("Exampleton, ZZ", "ZZ"),
        "us-zz-elsewhere": ("Elsewhere, ZZ", "ZZ"),
        "us-zz-twin": ("Twin, ZZ", "ZZ"),
        "us-yy-twin": ("Twin, YY", "YY"),
    }
    overlay = {"citation": "Example Law 1", "text": "[synthetic] a state law to read beside", "evidence": "M"}
    return [
        {"id": slug, "name": name, "kind": "city", "state": state, "deciding_body": "City Council",
         "overlays": json.dumps([overlay]), "laws_known": 1, "agencies_known": 1}
        for slug, (name, state) in names.items()
    ]  # fmt: skip


def _knowledge() -> dict[str, list[Row]]:
    law = {
        "id": "zz-exampleton-ccops", "jurisdiction": "us-zz-exampleton", "title": "[synthetic] Oversight law",
        "kind": "ccops", "citation": "Example Code 1", "url": "https://example.org/code", "deciding_body": "City Council",
        "status": "in_force", "date_enacted": "2019-12-01", "date_effective": "2020-01-01", "date_quality": "day",
        "technologies": json.dumps(["surveillance technology"]), "legacy_rule": "unknown",
        "evidence": json.dumps({"triggers": "P", "legacy": "M"}),
        "sources": json.dumps(["https://example.org/code"]), "unknowns": json.dumps(["[synthetic] legacy rule"]),
    }  # fmt: skip
    ban = law | {
        "id": "zz-exampleton-face", "title": "[synthetic] Face ban", "kind": "ban",
        "technologies": json.dumps(["face_recognition"]),
    }  # fmt: skip
    return {
        "laws": [law, ban],
        "provisions": [
            {"id": "p1", "law": law["id"], "part": "trigger", "code": "acquire", "words": "[synthetic] Buying needs a vote",
             "evidence": "P", "unverified": 0},
            {"id": "p2", "law": law["id"], "part": "exemption", "code": "office_hardware",
             "words": "[synthetic] Office machines are exempt", "evidence": "M", "unverified": 1},
        ],
        "rules": [{"id": "TRIGGER_ACQUIRE", "step": "8", "meaning": "Buying needs approval first."},
                  {"id": "AGENCY_UNCLEAR", "step": "2", "meaning": "It is not clear whether the department is covered."}],
        "technologies": [
            {"id": "video_analytics", "name": "Video analytics", "definition": "Software that searches video.",
             "terms": json.dumps(["video analytics"]), "weak_terms": "[]", "negative_terms": "[]", "also": "[]"},
            {"id": "face_recognition", "name": "Face recognition", "definition": "Finds people by their faces.",
             "terms": "[]", "weak_terms": "[]", "negative_terms": "[]", "also": "[]"},
            {"id": "cctv", "name": "Cameras", "definition": "Fixed or networked cameras.",
             "terms": json.dumps(["cctv"]), "weak_terms": "[]", "negative_terms": "[]", "also": "[]"},
        ],
        "suppliers": [
            {"id": "briefcam-ltd", "name": "BriefCam", "aliases": "[]", "former_names": "[]", "parents": "[]",
             "technologies": json.dumps(["video_analytics"]), "basis": "memory", "specialist": 1},
            {"id": "watcher-inc", "name": "Watcher Inc", "aliases": json.dumps(["Watcher"]),
             "former_names": json.dumps(["Gazer LLC"]), "parents": json.dumps(["Eye Holdings (2019)"]),
             "technologies": json.dumps(["cctv"]), "basis": "source", "source_url": "https://example.org/watcher", "specialist": 1},
        ],
        "products": [
            {"id": "briefcam", "name": "BriefCam", "supplier": "briefcam-ltd", "technology": "video_analytics",
             "aliases": "[]", "face": "optional", "face_since": "a later version", "face_basis": "memory", "basis": "memory"},
            {"id": "watcher-eye", "name": "Watcher Eye", "supplier": "watcher-inc", "technology": "cctv", "aliases": "[]",
             "face": "optional", "face_since": "version 2", "face_basis": "source", "basis": "source"},
        ],
        "names": [
            {"id": str(number), "name": name, "about": about, "kind": kind, "display": display}
            for number, (name, about, kind, display) in enumerate([
                ("briefcam", "briefcam", "product", "BriefCam"), ("brief cam", "briefcam", "product", "BriefCam"),
                ("briefcam ltd", "briefcam-ltd", "supplier", "BriefCam Ltd"),
                ("watcher eye", "watcher-eye", "product", "Watcher Eye"), ("watcher inc", "watcher-inc", "supplier", "Watcher Inc"),
                ("cafe cam 9", "cafe-cam", "product", "Café Cam 9"),
                ("cctv", "cctv", "technology", "Cameras"), ("video analytics", "video_analytics", "technology", "Video analytics"),
            ])
        ],
        "records_laws": [
            {"id": "zz", "name": "[synthetic] Example Records Act", "citation": "Example Code 2", "days": 5, "day_kind": "business",
             "answer": "an answer", "note": "", "evidence": "M", "source_url": ""},
        ],
        "corrections": [
            {"id": "records_zz-gift_finding_2026-01-01", "corrected_on": "2026-01-01", "of_table": "records", "ref": "zz-gift",
             "field": "finding", "said": HOSTILE["image"], "says": HOSTILE["script"], "why": "[synthetic] <b>Misread.</b>",
             "source_url": HOSTILE["address"], "reported_by": "reader"},
            {"id": "laws_zz-exampleton-ccops_date_effective_2025-12-31", "corrected_on": "2025-12-31", "of_table": "laws",
             "ref": "zz-exampleton-ccops", "field": "date_effective", "said": "", "says": "2020-01-01", "why": "[synthetic] Read.",
             "source_url": "https://example.org/code", "reported_by": "maintainer"},
        ],
        "agencies": [{"id": "zz-police", "jurisdiction": "us-zz-exampleton", "name": "[synthetic] Police", "kind": "police"}],
    }  # fmt: skip


def _coverage() -> dict[str, list[Row]]:
    return {
        "sources": [
            {"id": "zz-contracts", "title": "[synthetic] Exampleton contracts", "jurisdiction": "us-zz-exampleton",
             "kind": "contracts", "portal": "delimited", "url": "https://example.org/data", "publisher": "Exampleton",
             "licence": "Public domain", "amounts_mean": "Award amounts."},
            {"id": "zz-elsewhere", "title": "[synthetic] Elsewhere contracts", "jurisdiction": "us-zz-elsewhere", "kind": "contracts"},
            {"id": "public-records", "title": "Public records", "kind": "documents"},
            {"id": "zz-payments", "title": "[synthetic] Checkbook", "jurisdiction": "us-zz-exampleton", "kind": "payments",
             "amounts_mean": "What was paid."},
            {"id": "zz-council", "title": "[synthetic] Council", "jurisdiction": "us-zz-exampleton", "kind": "matters"},
            {"id": "zz-documents", "title": "[synthetic] Search", "kind": "documents"},
        ],
        "coverage": [
            {"id": "c1", "source": "zz-contracts", "jurisdiction": "us-zz-exampleton", "state": "searched", "scope": "matched_only",
             "searched_from": "2010-01-01", "searched_through": "2025-12-31", "not_searched_for": json.dumps(["cafe-cam"])},
            {"id": "c2", "source": "zz-elsewhere", "jurisdiction": "us-zz-elsewhere", "state": "blocked",
             "why": "[synthetic] the portal refuses us"},
            {"id": "c3", "source": "public-records", "jurisdiction": "us-ma-boston", "state": "searched", "scope": "whole",
             "searched_from": "2004-01-01", "searched_through": "2026-11-01", "not_searched_for": "[]"},
        ],
        "loads": [
            {"id": "l0", "source": "zz-contracts", "origin": "bundled", "first_at": "2025-12-02T03:04:05Z",
             "read_at": "2025-12-02T03:04:05Z", "last_at": "2025-12-02T03:04:05Z", "sha256": "1" * 64,
             "result": "loaded", "scope": "whole"},
            {"id": "l1", "source": "zz-contracts", "origin": "bundled", "first_at": "2026-01-02T03:04:05Z",
             "read_at": "2026-01-02T03:04:05Z", "last_at": "2026-01-02T03:04:05Z", "sha256": "0" * 64,
             "result": "loaded", "scope": "whole", "compared_with": "l0",
             "rows_read": 3, "rows_staged": 3, "rows_refused": 0},
        ],
        "changes": [
            {"id": f"{contract}__{field}", "source": "zz-contracts", "jurisdiction": "us-zz-exampleton", "contract": contract, "load": "l1",
             "noticed_on": "2026-01-02", "kind": "changed", "revision": "1", "field": field, "old_value": old, "new_value": new,
             "technologies": json.dumps(["cctv"])}
            for contract, field, old, new in (
                ("zz-1", "value_amount", "100.00", "117770.30"), ("zz-1", "period_end_date", None, "2021-12-31"),
                ("zz-hostile", "title", HOSTILE["image"], HOSTILE["script"]),
            )
        ],
        "issues": [{"id": "i1", "source": "zz-contracts", "severity": "warning", "kind": "date", "field": "End Date",
                    "value": "11/30/3030", "message": "[synthetic] year 3030", "remedy": "Look at the row.", "row": 7}],
        "about_this_registry": [{"id": "built_at", "value": "2026-01-02T03:04:05Z"}],
    }  # fmt: skip


def contract(slug: str, **given: Any) -> Row:
    """A synthetic contract row; `given` replaces columns."""
    return {
        "id": slug, "jurisdiction": "us-zz-exampleton", "buyer_name": "Exampleton", "buyer_unit": "[synthetic] Police",
        "supplier": "watcher-inc", "supplier_name": "WATCHER INC", "title": "[synthetic] Watcher Eye licences",
        "description": "[synthetic]", "status": "", "date_signed": "2019-01-05", "period_start_date": "2019-01-05",
        "period_end_date": "2021-12-31", "value_currency": "USD", "value_amount": 53117770.3, "contract_number": "A-1",
        "technologies": json.dumps(["cctv"]), "products": json.dumps(["watcher-eye"]), "evidence": "product",
        "determination": "approval_required", "floor": None, "approval_status": "not_searched", "rule": "TRIGGER_ACQUIRE",
        "source": "zz-contracts", "source_url": "https://example.org/contract/1", "load": "l1", "year": 2019, "amendment_count": 2,
    } | given  # fmt: skip


def _others() -> dict[str, list[Row]]:
    """A payment of the contract, a lead, hostile texts, a matter of each fate, and a document that mentions a product."""
    payment = {
        "id": "zz-pay-1", "jurisdiction": "us-zz-exampleton", "source": "zz-payments", "buyer_name": "Exampleton",
        "buyer_unit": "[synthetic] Police", "supplier": "watcher-inc", "supplier_name": "WATCHER INC", "title": "[synthetic] licences",
        "description": "", "transaction_date": "2020-03-04", "value_currency": "USD", "value_amount": 1234.5, "contract_number": "A-1",
        "contract": "zz-1", "technologies": json.dumps(["cctv"]), "products": "[]", "evidence": "term",
        "source_url": "https://example.org/payments", "load": "l1", "year": 2020, "source_row": 1,
    }  # fmt: skip
    lead = payment | {
        "id": "zz-pay-2", "title": "", "contract": None, "evidence": "supplier", "value_amount": -34.5, "source_row": 2,
        "transaction_date": None, "year": None,
    }  # fmt: skip
    hostile = payment | {"id": "zz-pay-3", "title": HOSTILE["script"], "supplier_name": HOSTILE["image"], "source_url": HOSTILE["address"]}
    matter = {
        "id": "zz-matter-1", "jurisdiction": "us-zz-exampleton", "source": "zz-council", "matter_number": "26-1",
        "title": "[synthetic] Agreement for Watcher Eye", "description": "", "matter_type": "Resolution", "status": "Passed",
        "outcome": "approved", "body": "City Council", "date_introduced": "2021-01-05", "date_agenda": "2021-02-02",
        "date_decided": "2021-02-02", "enactment_number": "R-7", "technologies": json.dumps(["cctv"]),
        "products": json.dumps(["watcher-eye"]), "supplier": None, "evidence": "product", "source_url": "https://example.org/matter/1",
        "load": "l1", "year": 2021,
    }  # fmt: skip
    unknown = matter | {
        "id": "zz-matter-2", "matter_number": "26-2", "title": HOSTILE["script"], "status": HOSTILE["image"], "outcome": None,
        "source_url": HOSTILE["address"], "date_decided": None, "enactment_number": "",
    }  # fmt: skip
    document = {
        "id": "zz-document-1", "jurisdiction": None, "source": "zz-documents", "title": "[synthetic] A memo", "publisher": "A newsroom",
        "date_published": "2022-05-06", "technologies": json.dumps(["cctv"]), "products": json.dumps(["watcher-eye"]),
        "supplier": "watcher-inc", "evidence": "product", "source_url": "https://example.org/document/1", "load": "l1", "year": 2022,
    }  # fmt: skip
    matched = {"technology": "cctv", "evidence": "product", "product": "watcher-eye", "supplier": "watcher-inc", "term": "watcher eye",
               "field": "title", "excerpt": "Watcher Eye", "basis": "source"}  # fmt: skip
    return {
        "transactions": [payment, lead, hostile], "matters": [matter, unknown], "documents": [document],
        "matches": [
            {"id": "m3", "payment": "zz-pay-1"} | matched, {"id": "m4", "matter": "zz-matter-1"} | matched,
            {"id": "m5", "document": "zz-document-1"} | matched,
        ],
    }  # fmt: skip


def _contracts() -> dict[str, list[Row]]:
    rows = [
        contract("zz-1"),
        contract("zz-hostile", title=HOSTILE["script"], description=HOSTILE["image"], supplier_name=HOSTILE["image"],
                 source_url=HOSTILE["address"], buyer_unit=HOSTILE["image"], technologies=json.dumps(["cctv", "<b>x</b>"])),
        contract("zz-lead", evidence="supplier", products="[]", determination="needs_review", floor="approval_required",
                 approval_status="not_found", rule="AGENCY_UNCLEAR", period_end_date="2026-12-31",
                 description="[synthetic] under file 26-2"),
    ]  # fmt: skip
    return {
        "contracts": rows,
        "amendments": [
            {"id": "a1", "contract": "zz-1", "revision": "0", "value_amount": 53000000, "date_signed": "2019-01-05", "counted": 1},
            {"id": "a2", "contract": "zz-1", "revision": "1", "value_amount": 117770.3, "date_signed": "2020-02-01", "counted": 1},
        ],
        "matches": [
            {"id": "m1", "contract": "zz-1", "technology": "cctv", "evidence": "product", "product": "watcher-eye",
             "supplier": "watcher-inc", "term": "watcher eye", "field": "title", "excerpt": "Watcher Eye licences", "basis": "source"},
            {"id": "m2", "contract": "zz-hostile", "technology": "cctv", "evidence": "product", "product": "watcher-eye",
             "term": "cameras", "field": "title", "excerpt": HOSTILE["script"], "basis": "source"},
        ],
        "determinations": [
            {"id": f"d-{slug}", "contract": slug, "jurisdiction": "us-zz-exampleton", "law": "zz-exampleton-ccops",
             "outcome": "approval_required", "timing": "prior", "rule": "TRIGGER_ACQUIRE", "decides": 1,
             "reason": "Buying needs a vote.", "sentence": "[synthetic] The law requires City Council approval.",
             "citation": "Example Code 1.2", "citation_url": "https://example.org/code", "evidence": "P",
             "approval_status": "not_searched", "action": "acquire", "action_date": "2019-01-05", "unknowns": "[]",
             "facts": json.dumps({"action": "acquire"}), "trace": json.dumps(TRACE)}
            for slug in ("zz-1", "zz-hostile")
        ],
    }  # fmt: skip


def holding(number: int, about: str, place: str, **given: Any) -> Row:
    """A synthetic holding row; `given` replaces columns."""
    return {
        "id": f"h{number}", "about": about, "about_kind": "product", "jurisdiction": place, "kind": "contract", "ref": f"zz-{number}",
        "title": "[synthetic] licences", "said": "[synthetic] A contract for licences.", "evidence_from": "2019-01-05",
        "evidence_to": "2019-01-05", "in_force_from": "2019-01-05", "in_force_to": "2021-12-31", "ended_by": "2021-12-31",
        "source_url": "https://example.org/contract/1", "grade": "primary", "firm": 1, "dated": 1, "proposal": 0,
    } | given  # fmt: skip


def _boston_rows() -> Iterator[Row]:
    """Boston's records of the product, as data/records holds them."""
    with (ROOT / "data/records/us-ma.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["jurisdiction"] == "us-ma-boston"]
    return (row for row in rows if row["product"] == "BriefCam")


def _dates(text: str) -> tuple[str | None, str | None]:
    return (None, None) if not text else (interval(text)[0].isoformat(), interval(text)[1].isoformat())


def _records() -> dict[str, list[Row]]:
    records, holdings = [], []
    for number, row in enumerate(_boston_rows(), start=100):
        first, last = _dates(row["event_date"])
        records.append({
            "id": row["id"], "jurisdiction": row["jurisdiction"], "buyer_unit": row["buyer_unit"], "title": row["title"],
            "finding": row["finding"], "event_type": row["event_type"], "stage": row["stage"], "event_date": row["event_date"],
            "event_from": first, "event_to": last, "product": row["product"], "supplier": row["supplier"],
            "channel": row["channel"], "evidence_grade": row["evidence_grade"], "source_url": row["source_url"],
            "technologies": json.dumps([row["technology"]]), "products": json.dumps(["briefcam"]), "judged": 0,
        })  # fmt: skip
        holdings.append(holding(
            number, "briefcam", row["jurisdiction"], kind="record", ref=row["id"], title=row["title"], said=row["title"],
            evidence_from=first, evidence_to=last, in_force_from=None, in_force_to=None, ended_by=None, dated=0,
            proposal=int(row["stage"] == "proposed"), grade=row["evidence_grade"], source_url=row["source_url"],
        ))  # fmt: skip
    gift = {
        "id": "zz-gift", "jurisdiction": "us-zz-exampleton", "buyer_unit": "[synthetic] Police", "title": "[synthetic] A gift",
        "finding": HOSTILE["script"], "event_type": "donation", "stage": "reported", "event_date": "2021-03", "channel": "donation",
        "technologies": json.dumps(["cctv"]), "products": json.dumps(["watcher-eye"]), "evidence": "product", "judged": 1,
        "determination": "approval_required", "approval_status": "not_searched", "rule": "TRIGGER_ACQUIRE", "year": 2021,
        "source_url": HOSTILE["address"], "event_from": "2021-03-01", "event_to": "2021-03-31", "evidence_grade": "press",
    }  # fmt: skip
    vote = gift | {"id": "zz-vote", "event_type": "refusal", "stage": "decided", "title": "[synthetic] A refusal", "judged": 0}
    plan = vote | {"id": "zz-plan", "jurisdiction": "us-zz-elsewhere", "event_type": "proposal", "stage": "proposed",
                   "title": "[synthetic] A plan"}  # fmt: skip
    return {"records": [*records, gift, vote, plan], "holdings": [*holdings, holding(1, "watcher-eye", "us-zz-exampleton")]}


def _flows() -> Iterator[Row]:
    """A chain from school to federal agency, one arrow only proposed, and one back; the names are hostile and long."""
    school, police = "[synthetic] <b>School</b>", "[synthetic] Police"
    centre, agency = "[synthetic] Centre of a very long name for the Exchange of Information", "[synthetic] Agency"
    return flow_rows([
        Flow("zz-gift", school, "school", police, "police", "[synthetic] reports"),
        Flow("zz-gift", police, "police", school, "school", HOSTILE["script"]),
        Flow("zz-plan", centre, "fusion_centre", agency, "federal", "[synthetic] watch lists"),
        Flow("zz-vote", police, "police", centre, "fusion_centre", "[synthetic] pictures"),
    ])  # fmt: skip


REVIEWS = [
    Review("zz-council", "26-1", "contracts/zz-1", "another_purchase", "librarian", date(2026, 1, 3), "[synthetic] A later order",
           "https://example.org/matter/1", "[synthetic] It renews something else."),
    Review("zz-council", "26-2", "contracts/zz-hostile", "same_purchase", "lawyer", date(2026, 1, 4), HOSTILE["script"],
           "https://example.org/matter/2", HOSTILE["image"]),
]  # fmt: skip


def _bought(table: str, row: Row) -> Purchase:
    about = (*json.loads(row["products"]), *json.loads(row["technologies"]))
    words = tuple(row.get(column) or "" for column in ("title", "description", "finding"))
    return Purchase(f"{table}/{row['id']}", row.get("date_signed") or row["event_from"], words, about, frozenset(about))


def _matter_links(found: dict[str, list[Row]]) -> Iterator[Row]:
    """Links of each kind as a load finds them: by file number, by a reviewer's line for and against, and leads that nobody has read."""
    council: Chamber = chamber(Council(()), [matter_of(row) for row in found["matters"]], REVIEWS)
    for table, slugs in (("contracts", ("zz-1", "zz-hostile", "zz-lead")), ("records", ("zz-gift",))):
        for bought in (_bought(table, row) for row in found[table] if row["id"] in slugs):
            yield from link_rows(bought, links(council, bought))


def tables() -> dict[str, list[Row]]:
    """Every row of the small registry, by table."""
    found: dict[str, list[Row]] = {"jurisdictions": _places(), **_knowledge(), **_coverage(), **_contracts(), **_records()}
    for name, rows in _others().items():
        found.setdefault(name, []).extend(rows)
    return found | {"flows": list(_flows()), "reviews": list(review_rows(REVIEWS)), "matter_links": list(_matter_links(found))}


def fill(path: Path, rows: Iterable[tuple[str, Row]]) -> Path:
    """Write (table, row) pairs into a new registry.db through the writer of a load; what a row does not give is empty.

    A column that the schema does not have is a KeyError.
    """
    with building(path) as (_, writer):
        for table, row in rows:
            writer.add(table, [dict.fromkeys(TABLES[table].columns) | row])
    return path


def write(path: Path, rows: dict[str, list[Row]]) -> Path:
    """Write a whole registry, given by table."""
    return fill(path, ((name, row) for name, given in rows.items() for row in given))


def build(path: Path) -> Path:
    """The small registry."""
    return write(path, tables())


def _large(number: int) -> Row:
    """One of many synthetic contracts, unlike its neighbours in every column that can be counted or sorted by."""
    year = 2000 + number % 25
    return contract(
        f"zz-n{number}", year=year, date_signed=f"{year}-{1 + number % 12:02}-{1 + number % 28:02}",
        buyer_unit=f"[synthetic] Unit {number % 60}", evidence=("product", "supplier", "term")[number % 3], value_amount=float(number),
        period_end_date=f"20{10 + number % 20}-06-30", approval_status=("not_found", "approved")[number % 2],
        products=json.dumps(["watcher-eye"][: number % 3 == 0]), technologies=json.dumps(["cctv", "video_analytics"][: 1 + number % 2]),
    )  # fmt: skip


def build_large(path: Path, contracts: int) -> Path:
    """The small registry with so many synthetic contracts, each with a match, a determination and a holding."""
    rows = tables()
    match, determination = rows["matches"][0], rows["determinations"][0]
    names = [f"zz-n{number}" for number in range(contracts)]
    rows["contracts"] += [_large(number) for number in range(contracts)]
    rows["matches"] += [match | {"id": f"m-{name}", "contract": name} for name in names]
    rows["determinations"] += [determination | {"id": f"d-{name}", "contract": name} for name in names]
    rows["holdings"] += [
        holding(1000 + number, ("watcher-eye", "cctv")[number % 2], "us-zz-exampleton", ref=name) for number, name in enumerate(names)
    ]
    return write(path, rows)
