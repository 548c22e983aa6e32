-- work/find: each of "found" with its customer c and, if it is about one, its ticket t, and the first condition that fails
select f.customer_id, f.origin, f.ticket_id, f.since, f.detail, r.refusal
from found f
cross join lateral (select * from crm.customer k where k.customer_id = f.customer_id limit 1) c
left join lateral (select * from crm.ticket k where k.ticket_id = f.ticket_id limit 1) t on true
/*{facts}*/
cross join lateral (select /*{refusal}*/ null::text as refusal offset 0) r
order by f.since, f.origin collate "C"
