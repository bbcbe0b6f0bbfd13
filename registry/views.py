"""SQL views: the questions that pages and canned queries share, answered once.

What a view's columns mean in words stands in metadata.yml; tests hold the two lists equal.
"""

from __future__ import annotations

import sqlite_utils

from .ocds_view import OCDS_RELEASES
from .sentences_view import TESTIMONY_SENTENCES
from .table_schema import DATA_PACKAGE

# A contract and a judged record told alike, so that a gift or a grant is not missed for want of a city contract.
# A record that repeats another row's event (same_as) would count one purchase twice, so it is left out.
# The casts give both halves columns of one affinity: without it SQLite does not read each half by its indexes, but copies and sorts
# all of both for the first page of a list (rule 17h of flattenSubquery in SQLite's select.c).
_ACQUISITIONS = """
select id as contract, cast(null as text) as record, jurisdiction, buyer_unit, title, supplier_name, technologies, products,
       coalesce(nullif(date_signed, ''), nullif(period_start_date, '')) as happened, year,
       value_amount, value_currency, cast('city_contract' as text) as channel, evidence, determination, floor,
       approval_status, rule, source_url
from contracts
union all
select cast(null as text), id, jurisdiction, buyer_unit, title, supplier, technologies, products,
       nullif(event_date, ''), year,
       value_amount, value_currency, channel, evidence, determination, floor,
       approval_status, rule, source_url
from records
where judged = 1 and coalesce(same_as, '') = ''
"""

# The same cleaning is done to what people type (lower case; commas, full stops and double spaces dropped), so that
# "Town, ST", "town st", "Town" and "Town of Town" all find one place, and two places of one name are seen to be two.
_PLACE_NAMES = """
with clean as (
  select id, trim(replace(replace(replace(lower(name), ',', ' '), '.', ' '), '  ', ' ')) as full_name,
         trim(replace(replace(lower(substr(name, 1, instr(name || ',', ',') - 1)), '.', ' '), '  ', ' ')) as short_name,
         kind
  from jurisdictions
), styled as (
  select id, full_name, short_name, replace(kind, '_', ' and ') as style from clean where kind in ('city', 'town', 'village', 'city_county')
  union select id, full_name, short_name, 'city' from clean where kind = 'city_county'
)
select id as name, id as jurisdiction from clean
union select full_name, id from clean
union select short_name, id from clean
union select style || ' of ' || full_name, id from styled
union select style || ' of ' || short_name, id from styled
"""

# "2019" and "2019-07" read better than two boundary days, and nothing more exact is known.
_HOLDINGS_TOLD = """
select holdings.*, jurisdictions.name as place,
       case when holdings.kind = 'contract' then ref end as contract,
       case when holdings.kind = 'record' then ref end as record,
       case when holdings.kind = 'payment' then ref end as payment,
       case when holdings.kind = 'matter' then ref end as matter,
       case when holdings.kind = 'document' then ref end as document,
       case
         when coalesce(evidence_from, '') = '' then 'date not known'
         when evidence_from = evidence_to or coalesce(evidence_to, '') = '' then evidence_from
         when evidence_from like '%-01-01' and evidence_to = substr(evidence_from, 1, 4) || '-12-31'
           then substr(evidence_from, 1, 4)
         when evidence_to = date(evidence_from, 'start of month', '+1 month', '-1 day')
           and evidence_from like '%-01' then substr(evidence_from, 1, 7)
         else evidence_from || ' to ' || evidence_to
       end as evidence_when
from holdings left join jurisdictions on jurisdictions.id = holdings.jurisdiction
"""

_SEARCHED_PLACES = """
select jurisdictions.id as jurisdiction, jurisdictions.name as place,
       min(case when coverage.scope <> 'part' and sources.kind = 'contracts' then coverage.searched_from end) as contracts_from,
       max(case when coverage.scope <> 'part' and sources.kind = 'contracts' then coverage.searched_through end) as contracts_through,
       coalesce(
         group_concat(case when coverage.state = 'searched' then
           sources.title || ' (' || coalesce('through ' || nullif(coverage.searched_through, ''), 'end date not known')
           || case coverage.scope when 'matched_only' then ', matched rows only' when 'part' then ', only a part' else '' end || ')'
         end, '; '),
         'no source of this place has been searched'
       ) as searched,
       coalesce(sum(coverage.state is not null and coverage.state <> 'searched'), 0) as sources_not_searched
from jurisdictions
left join coverage on coverage.jurisdiction = jurisdictions.id
left join sources on sources.id = coverage.source
group by jurisdictions.id
"""

# The sentence that ends an empty list, by what a person may have typed; the empty name stands for every place.
# Where nobody has searched, nothing can have been found in what was searched: those places have a sentence of their own.
_SEARCH_NOTES = """
select place_names.name as name, searched_places.jurisdiction as jurisdiction,
       case when exists (select 1 from coverage where coverage.jurisdiction = searched_places.jurisdiction and state = 'searched')
         then 'Nothing found in what we searched for ' || searched_places.place || ': ' || searched_places.searched
           || '. That is not a finding that there is none.'
         else 'We have searched no source of ' || searched_places.place || ' yet. That is not a finding that there is none.' end as words
from place_names join searched_places on searched_places.jurisdiction = place_names.jurisdiction
union all
select '', null, coalesce(
         'Nothing found in what we searched, sources read: ' || nullif((select count(*) from coverage where state = 'searched'), 0)
           || ', the newest through ' || coalesce((select max(searched_through) from coverage), 'a date not known')
           || '. That is not a finding that there is none; see what we have not searched.',
         'We have searched no source yet. That is not a finding that there is none; see what we have not searched.')
"""

_PLACES = """
select jurisdictions.id as jurisdiction, jurisdictions.name as place, jurisdictions.state,
       (select count(*) from laws where laws.jurisdiction = jurisdictions.id) as laws,
       (select count(*) from contracts where contracts.jurisdiction = jurisdictions.id) as contracts,
       (select count(*) from records where records.jurisdiction = jurisdictions.id) as records,
       (select count(*) from transactions where transactions.jurisdiction = jurisdictions.id) as payments,
       (select count(*) from matters where matters.jurisdiction = jurisdictions.id) as matters,
       searched_places.searched, searched_places.sources_not_searched
from jurisdictions join searched_places on searched_places.jurisdiction = jurisdictions.id
"""

# One sentence for each difference, for the page, the feed and whoever asks with SQL.
_CHANGES_TOLD = """
select changes.id, changes.noticed_on, changes.jurisdiction, jurisdictions.name as place, changes.contract, changes.payment,
       changes.matter, changes.document, coalesce(contracts.title, matters.title, documents.title, nullif(transactions.title, ''),
       transactions.supplier_name) as title, coalesce(contracts.supplier_name, transactions.supplier_name) as supplier_name,
       changes.kind, changes.field, changes.revision, changes.old_value, changes.new_value,
       case changes.kind
         when 'added' then 'New in the publisher''s list.'
         when 'disappeared' then 'No longer in the publisher''s list.'
         when 'returned' then 'Back in the publisher''s list.'
         when 'amendment_added' then 'Amendment ' || coalesce(changes.revision, '-') || ' is new: '
           || coalesce(changes.new_value, '-') || '.'
         when 'amendment_disappeared' then 'Amendment ' || coalesce(changes.revision, '-') || ' is no longer listed: '
           || coalesce(changes.old_value, '-') || '.'
         when 'changed' then replace(replace(changes.field, 'value_amount', 'amount'), '_', ' ')
           || coalesce(' of revision ' || changes.revision, '') || ': ' || case
             when changes.old_value is null then 'was blank, now ' || changes.new_value
             when changes.new_value is null then 'was ' || changes.old_value || ', now blank'
             else 'was ' || changes.old_value || ', now ' || changes.new_value
           end || '.'
       end as said,
       changes.technologies, coalesce(contracts.evidence, matters.evidence, documents.evidence, transactions.evidence) as evidence,
       changes.source, changes.load
from changes left join contracts on contracts.id = changes.contract left join transactions on transactions.id = changes.payment
left join matters on matters.id = changes.matter left join documents on documents.id = changes.document
left join jurisdictions on jurisdictions.id = changes.jurisdiction
"""

# What "no change" rests on: which loads of each source were compared, or that there is only one.
_COMPARISONS = """
with counted as (
  select sources.id as source, sources.jurisdiction, sources.title, count(loads.id) as loads,
         min(substr(loads.first_at, 1, 10)) as first_on, max(substr(loads.first_at, 1, 10)) as newest_on,
         max(substr(loads.read_at, 1, 10)) as last_read_on,
         count(loads.compared_with) as compared, coalesce(sum(loads.scope in ('part', 'matched_only')), 0) as partial
  from sources left join loads on loads.source = sources.id and loads.result = 'loaded'
  group by sources.id
)
select *, title || case
    when loads = 0 then ': never loaded, so nothing can be compared'
    when compared = 0 and loads > 1 then ': ' || loads || ' loads, but nothing tells its rows apart, so they cannot be compared'
    when compared = 0 then ': only one load exists (of ' || first_on || ', last read ' || last_read_on
      || '), so nothing can be compared yet'
    else ': ' || loads || ' loads, from ' || first_on || ' to ' || newest_on || ' (last read ' || last_read_on
      || '), each compared with the one before'
      || case when partial > 0
         then ', although ' || partial || ' of them show only a part, which proves nothing else new or gone' else '' end
  end as words
from counted
"""

VIEWS: dict[str, str] = {
    "acquisitions": _ACQUISITIONS,
    "place_names": _PLACE_NAMES,
    "holdings_told": _HOLDINGS_TOLD,
    "searched_places": _SEARCHED_PLACES,
    "search_notes": _SEARCH_NOTES,
    "places": _PLACES,
    "changes_told": _CHANGES_TOLD,
    "comparisons": _COMPARISONS,
    "ocds_releases": OCDS_RELEASES,
    "testimony_sentences": TESTIMONY_SENTENCES,
    "data_package": DATA_PACKAGE,
}


def create_views(db: sqlite_utils.Database) -> None:
    """Create every view in a registry.db that has all its tables; a view that exists already is replaced."""
    for name, sql in VIEWS.items():
        db.create_view(name, sql.strip(), replace=True)
