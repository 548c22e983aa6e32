-- work/missing: of those who have the occasion and got no task, for how many a value was missing in each condition
select /*{missing}*/ '{}'::jsonb as missing
from found f
cross join lateral (select * from crm.customer k where k.customer_id = f.customer_id limit 1) c
left join lateral (select * from crm.ticket k where k.ticket_id = f.ticket_id limit 1) t on true
/*{facts}*/
