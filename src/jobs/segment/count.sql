-- count: how many customers there are, how many are in the segment, and for how many a value was missing in a condition.
with /*{facts}*/
nothing as (select)
select count(*) as customers, count(*) filter (where /*{when}*/ true) as members, /*{missing}*/ null::jsonb as missing
from crm.customer c
/*{joins}*/
