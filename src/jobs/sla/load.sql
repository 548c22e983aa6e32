-- sla/load: tickets ($1) as they are now, each with the first policy whose condition holds.
-- `offset 0`: each by its key, whatever the planner thinks of the tables.
select t.ticket_id, t.customer_id, t.opened_at, t.kind, t.topic, t.urgency, t.channel, t.state, t.assignee_id, t.solved_at, t.closed_at,
       case when /*{applies}*/ true then /*{policy}*/ null::text end as policy
from (select distinct w.ticket_id from unnest($1::text[]) w (ticket_id)) asked
cross join lateral (select * from crm.ticket own where own.ticket_id = asked.ticket_id offset 0) t
left join lateral (select * from crm.customer own where own.customer_id = t.customer_id offset 0) c on true
/*{joins}*/
order by t.ticket_id
