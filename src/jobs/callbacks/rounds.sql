-- callbacks: calls after which the customer was not satisfied, and no further round has been made: the next one. About a
-- solving as long as it still holds; about an answer, where $3 says that those are the job's too, in the words and for whom the
-- survey asked. $1 job, $2 as-of. Indexes: task_unhappy, task_unhappy_answer.
select k.customer_id as "customer_id!", tend.solving(t.ticket_id, t.solved_at) || ':' || (k.round + 1) as "origin!", k.ticket_id, k.state_at as "since!",
       (k.round + 1)::smallint as "round!", k.detail || jsonb_build_object('before', k.task_id) as "detail!", null as title, null as "to"
from tend.task k
join crm.ticket t on t.ticket_id = k.ticket_id
join crm.customer c on c.customer_id = k.customer_id and c.status = 'active'
where k.job = $1 and k.state = 'done' and k.result = 'not_satisfied' and k.state_at <= $2 and k.round < 100
  and k.origin = tend.solving(t.ticket_id, t.solved_at) || ':' || k.round
  and not tend.reopened(t.ticket_id, t.solved_at, $2)
  and not exists (select from tend.task n
                  where n.origin = tend.solving(t.ticket_id, t.solved_at) || ':' || (k.round + 1) and n.kind = k.kind)
union all
select k.customer_id, o.first || ':' || (k.round + 1), k.ticket_id, k.state_at, (k.round + 1)::smallint,
       k.detail || jsonb_build_object('before', k.task_id), k.title, case when k.escalated_at is null then k.team end
from tend.task k
cross join lateral (select substring(k.origin from '^answer:[0-9]+') as first) o
join crm.customer c on c.customer_id = k.customer_id and c.status = 'active'
where $3::boolean and k.origin like 'answer:%' and k.kind = 'callback' and k.state = 'done' and k.result = 'not_satisfied'
  and k.state_at <= $2 and k.round < 100
  and not exists (select from tend.task n where n.origin = o.first || ':' || (k.round + 1) and n.kind = k.kind)
order by 4, 2
