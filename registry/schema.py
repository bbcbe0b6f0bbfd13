"""The tables of registry.db: the only list of column names, keys, indexes and full text.

What a column means in words stands in metadata.yml; tests hold the two lists equal.
Dates are ISO text (YYYY-MM-DD), amounts dollars, lists JSON arrays of slugs, yes/no 1 or 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlite_utils


@dataclass(frozen=True)
class Table:
    """One table: column -> type, its primary key, indexes (of one column, or of several with spaces between), full text."""

    columns: dict[str, type]
    pk: str = "id"
    indexes: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)


def _columns(text: str = "", real: str = "", whole: str = "") -> dict[str, type]:
    """Column types by name, in the order text, real, whole number."""
    kinds = ((text, str), (real, float), (whole, int))
    return {name: kind for names, kind in kinds for name in names.split()}


# What a contract and a record say alike, so that one view or facet can speak of both.
_JUDGED = "technologies products evidence determination floor approval_status approval_record approval_matter rule"

TABLES: dict[str, Table] = {
    "jurisdictions": Table(
        _columns(
            "id name kind state ocd_division deciding_body overlays point_source",
            real="latitude longitude",
            whole="laws_known agencies_known",
        ),
        indexes=("state", "kind"),
    ),
    "agencies": Table(
        _columns("id jurisdiction name kind aliases basis note"),
        indexes=("jurisdiction",),
        links={"jurisdiction": "jurisdictions"},
    ),
    "laws": Table(
        _columns(
            "id jurisdiction title kind citation url instrument deciding_body status date_enacted date_effective "
            "date_quality window_from window_to agencies technologies legacy_rule evidence sources unknowns"
        ),
        indexes=("jurisdiction", "kind"),
        links={"jurisdiction": "jurisdictions"},
    ),
    "provisions": Table(
        _columns("id law part code words evidence from_date to_date", whole="unverified"),
        indexes=("law", "part", "evidence"),
        links={"law": "laws"},
    ),
    "rules": Table(_columns("id step meaning"), indexes=("step",)),
    "technologies": Table(
        _columns("id name definition terms weak_terms negative_terms also source_url evidence"),
    ),
    "suppliers": Table(
        _columns("id name aliases former_names parents technologies basis source_url notes", whole="specialist"),
        indexes=("basis", "specialist"),
    ),
    "products": Table(
        _columns("id name supplier technology aliases face face_since face_basis basis source_url notes"),
        indexes=("supplier", "technology", "face", "basis"),
        links={"supplier": "suppliers", "technology": "technologies"},
    ),
    "names": Table(_columns("id name about kind display"), indexes=("name", "about"), search=("name",)),
    "sources": Table(
        _columns(
            "id title jurisdiction kind portal url licence licence_url publisher grain amounts_mean last_probed columns_never_fetched notes"
        ),
        indexes=("jurisdiction",),
        links={"jurisdiction": "jurisdictions"},
    ),
    "records_laws": Table(_columns("id name citation day_kind answer note evidence source_url", whole="days")),
    "corrections": Table(
        _columns("id corrected_on of_table ref field said says why source_url reported_by"),
        indexes=("ref", "of_table", "field", "reported_by"),
    ),
    "contracts": Table(
        _columns(
            "id jurisdiction buyer_name buyer_unit supplier supplier_name title description status date_signed "
            f"period_start_date period_end_date value_currency procurement_method contract_number {_JUDGED} "
            "source source_url load disappeared_on",
            real="value_amount",
            whole="year amendment_count",
        ),
        indexes=(
            # The first is for lists by department and for counts of leads; it stands before the second, because of two that serve a
            # search alike SQLite takes the later one, and that one reads a place's contracts in the order in which they lie in the file.
            "jurisdiction buyer_unit evidence",
            "jurisdiction",
            "buyer_unit",
            "supplier",
            "determination",
            "approval_status",
            "year",
            "evidence",
            "date_signed",
            "period_end_date",
            "value_amount",
            "source",
            "status",
        ),
        search=("title", "description", "supplier_name", "buyer_unit", "contract_number"),
        links={"jurisdiction": "jurisdictions", "supplier": "suppliers", "source": "sources", "rule": "rules"},
    ),
    "amendments": Table(
        _columns(
            "id contract revision title supplier_name date_signed period_start_date period_end_date source_url load",
            real="value_amount",
            whole="occurrence source_row counted",
        ),
        indexes=("contract",),
        links={"contract": "contracts"},
    ),
    "transactions": Table(
        _columns(
            "id jurisdiction source buyer_name buyer_unit supplier supplier_name title description transaction_date value_currency "
            "contract_number contract technologies products evidence source_url load disappeared_on",
            real="value_amount",
            whole="year source_row",
        ),
        indexes=("jurisdiction", "buyer_unit", "supplier", "contract", "year", "evidence", "source", "transaction_date"),
        links={"jurisdiction": "jurisdictions", "supplier": "suppliers", "source": "sources", "contract": "contracts"},
    ),
    "matters": Table(
        _columns(
            "id jurisdiction source matter_number title description matter_type status outcome body date_introduced date_agenda "
            "date_decided enactment_number technologies products supplier evidence source_url load disappeared_on",
            whole="year",
        ),
        indexes=("jurisdiction", "outcome", "body", "matter_type", "supplier", "year", "evidence", "source", "date_agenda"),
        search=("title", "description", "matter_number", "body"),
        links={"jurisdiction": "jurisdictions", "supplier": "suppliers", "source": "sources"},
    ),
    "reviews": Table(
        _columns("id source matter_number row verdict reviewer_role reviewed_on read_title read_url note"),
        indexes=("row",),
        links={"source": "sources"},
    ),
    "documents": Table(
        _columns(
            "id jurisdiction source title publisher date_published technologies products supplier evidence source_url load disappeared_on",
            whole="year",
        ),
        indexes=("jurisdiction", "publisher", "supplier", "year", "source", "date_published"),
        links={"jurisdiction": "jurisdictions", "supplier": "suppliers", "source": "sources"},
    ),
    "records": Table(
        _columns(
            "id jurisdiction buyer_unit technology product supplier event_type stage event_date date_precision "
            "event_from event_to value_currency period_start_date period_end_date channel channel_detail title finding "
            "evidence_grade source_title source_publisher source_url source_date same_as decided_by notes "
            f"{_JUDGED}",
            real="value_amount",
            whole="year review government_source face_module judged",
        ),
        indexes=(
            "jurisdiction",
            "buyer_unit",
            "technology",
            "event_type",
            "stage",
            "channel",
            "evidence_grade",
            "determination",
            "approval_status",
            "year",
            "event_from",
        ),
        search=("title", "finding", "product", "supplier", "buyer_unit", "source_title"),
        links={"jurisdiction": "jurisdictions", "technology": "technologies", "rule": "rules"},
    ),
    "flows": Table(
        _columns("id record giver giver_kind receiver receiver_kind what"),
        indexes=("record",),
        links={"record": "records"},
    ),
    "matter_links": Table(
        _columns("id matter contract record how words reviewer_role reviewed_on read_title read_url", whole="days_apart"),
        indexes=("matter", "contract", "record", "how"),
        links={"matter": "matters", "contract": "contracts", "record": "records"},
    ),
    "matches": Table(
        _columns("id contract record payment matter document technology evidence product supplier term field excerpt basis"),
        indexes=("contract", "record", "payment", "matter", "document", "technology contract", "product", "supplier", "evidence"),
        links={
            "contract": "contracts", "record": "records", "payment": "transactions", "matter": "matters", "document": "documents",
            "technology": "technologies", "product": "products", "supplier": "suppliers",
        },
    ),
    "determinations": Table(
        _columns(
            "id contract record jurisdiction law law_version outcome timing floor likely rule reason sentence citation "
            "citation_url evidence approval_status action action_date date_basis unknowns facts trace engine",
            whole="decides",
        ),
        indexes=("contract", "record", "jurisdiction", "law decides rule outcome", "outcome", "rule", "decides"),
        links={"contract": "contracts", "record": "records", "law": "laws", "rule": "rules"},
    ),
    "holdings": Table(
        _columns(
            "id about about_kind jurisdiction kind ref title said evidence_from evidence_to in_force_from in_force_to "
            "ended_by source_url grade",
            whole="firm dated proposal",
        ),
        indexes=("about", "jurisdiction"),
    ),
    "coverage": Table(
        _columns(
            "id source jurisdiction state scope searched_from searched_through searched_for_hash not_searched_for why",
            whole="rows_read rows_staged rows_refused contracts_seen contracts_matched rows_matched",
        ),
        indexes=("source", "jurisdiction", "state"),
        links={"source": "sources", "jurisdiction": "jurisdictions"},
    ),
    "loads": Table(
        _columns(
            "id source origin url first_at last_at read_at sha256 result error scope compared_with",
            whole="bytes rows_read rows_staged rows_refused",
        ),
        indexes=("source", "read_at", "result"),
        links={"source": "sources"},
    ),
    "changes": Table(
        _columns(
            "id source jurisdiction contract payment matter document load noticed_on kind revision field old_value new_value technologies"
        ),
        indexes=("source", "jurisdiction", "contract", "payment", "matter", "document", "load", "noticed_on", "kind", "field"),
        links={
            "source": "sources", "jurisdiction": "jurisdictions", "contract": "contracts", "payment": "transactions", "matter": "matters",
            "document": "documents", "load": "loads",
        },
    ),
    "issues": Table(
        _columns("id source severity kind file field value message remedy", whole="row"),
        indexes=("source", "severity", "kind"),
    ),
    "totals": Table(
        _columns(
            "id kind jurisdiction supplier technologies evidence determination approval_status standing",
            real="value_amount",
            whole="year times with_a_term",
        ),
        indexes=("jurisdiction", "supplier", "technologies"),
        links={"jurisdiction": "jurisdictions", "supplier": "suppliers"},
    ),
    "about_this_registry": Table(_columns("id value"), pk="id"),
}


def create_tables(db: sqlite_utils.Database) -> None:
    """Create every table, empty, in an empty database."""
    for name, table in TABLES.items():
        links = [(column, other, "id") for column, other in table.links.items()]
        db.create_table(name, table.columns, pk=table.pk, foreign_keys=links)


def finish_tables(db: sqlite_utils.Database) -> None:
    """Add the indexes and full text once the rows are in: four times cheaper than keeping them in step."""
    for name, table in TABLES.items():
        for columns in table.indexes:
            db.table(name).create_index(columns.split())
        if table.search:
            db.table(name).enable_fts(list(table.search), tokenize="porter unicode61")
