-- callbacks: calls after which the customer was not satisfied, and no further round has been made: the next one, as long as
-- the solving still holds. $1 job, $2 as-of. Index: task_unhappy.
select k.customer_id, tend.solving(t.ticket_id, t.solved_at) || ':' || (k.round + 1) as "origin!", k.ticket_id, k.state_at as since,
       (k.round + 1)::smallint as "round!", k.detail || jsonb_build_object('before', k.task_id) as "detail!"
from tend.task k
join crm.ticket t on t.ticket_id = k.ticket_id
join crm.customer c on c.customer_id = k.customer_id and c.status = 'active'
where k.job = $1 and k.state = 'done' and k.result = 'not_satisfied' and k.state_at <= $2 and k.round < 100
  and k.origin = tend.solving(t.ticket_id, t.solved_at) || ':' || k.round
  and not tend.reopened(t.ticket_id, t.solved_at, $2)
  and not exists (select from tend.task n
                  where n.origin = tend.solving(t.ticket_id, t.solved_at) || ':' || (k.round + 1) and n.kind = k.kind)
order by k.task_id
