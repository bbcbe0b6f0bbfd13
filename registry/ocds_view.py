"""The SQL view that tells each contract as an OCDS 1.1 release: https://standard.open-contracting.org/1.1/en/schema/reference/

It lives in registry.db so that the published site and `registry export` give the same releases. The ocid is added by
whoever asks, because its prefix is registered per publisher. `json_patch('{}', x)` drops what is null: OCDS wants a
missing fact to be missing. A day is told as midnight UTC, since OCDS has no date without a time.
"""

from __future__ import annotations

# Signs that portals write in addresses and that a URI must not hold (RFC 3986).
_ENCODED = {" ": "%20", '"': "%22", "<": "%3C", ">": "%3E", "\\": "%5C", "^": "%5E", "`": "%60", "{": "%7B", "|": "%7C", "}": "%7D"}


def _as_uri(column: str) -> str:
    """SQL that writes the forbidden signs of a column's address as their codes."""
    for sign, code in _ENCODED.items():
        column = f"replace({column}, '{sign}', '{code}')"
    return column


_SQL = """
with told as (
  select contracts.*, loads.read_at, substr(loads.sha256, 1, 12) as edition, jurisdictions.name as place,
         coalesce(nullif(contracts.supplier, ''), 'name:' || nullif(contracts.supplier_name, '')) as supplier_id,
         coalesce(nullif(contracts.supplier_name, ''), suppliers.name) as supplier_words,
         contracts.jurisdiction || ':' || nullif(contracts.buyer_unit, '') as unit_id,
         nullif(contracts.date_signed, '') || 'T00:00:00Z' as signed,
         case when contracts.source_url like 'http://%' or contracts.source_url like 'https://%' then {address} end as address,
         json_patch('{}', json_object('startDate', nullif(contracts.period_start_date, '') || 'T00:00:00Z',
                                      'endDate', nullif(contracts.period_end_date, '') || 'T00:00:00Z')) as period,
         case when contracts.value_amount is not null
              then json_patch('{}', json_object('amount', contracts.value_amount, 'currency', nullif(contracts.value_currency, '')))
         end as value
  from contracts
  left join loads on loads.id = contracts.load
  left join jurisdictions on jurisdictions.id = contracts.jurisdiction
  left join suppliers on suppliers.id = contracts.supplier
),
paid as (
  select transactions.*,
         case when source_url like 'http://%' or source_url like 'https://%' then {payment_address} end as address
  from transactions
)
select told.id as contract, json_patch('{}', json_object(
  'id', told.id || coalesce('-' || edition, ''),
  'date', coalesce(read_at, signed, '1970-01-01T00:00:00Z'),
  'tag', json_array('award', 'contract'),
  'initiationType', 'tender',
  'language', 'en',
  'buyer', json_object('id', told.jurisdiction, 'name', coalesce(nullif(buyer_name, ''), place)),
  'parties', (
    select json_group_array(json(party)) from (
      select json_object('id', told.jurisdiction, 'name', coalesce(nullif(told.buyer_name, ''), told.place),
                         'roles', json_array('buyer')) as party
      union all
      select json_object('id', told.unit_id, 'name', told.buyer_unit, 'roles', json_array('procuringEntity'))
      where told.unit_id is not null
      union all
      select json_object('id', told.supplier_id, 'name', told.supplier_words, 'roles', json_array('supplier'))
      where told.supplier_id is not null)),
  'tender', json_object(
    'id', told.id || '-tender', 'title', nullif(title, ''),
    'procurementMethodDetails', nullif(procurement_method, ''),
    'procuringEntity', case when unit_id is not null then json_object('id', unit_id, 'name', buyer_unit) end),
  'awards', json_array(json(json_patch('{}', json_object(
    'id', told.id || '-award', 'title', nullif(title, ''), 'date', signed, 'value', json(value),
    'suppliers', case when supplier_id is not null then json_array(json_object('id', supplier_id, 'name', supplier_words)) end)))),
  'contracts', json_array(json(json_patch('{}', json_object(
    'id', told.id, 'awardID', told.id || '-award', 'title', nullif(title, ''), 'description', nullif(description, ''),
    'period', case when period <> '{}' then json(period) end, 'value', json(value), 'dateSigned', signed,
    'items', (
      select json_group_array(json_object(
        'id', technologies.id, 'description', technologies.name,
        'classification', json_object('scheme', 'x_surveillance_technology', 'id', technologies.id, 'description', technologies.name)))
      from json_each(case when json_valid(told.technologies) and evidence <> 'supplier' then told.technologies else '[]' end) as each
      join technologies on technologies.id = each.value having count(*) > 0),
    'amendments', (
      select json_group_array(json(json_patch('{}', json_object(
        'id', later.id, 'date', nullif(later.date_signed, '') || 'T00:00:00Z', 'description', nullif(later.title, '')))))
      from (select amendments.*, row_number() over (order by date_signed, revision, occurrence) as place_in_line
            from amendments where amendments.contract = told.id) as later
      where place_in_line > 1 having count(*) > 0),
    'implementation', (
      select case when count(*) > 0 then json_object('transactions', json_group_array(json(json_patch('{}', json_object(
        'id', paid.id, 'source', paid.address, 'date', nullif(paid.transaction_date, '') || 'T00:00:00Z',
        'value', case when paid.value_amount is not null then json_object(
          'amount', paid.value_amount, 'currency', nullif(paid.value_currency, '')) end,
        'payer', json_object('id', told.jurisdiction, 'name', coalesce(nullif(told.buyer_name, ''), told.place)),
        'payee', case when told.supplier_id is not null
                 then json_object('id', told.supplier_id, 'name', told.supplier_words) end))))) end
      from paid where paid.contract = told.id),
    'documents', case when address is not null then json_array(json_object('id', 'source', 'title', 'Source', 'url', address)) end)))),
  'x_registry', json_object('match', evidence, 'determination', determination, 'floor', floor, 'approvalStatus', approval_status,
                            'source', source, 'contractNumber', nullif(contract_number, ''))
)) as release
from told
"""

OCDS_RELEASES = _SQL.replace("{address}", _as_uri("contracts.source_url")).replace("{payment_address}", _as_uri("transactions.source_url"))
