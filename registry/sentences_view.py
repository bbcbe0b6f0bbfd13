"""The SQL view of every sentence that a testimony may hold: one fixed form of words for each kind of row, filled from that row.

Whoever speaks before a council must be able to show where each sentence comes from. So each row here carries its sentence
and, beside it, the page, source, grade, load and hash of the one row it was made of; nothing else can be said.
Names of technologies, places and sources are looked up by the row's own ids.
"""

from __future__ import annotations

TITLE_LETTERS = 120  # of a title within a sentence; the whole title is on the row's own page


def _title(column: str) -> str:
    """SQL of a title as it is quoted in a sentence: on one line, and cut where it is long."""
    plain = f"trim(replace(replace({column}, char(10), ' '), char(13), ' '))"
    cut = f"case when length({plain}) > {TITLE_LETTERS} then substr({plain}, 1, {TITLE_LETTERS}) || '…' else {plain} end"
    return f"'“' || coalesce(nullif({cut}, ''), 'no title') || '”'"


def _money(table: str) -> str:
    """SQL of an amount exactly as it is stored, to the cent where there are cents."""
    cents = f"cast(round(abs({table}.value_amount) * 100) as integer)"
    sign = f"case when {table}.value_amount < 0 then '-' else '' end"
    unit = f"case coalesce({table}.value_currency, '') when 'USD' then '$' when '' then '' else {table}.value_currency || ' ' end"
    part = f"case {cents} % 100 when 0 then '' else printf('.%02d', {cents} % 100) end"
    return f"{sign} || {unit} || printf('%,d', {cents} / 100) || {part}"


def _technologies(table: str) -> str:
    return (
        f"coalesce((select group_concat(technologies.name, ', ') from json_each(case when json_valid({table}.technologies) "
        f"then {table}.technologies else '[]' end) as each join technologies on technologies.id = each.value), 'no technology named')"
    )


def _stated(column: str, otherwise: str) -> str:
    return f"coalesce(nullif({column}, ''), '{otherwise}')"


# What a contract says; a lead says first that it is one.
_CONTRACT = f"""
select 'contract' as kind, contracts.id as ref, 'contracts' as page, contracts.id as contract, null as record, contracts.jurisdiction,
       contracts.evidence <> 'supplier' as firm, {_stated("contracts.date_signed", "")} as happened,
       case contracts.evidence
         when 'supplier' then 'A lead, not a finding (only the supplier''s name points to this technology): ' else '' end
       || {_stated("contracts.buyer_name", "A buyer not stated")} || coalesce(' (' || nullif(contracts.buyer_unit, '') || ')', '')
       || ' lists a contract with ' || {_stated("contracts.supplier_name", "a supplier not stated")} || ', '
       || {_title("contracts.title")} || coalesce(', number ' || nullif(contracts.contract_number, ''), '')
       || ', matched to ' || {_technologies("contracts")}
       || ': signed ' || {_stated("contracts.date_signed", "on a day not stated")}
       || ', term ' || {_stated("contracts.period_start_date", "start not stated")}
       || ' to ' || {_stated("contracts.period_end_date", "end not stated")}
       || ', amount as published ' || coalesce({_money("contracts")}, 'not stated') || '.' as sentence,
       coalesce(sources.title, contracts.source) as source, contracts.source_url, 'official' as grade, null as source_date,
       loads.read_at as loaded, loads.sha256
from contracts left join sources on sources.id = contracts.source left join loads on loads.id = contracts.load
"""

_RECORD_SENTENCE = f"""
case records.stage when 'proposed' then 'A proposal, not a decision: ' else '' end
|| {_stated("records.event_date", "Date not known")}
|| ': ' || rtrim(trim(replace(replace(records.finding, char(10), ' '), char(13), ' ')), '. ')
|| ' (' || {_stated("records.source_publisher", "publisher not stated")}
|| ', ' || coalesce('graded ' || nullif(records.evidence_grade, ''), 'not graded') || ').'
"""

_RECORD_SOURCE = """
coalesce(nullif(records.source_title, ''), 'source not titled') as source, records.source_url, records.evidence_grade as grade,
nullif(records.source_date, '') as source_date, null as loaded, null as sha256
"""

_RECORD = f"""
select 'record', records.id, 'records', null, records.id, records.jurisdiction, coalesce(records.evidence, '') <> 'supplier',
       coalesce(records.event_from, ''), {_RECORD_SENTENCE}, {_RECORD_SOURCE}
from records where coalesce(records.finding, '') <> ''
"""

# The determination's own sentence and citation; the title only says which contract or record "this" is.
_LAW = f"""
select 'law', determinations.id, 'determinations', determinations.contract, determinations.record, determinations.jurisdiction,
       coalesce(contracts.evidence, records.evidence, '') <> 'supplier', coalesce(contracts.date_signed, records.event_from, ''),
       'On ' || {_title("coalesce(contracts.title, records.title)")} || ': ' || rtrim(trim(determinations.sentence), '. ')
       || coalesce(' (' || nullif(determinations.citation, '') || ')', '') || '.',
       coalesce(laws.title, 'this registry''s table of laws'), determinations.citation_url, nullif(determinations.evidence, ''), null,
       loads.read_at, loads.sha256
from determinations left join contracts on contracts.id = determinations.contract left join records on records.id = determinations.record
left join laws on laws.id = determinations.law left join loads on loads.id = contracts.load
where +determinations.decides = 1 and coalesce(determinations.sentence, '') <> ''
"""

# A vote that was found is told by its own record.
_VOTE_FOUND = f"""
select 'vote', records.id, 'records', bought.contract, bought.record, records.jurisdiction, 1, coalesce(records.event_from, ''),
       {_RECORD_SENTENCE}, {_RECORD_SOURCE}
from (select id as contract, null as record, approval_record from contracts where coalesce(approval_record, '') <> ''
      union all select null, id, approval_record from records where coalesce(approval_record, '') <> '') as bought
join records on records.id = bought.approval_record where coalesce(records.finding, '') <> ''
"""


def _no_vote(table: str, contract: str, record: str, source: str, dated: str, joined: str) -> str:
    """Where a law may ask for a vote and none was found; where the law's own sentence says so already, it is not said twice."""
    return f"""
select 'vote', {table}.id, '{table}', {contract}, {record}, {table}.jurisdiction, coalesce({table}.evidence, '') <> 'supplier', '',
       'On ' || {_title(f"{table}.title")} || case {table}.approval_status
         when 'not_found' then ': no vote was found in the records of votes that were searched, which does not show that there was none.'
         when 'not_searched' then ': whether a vote was held is not known, because no records of votes have been searched for it.' end,
       {source}, {table}.source_url, {dated}
from {table} {joined}
where {table}.approval_status in ('not_found', 'not_searched')
  and ({table}.floor = 'approval_required' or ({table}.determination = 'approval_required' and not exists (
    select 1 from determinations where determinations.{table[:-1]} = {table}.id and +decides = 1 and sentence like '%Approval record:%')))
"""


_NO_VOTE_CONTRACT = _no_vote(
    "contracts", "contracts.id", "null", "coalesce(sources.title, contracts.source)", "'official', null, loads.read_at, loads.sha256",
    "left join sources on sources.id = contracts.source left join loads on loads.id = contracts.load",
)  # fmt: skip
_NO_VOTE_RECORD = _no_vote(
    "records", "null", "records.id", "records.source_title", "records.evidence_grade, nullif(records.source_date, ''), null, null", "",
)  # fmt: skip

# How far each source was searched, or why not; a place without any source says so by its own row.
_COVERAGE = f"""
select 'coverage', coverage.id, 'coverage', null, null, coverage.jurisdiction, 1, {_stated("coverage.searched_through", "")},
       case when coverage.state = 'searched' and coverage.scope = 'part' then 'Searched only in part: '
            when coverage.state = 'searched' then 'Searched only through ' || {_stated("coverage.searched_through", "a day not known")}
              || case coverage.scope when 'matched_only' then ', and only the rows that matched when it was saved: ' else ': ' end
            else 'Not searched, which is not a no: ' end
       || coalesce(sources.title, coverage.source, 'a source not named')
       || case when coverage.state = 'searched' and coverage.scope <> 'part' then ''
            else coalesce(' (' || rtrim(nullif(coverage.why, ''), '. ') || ')', '') end
       || '.',
       coalesce(sources.title, coverage.source), sources.url, null, null, loads.read_at, loads.sha256
from coverage left join sources on sources.id = coverage.source
left join loads on loads.source = coverage.source
  and loads.read_at = (select max(read_at) from loads as newest where newest.source = coverage.source)
union all
select 'coverage', jurisdictions.id, 'jurisdictions', null, null, jurisdictions.id, 1, '',
       'Not searched, which is not a no: no source of contracts of ' || jurisdictions.name || ' has been loaded.',
       'this registry''s list of what was searched', null, null, null, null, null
from jurisdictions where not exists (
  select 1 from coverage join sources on sources.id = coverage.source
  where coverage.jurisdiction = jurisdictions.id and sources.kind = 'contracts')
"""

TESTIMONY_SENTENCES = "\nunion all\n".join(
    part.strip() for part in (_CONTRACT, _RECORD, _LAW, _VOTE_FOUND, _NO_VOTE_CONTRACT, _NO_VOTE_RECORD, _COVERAGE)
)
