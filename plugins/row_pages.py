"""What the page of one contract, record, law, technology, supplier, product, place or source shows beside its own row.

Each page is a dictionary of sections, each section one query bound to the row's id; the templates only lay them out. A row of any
other table is shown column by column (templates/row.html), its foreign keys as links.
"""

from __future__ import annotations

from typing import Any

from datasette import hookimpl
from datasette.utils import tilde_decode

_DETERMINATIONS = """
select determinations.*, laws.title as law_title, rules.meaning as rule_meaning
from determinations left join laws on laws.id = determinations.law left join rules on rules.id = determinations.rule
where determinations.{kind} = :id order by decides desc, determinations.law
"""

_MATCHES = """
select matches.*, technologies.name as technology_name, products.name as product_name, suppliers.name as supplier_known
from matches left join technologies on technologies.id = matches.technology
left join products on products.id = matches.product left join suppliers on suppliers.id = matches.supplier
where matches.{kind} = :id order by matches.evidence, matches.technology
"""

_PLACE = """
select jurisdictions.* from jurisdictions join {table} as here on here.jurisdiction = jurisdictions.id where here.id = :id
"""

_VOTE = """
select vote.id, vote.title, vote.event_date, vote.decided_by, vote.source_url, vote.evidence_grade
from {table} as bought join records as vote on vote.id = bought.approval_record where bought.id = :id
"""

_VOTE_BY_MATTER = """
select matters.* from {table} as bought join matters on matters.id = bought.approval_matter where bought.id = :id
"""

# Matters beside a purchase, the linked ones first.
_BESIDE = """
select matters.id, matters.title, matters.matter_number, matters.outcome, matters.date_decided, matters.date_agenda, matters.source_url,
       matter_links.how, matter_links.words, matter_links.days_apart, reviewer_role, reviewed_on, read_title, read_url
from matter_links join matters on matters.id = matter_links.matter where matter_links.{kind} = :id
order by matter_links.how = 'lead', matter_links.how = 'another_purchase', matters.date_agenda desc limit 100
"""

_BOUGHT = """
select matter_links.contract, matter_links.record, coalesce(contracts.title, records.title) as title, matter_links.how,
       matter_links.words, reviewer_role, reviewed_on, read_title, read_url
from matter_links left join contracts on contracts.id = matter_links.contract left join records on records.id = matter_links.record
where matter_links.matter = :id order by matter_links.how = 'lead', matter_links.how = 'another_purchase' limit 100
"""

_CONTRACTS = """
select id, jurisdiction, title, buyer_unit, supplier_name, date_signed, period_end_date, value_amount, value_currency,
       evidence, determination, approval_status
from contracts where {where} order by evidence = 'supplier', date_signed desc limit 100
"""

_PAYMENTS = """
select id, supplier, supplier_name, title, buyer_unit, transaction_date, value_amount, value_currency, evidence, contract, jurisdiction
from transactions where {where} order by evidence = 'supplier', transaction_date desc limit 100
"""

_PAYMENTS_COUNTED = """
select count(*) as times, sum(value_amount) as value_amount, value_currency, min(transaction_date) as first, max(transaction_date) as last
from transactions where {where} group by value_currency
"""

_MATTERS = """
select id, matter_number, title, status, outcome, body, jurisdiction, coalesce(date_decided, date_agenda, date_introduced) as happened
from matters where {where} order by happened desc limit 100
"""

_DOCUMENTS = """
select id, title, publisher, date_published, source_url from documents where {where} order by date_published desc limit 100
"""

_SOURCE = "select sources.* from sources join {table} as here on here.source = sources.id where here.id = :id"
_LOAD = "select loads.* from loads join {table} as here on here.load = loads.id where here.id = :id"

_HOLDINGS = """
select evidence_when, place, jurisdiction, said, grade, firm, proposal, contract, record, payment, matter, document, source_url
from holdings_told where about = :id order by place, evidence_from limit 300
"""

_LAWS_NAMING = """
select laws.id, laws.title, laws.kind, laws.citation, laws.date_effective, jurisdictions.name as place, laws.jurisdiction,
       exists (
         select 1 from json_each(case when json_valid(laws.technologies) then laws.technologies else '[]' end) where value = :id
       ) as named,
       (select group_concat(code, ', ') from provisions where law = laws.id and part = 'trigger') as triggers,
       (select count(*) from provisions where law = laws.id and unverified = 1) as doubtful
from laws join jurisdictions on jurisdictions.id = laws.jurisdiction
where exists (
  select 1 from json_each(case when json_valid(laws.technologies) then laws.technologies else '[]' end) where value = :id
) or laws.technologies like '%"surveillance technology"%'
order by jurisdictions.name
"""

# A law's terms are its own and often narrower than our technologies; only those that are the same are linked.
_TERMS_OF_LAW = """
select each.value as term, technologies.id, technologies.name
from laws, json_each(case when json_valid(laws.technologies) then laws.technologies else '[]' end) as each
left join technologies on technologies.id = each.value where laws.id = :id
"""

_DECIDED_BY_LAW = """
select determinations.rule, rules.meaning, determinations.outcome, determinations.contract, determinations.record,
       coalesce(contracts.title, records.title) as title, coalesce(contracts.date_signed, records.event_date) as happened
from determinations left join rules on rules.id = determinations.rule
left join contracts on contracts.id = determinations.contract left join records on records.id = determinations.record
where determinations.law = :id and determinations.decides = 1
order by determinations.rule, happened desc limit 300
"""

_RULE_COUNTS = """
select determinations.rule, rules.meaning, determinations.outcome, count(*) as times
from determinations left join rules on rules.id = determinations.rule
where determinations.law = :id and determinations.decides = 1
group by determinations.rule, determinations.outcome order by times desc
"""

_EVIDENCE_COUNTS = """
select evidence, sum(times) as contracts_and_records, coalesce(sum(times) filter (where totals.kind = 'contract'), 0) as contracts,
       coalesce(sum(times) filter (where totals.kind = 'record'), 0) as records
from totals, json_each(case when json_valid(technologies) then technologies else '[]' end) as each
where each.value = :id and totals.kind <> 'payment' group by evidence order by contracts_and_records desc
"""

_HELD_HERE = """
select each.value as technology, sum(times * (evidence <> 'supplier')) as firm, sum(times * (evidence = 'supplier')) as leads,
       sum(times * (totals.kind = 'record')) as records
from totals, json_each(case when json_valid(technologies) then technologies else '[]' end) as each
where jurisdiction = :id and totals.kind <> 'payment' group by each.value order by firm desc
"""

_RECORDS_HERE = """
select id, event_date, event_type, title, evidence_grade, source_url from records
where jurisdiction = :id order by event_from desc limit 100
"""

_COVERAGE = """
select coverage.*, sources.title as source_title, sources.kind from coverage left join sources on sources.id = coverage.source
where coverage.{column} = :id order by state, source_title
"""

_PLACE_OUTCOMES = """
select determination, approval_status, sum(times) as times from totals
where jurisdiction = :id and kind <> 'payment' group by determination, approval_status order by times desc
"""

# The few different lists of technologies are looked through, not the list of every contract; `technologies` is indexed.
_BY_TECHNOLOGY = """
technologies in (
  select technologies
  from totals, json_each(case when json_valid(technologies) then technologies else '[]' end) as each
  where totals.kind = 'contract' and each.value = :id
)
"""

# Each contract or record is counted once for a place, whatever else of it is listed.
_BUYERS = """
select told.jurisdiction, place, count(distinct case when firm = 1 and proposal = 0 then contract end) as contracts,
       count(distinct case when firm = 1 and proposal = 0 and judged = 1 and coalesce(same_as, '') = '' then record end) as purchases,
       count(distinct case when firm = 1 and proposal = 0 then record end) as records,
       count(distinct case when firm = 0 then ref end) as leads, count(distinct case when proposal = 1 then ref end) as proposals,
       min(nullif(evidence_from, '')) as first_seen, max(nullif(evidence_to, '')) as last_seen
from holdings_told as told left join records on records.id = told.record
where about = :id group by told.jurisdiction order by contracts desc, purchases desc, records desc, place limit 200
"""

_DECISIONS = """
select id, event_date, event_type, title, decided_by, evidence_grade from records
where jurisdiction = :id and stage = 'decided' order by event_from desc limit 100
"""

_CHANGES = "select noticed_on, said from changes_told where {kind} = :id order by noticed_on desc, id limit 200"

_COMPARED = "select words from comparisons join {table} on {table}.source = comparisons.source where {table}.id = :id"


def _published(kind: str, table: str) -> dict[str, str]:
    """What every page of a portal's own row shows: why it is listed, its place, what changed, and where it was read."""
    return {
        "matches": _MATCHES.format(kind=kind), "place": _PLACE.format(table=table), "changes": _CHANGES.format(kind=kind),
        "compared": _COMPARED.format(table=table), "source": _SOURCE.format(table=table), "load": _LOAD.format(table=table),
    }  # fmt: skip


PAGES: dict[str, dict[str, str]] = {
    "contracts": {
        **_published("contract", "contracts"),
        "determinations": _DETERMINATIONS.format(kind="contract"),
        "amendments": "select * from amendments where contract = :id order by date_signed, revision, occurrence",
        "vote": _VOTE.format(table="contracts"),
        "vote_by_matter": _VOTE_BY_MATTER.format(table="contracts"),
        "beside": _BESIDE.format(kind="contract"),
        "payments": _PAYMENTS.format(where="contract = :id"),
        "payments_counted": _PAYMENTS_COUNTED.format(where="contract = :id"),
    },
    "transactions": {
        **_published("payment", "transactions"),
        "contract": "select contracts.id, contracts.title from contracts join transactions on transactions.contract = contracts.id "
                    "where transactions.id = :id",
    },
    "matters": {
        **_published("matter", "matters"),
        "bought": _BOUGHT,
    },
    "documents": {
        **_published("document", "documents"),
    },
    "records": {
        "matches": _MATCHES.format(kind="record"),
        "determinations": _DETERMINATIONS.format(kind="record"),
        "place": _PLACE.format(table="records"),
        "vote": _VOTE.format(table="records"),
        "vote_by_matter": _VOTE_BY_MATTER.format(table="records"),
        "beside": _BESIDE.format(kind="record"),
    },
    "laws": {
        "provisions": "select * from provisions where law = :id order by part, unverified, code",
        "terms": _TERMS_OF_LAW,
        "rule_counts": _RULE_COUNTS,
        "decided": _DECIDED_BY_LAW,
        "place": _PLACE.format(table="laws"),
    },
    "technologies": {
        "counts": _EVIDENCE_COUNTS,
        "laws": _LAWS_NAMING,
        "products": "select id, name, supplier, face, face_since, face_basis, basis from products where technology = :id order by name",
        "contracts": _CONTRACTS.format(where=_BY_TECHNOLOGY),
    },
    "suppliers": {
        "products": "select id, name, technology, face, face_since, face_basis, basis from products where supplier = :id order by name",
        "contracts": _CONTRACTS.format(where="supplier = :id"),
        "payments": _PAYMENTS.format(where="supplier = :id"),
        "payments_counted": _PAYMENTS_COUNTED.format(where="supplier = :id"),
        "documents": _DOCUMENTS.format(where="id in (select document from matches where supplier = :id)"),
        "holdings": _HOLDINGS,
        "buyers": _BUYERS,
    },
    "products": {
        "supplier": "select suppliers.* from suppliers join products on products.supplier = suppliers.id where products.id = :id",
        "documents": _DOCUMENTS.format(where="id in (select document from matches where product = :id)"),
        "holdings": _HOLDINGS,
        "buyers": _BUYERS,
    },
    "jurisdictions": {
        "laws": "select * from laws where jurisdiction = :id order by date_effective",
        "technologies": _HELD_HERE,
        "outcomes": _PLACE_OUTCOMES,
        "decisions": _DECISIONS,
        "contracts": _CONTRACTS.format(where="jurisdiction = :id"),
        "payments": _PAYMENTS.format(where="jurisdiction = :id"),
        "payments_counted": _PAYMENTS_COUNTED.format(where="jurisdiction = :id"),
        "matters": _MATTERS.format(where="jurisdiction = :id"),
        "records": _RECORDS_HERE,
        "coverage": _COVERAGE.format(column="jurisdiction"),
        "agencies": "select * from agencies where jurisdiction = :id order by name",
    },
    "sources": {
        "coverage": _COVERAGE.format(column="source"),
        "loads": "select * from loads where source = :id order by last_at desc limit 20",
        "issues": "select severity, kind, count(*) as times from issues where source = :id group by severity, kind order by times desc",
    },
}


async def _sections(database: Any, table: str, row_id: str) -> dict[str, list[dict[str, Any]]]:
    """Run every query of a page, the id bound."""
    found = {}
    for name, sql in PAGES[table].items():
        found[name] = [dict(row) for row in await database.execute(sql, {"id": row_id})]
    return found


@hookimpl
def extra_template_vars(datasette: Any, request: Any, table: str | None, view_name: str) -> Any:
    """`page`: section name -> rows, on the row pages that have a layout of their own; `ties`: column -> its table, on all others."""

    async def variables() -> dict[str, Any]:
        if view_name != "row":
            return {}
        database = datasette.get_database(tilde_decode(request.url_vars["database"]))
        if table not in PAGES:
            return {"ties": {key["column"]: key["other_table"] for key in await database.foreign_keys_for_table(table)}}
        return {"page": await _sections(database, table, tilde_decode(request.url_vars["pks"]))}

    return variables
