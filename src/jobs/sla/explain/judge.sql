select /*{answers}*/ null::jsonb
from (values ($1::text)) asked (ticket_id)
cross join lateral (select * from crm.ticket own where own.ticket_id = asked.ticket_id offset 0) t
left join lateral (select * from crm.customer own where own.customer_id = t.customer_id offset 0) c on true
/*{joins}*/
