"""A synthetic registry of 100,000 matched contracts, written as a load writes it; every id and title says that it is synthetic.

The rows come straight from here and not through the engine, which would take minutes; tables, indexes, full text, views and statistics
are those of a load. One place holds two fifths of everything and the rest is spread thinly, as with real cities and suppliers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import site_fixture

Row = dict[str, Any]
CONTRACTS = 100_000
PLACES, SUPPLIERS, TECHNOLOGIES, PRODUCTS = 60, 400, 30, 300
OUTCOMES = ("no_local_law", "needs_review", "approval_required", "not_covered", "exempt", "disclosure_only", "banned")
VOTES = ("not_searched", "not_searched", "not_found", "approved")
EVIDENCE = ("term", "product", "supplier", "term")
SMALL = site_fixture.tables()
ONE = {"suppliers": "supplier", "technologies": "technology", "products": "product"}
LAW, TOWN = "zz-exampleton-ccops", "us-zz-exampleton"


def skewed(number: int, kinds: int) -> int:
    """The same spread each time: kind 0 has two fifths of all numbers, the others share the rest."""
    mixed = number * 2654435761 % 1_000_003
    return 0 if mixed % 5 < 2 else mixed // 5 % kinds


def place(number: int) -> str:
    return TOWN if number == 0 else f"us-zz-synthetic-{number}"


def supplier(number: int) -> str:
    return "watcher-inc" if number == 0 else f"synthetic-supplier-{number}"


def technology(number: int) -> str:
    return "cctv" if number == 0 else f"synthetic_technology_{number}"


def product(number: int) -> str:
    return "watcher-eye" if number == 0 else f"synthetic-product-{number}"


def knowledge() -> Iterator[tuple[str, Row]]:
    """The small registry, with more places, suppliers, technologies and products."""
    yield from ((name, row) for name, rows in SMALL.items() for row in rows)
    yield "about_this_registry", {"id": "synthetic", "value": f"Every one of the {CONTRACTS:,} contracts zz-synthetic-N is synthetic."}
    kinds = (
        ("jurisdictions", place, PLACES), ("suppliers", supplier, SUPPLIERS), ("technologies", technology, TECHNOLOGIES),
        ("products", product, PRODUCTS),
    )  # fmt: skip
    for table, slug, many in kinds:
        for number in range(1, many):
            name = f"[synthetic] {table} {number}"
            yield table, SMALL[table][-1] | {"id": slug(number), "name": name}
            if table != "jurisdictions":
                yield "names", {"id": slug(number), "name": name.lower(), "about": slug(number), "kind": ONE[table], "display": name}


def told(number: int) -> Iterator[tuple[str, Row]]:
    """One contract and what a load says of it: amendments, matches, a determination, holdings, a payment, a change."""
    slug, town, maker = f"zz-synthetic-{number}", place(skewed(number, PLACES)), supplier(skewed(number + 7, SUPPLIERS))
    named, thing = technology(skewed(number + 3, TECHNOLOGIES)), product(skewed(number + 5, PRODUCTS))
    evidence, year = EVIDENCE[number % 4], 1998 + number % 29
    row = site_fixture.contract(
        slug, jurisdiction=town, supplier=maker, supplier_name=f"[synthetic] {maker}",
        buyer_unit=f"[synthetic] Unit {skewed(number + 1, 250)}", title=f"[synthetic] Contract {number} for {thing}",
        contract_number=f"S-{number}", technologies=json.dumps([named]), products=json.dumps([thing] if evidence == "product" else []),
        evidence=evidence, year=year,
        date_signed=f"{year}-{1 + number % 12:02}-{1 + number % 28:02}", period_end_date=f"{year + 1 + number % 5}-06-30",
        value_amount=float(number * 7919 % 3_000_000), determination=OUTCOMES[skewed(number + 2, len(OUTCOMES))],
        floor="approval_required" if number % 6 == 0 else None, approval_status=VOTES[number % 4],
    )  # fmt: skip
    yield "contracts", row
    yield from judged(number, row)
    yield from dealt(number, row, (("technology", named), ("supplier", maker), ("product", thing)))


def judged(number: int, row: Row) -> Iterator[tuple[str, Row]]:
    law = LAW if row["jurisdiction"] == TOWN else None
    slug, named = row["id"], json.loads(row["technologies"])[0]
    yield "determinations", SMALL["determinations"][0] | {
        "id": f"d-{slug}", "contract": slug, "jurisdiction": row["jurisdiction"], "law": law, "outcome": row["determination"],
        "approval_status": row["approval_status"],
    }  # fmt: skip
    for part in range(1 + number % 2):
        yield "matches", SMALL["matches"][0] | {
            "id": f"m-{slug}-{part}", "contract": slug, "technology": named, "supplier": row["supplier"], "evidence": row["evidence"],
        }  # fmt: skip


def dealt(number: int, row: Row, abouts: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, Row]]:
    slug = row["id"]
    for part in range(number % 3):
        yield "amendments", SMALL["amendments"][0] | {"id": f"a-{slug}-{part}", "contract": slug, "revision": str(part)}
    for at, (kind, about) in enumerate(abouts):
        yield "holdings", site_fixture.holding(
            1000 + number * 3 + at, about, row["jurisdiction"], ref=slug, about_kind=kind, firm=int(row["evidence"] != "supplier")
        )
    same = {"contract": slug, "jurisdiction": row["jurisdiction"]}
    if number % 2:
        paid = {"id": f"zz-synthetic-pay-{number}", "supplier": row["supplier"], "year": row["year"], "technologies": row["technologies"]}
        yield "transactions", SMALL["transactions"][0] | same | paid | {"buyer_unit": row["buyer_unit"]}
        named = json.loads(row["technologies"])[0]
        yield "matches", SMALL["matches"][0] | {"id": f"m-{paid['id']}", "contract": None, "payment": paid["id"], "technology": named}
    if number % 5 == 0:
        yield "changes", SMALL["changes"][0] | same | {"id": f"zz-synthetic-change-{number}", "technologies": row["technologies"]}


def rows(contracts: int) -> Iterator[tuple[str, Row]]:
    """(table, row) of everything."""
    yield from knowledge()
    for number in range(contracts):
        yield from told(number)


def build(path: Path, contracts: int = CONTRACTS) -> Path:
    """Write the registry; tables, indexes, full text, views and statistics as after a load."""
    return site_fixture.fill(path, rows(contracts))
