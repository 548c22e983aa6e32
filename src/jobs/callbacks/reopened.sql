-- callbacks: tasks about a solving that does not hold any more: the request was opened again, or solved another time.
-- $1 job, $2 as-of. Indexes: task_work, the key of crm.ticket.
select k.task_id
from tend.task k
join crm.ticket t on t.ticket_id = k.ticket_id
where k.job = $1 and k.state in ('planned', 'open')
  and (t.solved_at is null or k.origin <> tend.solving(t.ticket_id, t.solved_at) || ':' || k.round
       or tend.reopened(t.ticket_id, t.solved_at, $2))
order by k.task_id
