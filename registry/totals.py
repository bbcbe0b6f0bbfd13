"""The table `totals`: how many contracts, records and payments there are of each kind, and worth how much.

Every page that counts (what a place holds, amounts by year) reads these few rows instead of every contract. They are made from the
finished tables, so that they cannot say anything else.
"""

from __future__ import annotations

import sqlite_utils

# Why an amount is drawn by year, or is counted apart. What is not drawn keeps no year: nobody asks for it.
_STANDING = """
case
  when evidence = 'supplier' then 'lead'
  when value_amount is null then 'no_amount'
  when coalesce(value_currency, '') <> 'USD' then 'other_currency'
  when value_amount < 0 then 'below_zero'
  when year is null then 'no_year'
  else 'drawn'
end
"""

FILL = f"""
insert into totals (
  id, kind, jurisdiction, supplier, technologies, evidence, determination, approval_status, standing, year, times, with_a_term, value_amount
)
select cast(row_number() over () as text), told.* from (
  select 'contract' as kind, jurisdiction, supplier, technologies, evidence, determination, approval_status, {_STANDING} as standing,
         case {_STANDING} when 'drawn' then year end as year, count(*),
         sum(coalesce(period_start_date, '') <> '' or coalesce(period_end_date, '') <> ''), sum(value_amount)
  from contracts group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  union all
  select 'payment', jurisdiction, supplier, technologies, evidence, null, null, {_STANDING}, case {_STANDING} when 'drawn' then year end,
         count(*), 0, sum(value_amount)
  from transactions group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  union all
  select 'record', jurisdiction, null, technologies, evidence, determination, approval_status, null, null, count(*), 0, null
  from acquisitions where record is not null group by 1, 2, 3, 4, 5, 6, 7, 8, 9
) as told
"""


def fill_totals(db: sqlite_utils.Database) -> None:
    """Fill the empty table; contracts, records and the views are there already."""
    db.execute(FILL)
