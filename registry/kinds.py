"""What each kind of source holds, column by column: contracts, payments, council matters, documents found by a search."""

from __future__ import annotations

from typing import Literal, NamedTuple

KindName = Literal["contracts", "payments", "matters", "documents"]
# What a council's status words come to.
MatterOutcome = Literal["approved", "refused", "pending", "suspended", "withdrawn", "terminated"]

# The columns a source may fill (OCDS names; a revision is an OCDS amendment).
FieldName = Literal[
    "contract_number",
    "revision",
    "document_number",
    "matter_number",
    "title",
    "description",
    "buyer_name",
    "buyer_unit",
    "supplier_name",
    "publisher",
    "matter_type",
    "body",
    "date_signed",
    "period_start_date",
    "period_end_date",
    "transaction_date",
    "date_introduced",
    "date_agenda",
    "date_decided",
    "date_published",
    "value_amount",
    "procurement_method",
    "status",
    "enactment_number",
    "source_url",
]
DATE_FIELDS: tuple[FieldName, ...] = (
    "date_signed", "period_start_date", "period_end_date", "transaction_date", "date_introduced", "date_agenda", "date_decided",
    "date_published",
)  # fmt: skip
# What the matching looks at, in the order it takes them.
WORDS: tuple[FieldName, ...] = ("title", "description", "supplier_name", "buyer_unit")


class Kind(NamedTuple):
    """One kind of source: the fields it needs and may fill.

    `group`: rows with the same value there tell of one thing (None: each row is a thing of its own). `newest`: the dates, best
    first, whose newest day says how far a file reaches.
    """

    needed: tuple[FieldName, ...]
    also: tuple[FieldName, ...]
    group: FieldName | None
    newest: tuple[FieldName, ...]

    @property
    def fields(self) -> tuple[FieldName, ...]:
        """All fields of this kind."""
        return (*self.needed, *self.also)


KINDS: dict[KindName, Kind] = {
    "contracts": Kind(
        needed=("contract_number", "title", "supplier_name"),
        also=(
            "revision", "description", "buyer_name", "buyer_unit", "date_signed", "period_start_date", "period_end_date", "value_amount",
            "procurement_method", "status", "source_url",
        ),
        group="contract_number",
        newest=("date_signed", "period_start_date"),
    ),
    "payments": Kind(
        needed=("supplier_name", "value_amount", "transaction_date"),
        also=("title", "description", "buyer_name", "buyer_unit", "contract_number", "source_url"),
        group=None,
        newest=("transaction_date",),
    ),
    "matters": Kind(
        needed=("matter_number", "title", "status"),
        also=(
            "description", "matter_type", "body", "date_introduced", "date_agenda", "date_decided", "enactment_number", "supplier_name",
            "source_url",
        ),
        group=None,
        newest=("date_agenda", "date_introduced"),
    ),
    "documents": Kind(
        needed=("document_number", "title", "source_url"),
        also=("description", "publisher", "date_published"),
        group="document_number",
        newest=("date_published",),
    ),
}  # fmt: skip
