-- callbacks: tasks about a solving that does not hold any more: the request was opened again, or solved another time.
-- $1 job, $2 as-of. Indexes: task_work, the key of crm.ticket.
-- Mostly there is none, and to plan it for one job takes longer than to look: a plan for any job, each table by key, is kept.
select k.task_id as "task_id!"
from tend.task k
cross join lateral (select t.ticket_id, t.solved_at from crm.ticket t where t.ticket_id = k.ticket_id limit 1) t
-- tend.reopened, written out: a function is called for each task, and asks anew each time
left join lateral (
    select e.value from crm.ticket_event e
    where e.ticket_id = t.ticket_id and e.kind = 'state' and e.at > t.solved_at and e.at <= $2
    order by e.at desc, e.event_id collate "C" desc
    limit 1
) e on true
where k.job = (select $1::text) and k.state in ('planned', 'open')
  and (t.solved_at is null
       or k.origin <> 'ticket:' || t.ticket_id || ':' || to_char(t.solved_at at time zone 'UTC', 'YYYYMMDD"T"HH24MISS.US') || ':' || k.round
       or e.value not in ('solved', 'closed'))
order by k.task_id
