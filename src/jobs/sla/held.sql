-- sla/held: alerts of the job $1 whose time to be told has come by $2, each with what it is about and how that stands; $3 at most.
select a.alert_id, a.ticket_id, a.clock, a.cycle, a.step, a.asked, a.recipient, a.customer_id, a.policy, a.at, a.noticed_at, a.not_before,
       k.state as "standing?", k.acknowledged_at as "acknowledged_at?", k.due_at as "due_at?", k.breached_at as "breached_at?",
       t.subject as "subject?", t.topic as "topic?", t.kind as "kind?", t.urgency as "urgency?", t.channel as "channel?",
       t.opened_at as "opened_at?", c.name as "customer?", s.name as "assignee?"
from tend.sla_alert a
left join tend.sla_clock k on k.job = a.job and k.ticket_id = a.ticket_id and k.clock = a.clock and k.cycle = a.cycle
left join lateral (select * from crm.ticket own where own.ticket_id = a.ticket_id offset 0) t on true
left join lateral (select * from crm.customer own where own.customer_id = t.customer_id offset 0) c on true
left join crm.staff s on s.staff_id = t.assignee_id
where a.job = $1 and a.state = 'held' and a.not_before <= $2
order by a.alert_id
limit $3
for update of a
