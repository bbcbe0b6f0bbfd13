"""The SQL view of every sentence that a testimony may hold: one fixed form of words for each kind of row, filled from that row.

Whoever speaks before a council must be able to show where each sentence comes from. So each row here carries its sentence
and, beside it, the page, source, grade, load and hash of the one row it was made of; nothing else can be said.
Names of technologies, places and sources are looked up by the row's own ids. `form` is the same sentence taken apart
(see registry/forms.py), so that it can be said in another language.
"""

from __future__ import annotations

from .forms import ALWAYS, Form, Place, form_sql, sentence_sql
from .sentences import say

TITLE_LETTERS = 120  # of a title within a sentence; the whole title is on the row's own page


def _flat(column: str) -> str:
    """SQL of a published text on one line."""
    return f"trim(replace(replace({column}, char(10), ' '), char(13), ' '))"


def _title(column: str) -> Place:
    """A title as it is quoted in a sentence: cut where it is long."""
    plain = _flat(column)
    cut = f"case when length({plain}) > {TITLE_LETTERS} then substr({plain}, 1, {TITLE_LETTERS}) || '…' else {plain} end"
    return Place("quoted", f"nullif({cut}, '')", say("no title"))


def _money(table: str) -> str:
    """SQL of an amount exactly as it is stored, to the cent where there are cents."""
    cents = f"cast(round(abs({table}.value_amount) * 100) as integer)"
    sign = f"case when {table}.value_amount < 0 then '-' else '' end"
    unit = f"case coalesce({table}.value_currency, '') when 'USD' then '$' when '' then '' else {table}.value_currency || ' ' end"
    part = f"case {cents} % 100 when 0 then '' else printf('.%02d', {cents} % 100) end"
    return f"{sign} || {unit} || printf('%,d', {cents} / 100) || {part}"


def _technologies(table: str) -> Place:
    """Their names, told one by one."""
    listed = (
        f"from json_each(case when json_valid({table}.technologies) then {table}.technologies else '[]' end) as each "
        "join technologies on technologies.id = each.value"
    )
    return Place(
        "told", f"(select case count(*) when 0 then null else json_group_array(technologies.name) end {listed})",
        say("no technology named"), f"(select group_concat(technologies.name, ', ') {listed})",
    )  # fmt: skip


def _stated(column: str) -> str:
    return f"nullif(trim({column}), '')"


def _select(kind: str, ref: str, page: str, about: str, firm: str, happened: str, form: Form, rest: str) -> str:
    """One kind of row: the sentence in English, and the same taken apart. `about` is contract, record and jurisdiction."""
    source = sentence_sql(Form("{source_title}", form.places))
    return f"""
select '{kind}' as kind, {ref} as ref, '{page}' as page, {about}, {firm} as firm, {happened} as happened,
       {sentence_sql(form)} as sentence, {form_sql(form)} as form, {source} as source,
       {rest}
"""


# What stands below a sentence: where its source is, its grade and date, and the load and the hash of its bytes.
_OF_LOAD = "'official' as grade, null as source_date, loads.read_at as loaded, loads.sha256 as sha256"
_SOURCE = Place("quoted", "coalesce(sources.title, contracts.source)", say("source not titled"))

_CONTRACT_SAID = (
    (
        f"{_stated('contracts.contract_number')} is not null",
        say(
            "{buyer} lists a contract with {supplier}, “{title}”, number {number}, matched to {technologies}: signed {signed}, "
            "term {first} to {last}, amount as published {amount}."
        ),
    ),
    (
        ALWAYS,
        say(
            "{buyer} lists a contract with {supplier}, “{title}”, matched to {technologies}: signed {signed}, "
            "term {first} to {last}, amount as published {amount}."
        ),
    ),
)
_UNIT = _stated("contracts.buyer_unit")
# What a contract says; a lead says first that it is one.
_CONTRACT_FORM = Form(
    (
        (
            "contracts.evidence = 'supplier'",
            say("A lead, not a finding (only the supplier's name points to this technology): {contract}"),
        ),
        *_CONTRACT_SAID,
    ),
    {
        "contract": Place(otherwise=_CONTRACT_SAID),
        "buyer": Place(
            "quoted", f"{_stated('contracts.buyer_name')} || coalesce(' (' || {_UNIT} || ')', '')",
            ((f"{_UNIT} is not null", say("A buyer not stated ({unit})")), (ALWAYS, say("A buyer not stated"))),
        ),
        "unit": Place("quoted", _UNIT), "supplier": Place("quoted", _stated("contracts.supplier_name"), say("a supplier not stated")),
        "title": _title("contracts.title"), "number": Place("facts", _stated("contracts.contract_number")),
        "technologies": _technologies("contracts"),
        "signed": Place("facts", _stated("contracts.date_signed"), say("on a day not stated")),
        "first": Place("facts", _stated("contracts.period_start_date"), say("start not stated")),
        "last": Place("facts", _stated("contracts.period_end_date"), say("end not stated")),
        "amount": Place("facts", _money("contracts"), say("not stated")), "source_title": _SOURCE,
    },
)  # fmt: skip
_CONTRACT = _select(
    "contract", "contracts.id", "contracts", "contracts.id as contract, null as record, contracts.jurisdiction as jurisdiction",
    "contracts.evidence <> 'supplier'", "coalesce(contracts.date_signed, '')", _CONTRACT_FORM,
    f"contracts.source_url as source_url, {_OF_LOAD}",
) + "from contracts left join sources on sources.id = contracts.source left join loads on loads.id = contracts.load"  # fmt: skip

_RECORD_SAID = say("{when}: {finding} ({publisher}, {graded}).")
_GRADE = "nullif(records.evidence_grade, '')"
_RECORD_FORM = Form(
    (("records.stage = 'proposed'", say("A proposal, not a decision: {record}")), (ALWAYS, _RECORD_SAID)),
    {
        "record": Place(otherwise=_RECORD_SAID), "when": Place("facts", _stated("records.event_date"), say("Date not known")),
        "finding": Place("quoted", f"rtrim({_flat('records.finding')}, '. ')"),
        "publisher": Place("quoted", _stated("records.source_publisher"), say("publisher not stated")),
        "graded": Place(otherwise=((f"{_GRADE} is not null", say("graded {grade}")), (ALWAYS, say("not graded")))),
        "grade": Place("told", _GRADE),
        "source_title": Place("quoted", _stated("records.source_title"), say("source not titled")),
    },
)  # fmt: skip
_OF_RECORD = (
    "records.source_url, records.evidence_grade as grade, nullif(records.source_date, '') as source_date, null as loaded, null as sha256"
)
_RECORD = _select(
    "record", "records.id", "records", "null, records.id, records.jurisdiction", "coalesce(records.evidence, '') <> 'supplier'",
    "coalesce(records.event_from, '')", _RECORD_FORM, _OF_RECORD,
) + "from records where coalesce(records.finding, '') <> ''"  # fmt: skip

_CITED_BESIDE = "coalesce(determinations.citation, '') <> '' and instr(determinations.sentence, determinations.citation) = 0"
# The determination's own sentence, and the citation where it does not hold it; the title only says which contract or record "this" is.
_LAW_FORM = Form(
    (
        (_CITED_BESIDE, say("On “{title}”: {determination} ({cite}).")),
        (ALWAYS, say("On “{title}”: {determination}.")),
    ),
    {
        "title": _title("coalesce(contracts.title, records.title)"), "cite": Place("facts", "determinations.citation"),
        "determination": Place("told", "trim(determinations.sentence)", english="rtrim(trim(determinations.sentence), '. ')"),
        "source_title": Place("quoted", "laws.title", say("this registry's table of laws")),
    },
)  # fmt: skip
_LAW = _select(
    "law", "determinations.id", "determinations", "determinations.contract, determinations.record, determinations.jurisdiction",
    "coalesce(contracts.evidence, records.evidence, '') <> 'supplier'", "coalesce(contracts.date_signed, records.event_from, '')",
    _LAW_FORM, "determinations.citation_url, nullif(determinations.evidence, ''), null, loads.read_at, loads.sha256",
) + """
from determinations left join contracts on contracts.id = determinations.contract left join records on records.id = determinations.record
left join laws on laws.id = determinations.law left join loads on loads.id = contracts.load
where +determinations.decides = 1 and coalesce(determinations.sentence, '') <> ''
"""  # fmt: skip

# A vote that was found is told by its own record.
_VOTE_FOUND = _select(
    "vote", "records.id", "records", "bought.contract, bought.record, records.jurisdiction", "1", "coalesce(records.event_from, '')",
    _RECORD_FORM, _OF_RECORD,
) + """
from (select id as contract, null as record, approval_record from contracts where coalesce(approval_record, '') <> ''
      union all select null, id, approval_record from records where coalesce(approval_record, '') <> '') as bought
join records on records.id = bought.approval_record where coalesce(records.finding, '') <> ''
"""  # fmt: skip


def _no_vote(table: str, about: str, source: Place, rest: str, joined: str) -> str:
    """Where a law may ask for a vote and none was found; where the law's own sentence says so already, it is not said twice."""
    none_found = say(
        "On “{title}”: no vote was found in the records of votes that were searched, which does not show that there was none."
    )
    not_known = say(
        "On “{title}”: whether the vote that the law asks for was held is not known, because no records of the deciding body have been "
        "searched for it."
    )
    form = Form(
        ((f"{table}.approval_status = 'not_found'", none_found), (ALWAYS, not_known)),
        {"title": _title(f"{table}.title"), "source_title": source},
    )
    firm = f"coalesce({table}.evidence, '') <> 'supplier'"
    return _select("vote", f"{table}.id", table, f"{about}, {table}.jurisdiction", firm, "''", form, f"{table}.source_url, {rest}") + f"""
from {table} {joined}
where {table}.approval_status in ('not_found', 'not_searched')
  and ({table}.floor = 'approval_required' or ({table}.determination = 'approval_required' and not exists (
    select 1 from determinations where determinations.{table[:-1]} = {table}.id and +decides = 1 and sentence like '%Approval record:%')))
"""


_NO_VOTE_CONTRACT = _no_vote(
    "contracts", "contracts.id, null", _SOURCE, _OF_LOAD,
    "left join sources on sources.id = contracts.source left join loads on loads.id = contracts.load",
)  # fmt: skip
_NO_VOTE_RECORD = _no_vote(
    "records", "null, records.id", _RECORD_FORM.places["source_title"],
    "records.evidence_grade, nullif(records.source_date, ''), null, null", "",
)  # fmt: skip

# How far each source was searched, or why not; a place without any source says so by its own row.
_SEARCHED, _WHY = "coverage.state = 'searched'", "nullif(trim(coverage.why), '')"
_COVERAGE_FORM = Form(
    (
        (f"{_SEARCHED} and coverage.scope = 'part' and {_WHY} is not null", say("Searched only in part: {source_title} ({why}).")),
        (f"{_SEARCHED} and coverage.scope = 'part'", say("Searched only in part: {source_title}.")),
        (
            f"{_SEARCHED} and coverage.scope = 'matched_only'",
            say("Searched only through {through}, and only the rows that matched when it was saved: {source_title}."),
        ),
        (_SEARCHED, say("Searched only through {through}: {source_title}.")),
        (f"{_WHY} is not null", say("Not searched, which is not a no: {source_title} ({why}).")),
        (ALWAYS, say("Not searched, which is not a no: {source_title}.")),
    ),
    {
        "source_title": Place("quoted", "coalesce(sources.title, coverage.source)", say("a source not named")),
        "through": Place("facts", _stated("coverage.searched_through"), say("a day not known")),
        "why": Place("told", _WHY, english=f"rtrim({_WHY}, '. ')"),
    },
)
_NO_SOURCE_FORM = Form(
    say("Not searched, which is not a no: no source of contracts of {place} has been loaded."),
    {
        "place": Place("facts", "jurisdictions.name"),
        "source_title": Place(otherwise=say("this registry's list of what was searched")),
    },
)
_COVERAGE = _select(
    "coverage", "coverage.id", "coverage", "null, null, coverage.jurisdiction", "1", "coalesce(coverage.searched_through, '')",
    _COVERAGE_FORM, "sources.url, null, null, loads.read_at, loads.sha256",
) + """
from coverage left join sources on sources.id = coverage.source
left join loads on loads.source = coverage.source
  and loads.read_at = (select max(read_at) from loads as newest where newest.source = coverage.source)
union all
""" + _select(
    "coverage", "jurisdictions.id", "jurisdictions", "null, null, jurisdictions.id", "1", "''", _NO_SOURCE_FORM,
    "null, null, null, null, null",
) + """
from jurisdictions where not exists (
  select 1 from coverage join sources on sources.id = coverage.source
  where coverage.jurisdiction = jurisdictions.id and sources.kind = 'contracts')
"""  # fmt: skip

TESTIMONY_SENTENCES = "\nunion all\n".join(
    part.strip() for part in (_CONTRACT, _RECORD, _LAW, _VOTE_FOUND, _NO_VOTE_CONTRACT, _NO_VOTE_RECORD, _COVERAGE)
)
