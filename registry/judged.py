"""Match and judge every contract and every record, and hand the rows to the writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from . import staged
from .approvals import Approval, Decision, approval_status
from .build import Writer
from .catalog import Catalog
from .changes import change_rows
from .councils import Chamber, Purchase, chamber, link_rows, links, matter_of, with_matters
from .coverage import council_searched
from .determine import (
    Acquisition,
    Found,
    contract_facts,
    determination_rows,
    found_columns,
    found_in,
    judged,
    record_facts,
    with_earlier_vote,
)
from .history import Missing
from .holdings import Trade, contract_holdings, record_holdings
from .match import Match, Matcher, match, supplier_of
from .names import fold
from .normalise import RolledUp, roll_up
from .records import Record, interval, is_acquisition, is_decision
from .report import SourceReport
from .scan import scanned
from .snapshot import matched_numbers
from .source import Source
from .vocabulary import Product

Row = dict[str, Any]
# What a match can be of, each a column of `matches`.
MATCHED = ("contract", "record", "payment", "matter", "document")


class Context(NamedTuple):
    """What judging needs beside the contract: the knowledge, compiled once per run."""

    catalog: Catalog
    matcher: Matcher
    products: Mapping[str, Product]
    trade: Trade
    aliases: Mapping[str, str]
    decisions: Mapping[str, list[Decision]]
    chambers: Mapping[str, Chamber]


def context(catalog: Catalog, matcher: Matcher) -> Context:
    """Compile the knowledge; decisions are the records that document one, by place, with their products resolved."""
    products = {product.slug: product for supplier in catalog.suppliers.values() for product in supplier.products}
    makers = {product.slug: supplier.slug for supplier in catalog.suppliers.values() for product in supplier.products}
    aliases = {other: slug for slug, technology in catalog.technologies.items() for other in technology.also}
    decisions: dict[str, list[Decision]] = {}
    for record in filter(is_decision, catalog.records):
        products_named = frozenset(_record_found(matcher, products, record).products)
        decisions.setdefault(record.jurisdiction, []).append(Decision(record, products_named))
    return Context(catalog, matcher, products, Trade(makers, catalog.suppliers), aliases, decisions, {})


def with_chambers(known: Context, matters: Iterable[Row], coverage: Iterable[Row]) -> Context:
    """The same with the councils whose matters are in: `matters` and `coverage` are rows of those tables."""
    matters, coverage = list(matters), list(coverage)
    councils = {slug for slug, source in known.catalog.sources.items() if source.kind == "matters"}
    places = {row["jurisdiction"] for row in coverage if row["source"] in councils}
    chambers = {
        place: chamber(
            council_searched(coverage, councils, place),
            [matter_of(row) for row in matters if row["jurisdiction"] == place],
            [one for one in known.catalog.reviews if known.catalog.sources[one.source].jurisdiction == place],
        )
        for place in places
    }
    return known._replace(chambers=chambers)


def add_contracts(
    writer: Writer,
    known: Context,
    source: Source,
    db: staged.Connection,
    numbers: Iterable[str],
    report: SourceReport,
    issues: list[Any],
) -> None:
    """Write the contracts of these numbers from a staged source, with their amendments, matches, determinations and changes."""
    origin, load = report.account["origin"], staged.load_id(source, report.account["load"])
    for number, rows in staged.things(db, source, numbers):
        rolled = roll_up(source, number, rows, origin, load)
        report.contracts_matched += 1
        issues.extend(rolled.issues)
        contract = _add_contract(writer, known, rolled, rows)
        writer.add("changes", change_rows(source, "contract", contract, staged.changes(db, number)))
    report.contracts_seen = staged.count_things(db, source)
    _add_gone(writer, known, source, db)


def _add_gone(writer: Writer, known: Context, source: Source, db: staged.Connection) -> None:
    """Write the contracts that match but are no longer shown, with their last rows: kept and marked, never deleted."""
    for number, rows, missing in gone_things(source, db, known.matcher):
        rolled = roll_up(source, number, rows, "", staged.load_id(source, missing.load))
        rolled.contract["disappeared_on"] = missing.day
        contract = _add_contract(writer, known, rolled, rows)
        writer.add("changes", change_rows(source, "contract", contract, staged.changes(db, number)))


def gone_things(source: Source, db: staged.Connection, matcher: Matcher) -> Iterator[tuple[str, list[staged.RawRow], Missing]]:
    """The things that match but that no load shows any more: name, last rows, and when they were missed."""
    missing = staged.missing(db)
    names = sorted(set(matched_numbers(db, source, matcher, "gone"))) if missing else []
    for name, rows in staged.things(db, source, names, "gone"):
        yield name, rows, missing[staged.name_of(db, source, name, "gone")]


def thing_matches(matcher: Matcher, rows: Iterable[staged.RawRow]) -> list[Match]:
    """The matches of all rows of one thing, each told once; where any of them says what is bought, mere leads are dropped."""
    found = [one for row in dict.fromkeys(scanned("", row) for row in rows) for one in match(matcher, *row[1:])]
    firm = [one for one in found if one.evidence != "supplier"]
    told = {(one.technology, one.evidence, one.product, one.supplier): one for one in reversed(firm or found)}
    return list(reversed(told.values()))


def _add_contract(writer: Writer, known: Context, rolled: RolledUp, rows: list[staged.RawRow]) -> Row:
    contract, matches = rolled.contract, thing_matches(known.matcher, rows)
    found = found_in(matches, known.products, supplier_of(known.matcher, contract["supplier_name"]))
    face_named = any(one.technology == "face_recognition" and one.evidence == "term" for one in matches)
    facts, basis = contract_facts(contract, found, known.products, face_named)
    words = tuple(contract[name] or "" for name in ("contract_number", "title", "description"))
    acquisition = _acquisition(known, "contract", contract["id"], facts, found, basis, review=False, words=words)
    answer = judged(acquisition, known.catalog.book, known.aliases)
    contract = {**contract, "supplier": found.supplier, **_judged_columns(found, acquisition, answer)}
    writer.add("contracts", [contract])
    writer.add("amendments", rolled.amendments)
    writer.add("matches", match_rows(known, "contract", contract["id"], matches))
    writer.add("determinations", determination_rows(acquisition, answer, known.catalog.book))
    writer.add("matter_links", acquisition.links)
    writer.add("holdings", contract_holdings(contract, found, known.trade))
    return contract


def add_records(writer: Writer, known: Context) -> None:
    """Write every public record; those that document an acquisition are judged like contracts."""
    for record in known.catalog.records:
        matches = _record_matches(known.matcher, record)
        found = _record_found(known.matcher, known.products, record)
        writer.add("records", [_add_record(writer, known, record, found)])
        writer.add("matches", match_rows(known, "record", record.id, matches))
        writer.add("holdings", record_holdings(record, found, _suppliers(known.matcher, record), known.trade))


def _add_record(writer: Writer, known: Context, record: Record, found: Found) -> Row:
    if not is_acquisition(record):
        return record_row(record, found, None)
    facts = record_facts(record, found, known.products)
    words = (record.title, record.finding, record.channel_detail, record.source_title)
    acquisition = _acquisition(known, "record", record.id, facts, found, "event_date", record.review == "yes", words)
    answer = judged(acquisition, known.catalog.book, known.aliases)
    writer.add("matter_links", acquisition.links)
    writer.add("determinations", determination_rows(acquisition, answer, known.catalog.book))
    return record_row(record, found, _judged_columns(found, acquisition, answer))


def record_row(record: Record, found: Found, judged_columns: Row | None) -> Row:
    """The row of `records`; a record that documents no acquisition has no determination."""
    first, last = interval(record.event_date) if record.event_date else (None, None)
    row = {
        name: getattr(record, name)
        for name in (
            "id", "jurisdiction", "buyer_unit", "technology", "product", "supplier", "event_type", "stage", "event_date",
            "date_precision", "channel", "channel_detail", "title", "finding", "evidence_grade", "source_title",
            "source_publisher", "source_url", "source_date", "same_as", "decided_by", "notes",
        )
    }  # fmt: skip
    nothing = dict.fromkeys(("determination", "floor", "approval_status", "approval_record", "approval_matter", "rule"))
    return {
        **row, "event_from": first and first.isoformat(), "event_to": last and last.isoformat(),
        "value_currency": record.currency, "value_amount": None if record.amount is None else float(record.amount),
        "period_start_date": record.period_start, "period_end_date": record.period_end,
        "year": first.year if first else None, "review": int(record.review == "yes"),
        "government_source": int(record.government_source == "yes"), "face_module": int(record.face_module == "yes"),
        "judged": int(judged_columns is not None), **found_columns(found), **(judged_columns or nothing),
    }  # fmt: skip


def _acquisition(
    known: Context, kind: str, ref: str, facts: Row, found: Found, basis: str, review: bool, words: tuple[str, ...]
) -> Acquisition:
    here = known.decisions.get(facts["jurisdiction"], [])
    approval = approval_status(here, facts["jurisdiction"], frozenset(found.products), frozenset(found.technologies))
    decided_on = _decided_on(here, approval)
    rows: tuple[Row, ...] = ()
    if place := known.chambers.get(facts["jurisdiction"]):
        bought = _purchase(kind, ref, facts, found, words)
        beside = links(place, bought)
        approval = with_matters(approval, decided_on, place, bought, beside)
        decided_on = next((one.matter.day for one in beside if one.matter.id == approval.matter_id), decided_on)
        rows = tuple(link_rows(bought, beside))
    return Acquisition(kind, ref, with_earlier_vote(facts, approval, decided_on), found, basis, approval, review, rows)


def _purchase(kind: str, ref: str, facts: Row, found: Found, words: tuple[str, ...]) -> Purchase:
    day = interval(str(facts["award_date"]))[0].isoformat() if "award_date" in facts else ""
    about = (*found.products, *found.technologies)
    return Purchase(f"{kind}s/{ref}", day, words, about, frozenset((*about, found.supplier) if found.supplier else about))


def _decided_on(decisions: Iterable[Decision], approval: Approval) -> str | None:
    record = next((one.record for one in decisions if one.record.id == approval.record_id), None)
    return interval(record.event_date)[1].isoformat() if record and record.event_date else None


def _judged_columns(found: Found, acquisition: Acquisition, answer: Any) -> Row:
    return {
        **found_columns(found), "determination": answer.outcome, "floor": answer.floor, "rule": answer.rule,
        "approval_status": acquisition.approval.status or "not_searched", "approval_record": acquisition.approval.record_id,
        "approval_matter": acquisition.approval.matter_id,
    }  # fmt: skip


def _record_matches(matcher: Matcher, record: Record) -> list[Match]:
    """What the record's own product and supplier columns name; its technology was set by the person who wrote the row."""
    parts = [part.strip() for part in record.product.split(";")]
    found = [one for part in parts for one in named_by(match(matcher, part, "", "", record.buyer_unit), part, record.technology)]
    named = Match(record.technology, "term", None, None, record.technology, "technology", record.finding[:120])
    return [named, *dict.fromkeys(one._replace(field="product") for one in found)]


def named_by(matches: Iterable[Match], part: str, technology: str) -> list[Match]:
    """The products that one entry of a record's product column means.

    A product's whole name settles it. A maker's short name inside another product's name does not name a second product:
    otherwise the longest name counts, and only where it is of the record's technology.
    """
    products = [one for one in matches if one.product]
    whole = [one for one in products if fold(one.term) == fold(part)]
    longest = max((len(fold(one.term)) for one in products), default=0)
    return whole or [one for one in products if len(fold(one.term)) == longest and one.technology == technology]


def _record_found(matcher: Matcher, products: Mapping[str, Product], record: Record) -> Found:
    matches = _record_matches(matcher, record)
    named = tuple(dict.fromkeys(one.product for one in matches if one.product))
    supplier = next(iter(_suppliers(matcher, record)), None)
    return Found((record.technology,), (record.technology,), named, supplier, "product" if named else "term")


def _suppliers(matcher: Matcher, record: Record) -> list[str]:
    """The slugs of the suppliers the record names, as published or with a remark in brackets taken off."""
    parts = [part.strip() for part in record.supplier.split(";")]
    slugs = [supplier_of(matcher, part) or supplier_of(matcher, part.split("(")[0].strip()) for part in parts if part]
    return [slug for slug in dict.fromkeys(slugs) if slug]


def match_rows(known: Context, kind: str, ref: str, matches: Iterable[Match]) -> Iterator[Row]:
    """The rows of `matches` of one thing; `kind` is one of MATCHED and `ref` its id."""
    for number, one in enumerate(matches, 1):
        product = known.products.get(one.product) if one.product else None
        basis = product.basis if product else known.catalog.suppliers[one.supplier].evidence.basis if one.supplier else "source"
        yield {
            "id": f"{ref}__{number}", **{other: ref if other == kind else None for other in MATCHED}, **one._asdict(), "basis": basis,
        }  # fmt: skip
