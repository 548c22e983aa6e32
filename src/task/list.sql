-- task/list: tasks with the names people know. $1 now, $2 whose, $3 team, $4 those of nobody, $5 states, $6 when due,
-- $7 customer, $8 number, $9 how many. Indexes: key, task_open, task_customer.
select t.task_id, t.kind, t.round, t.state, t.title, t.job, t.customer_id, coalesce(c.name, '') as "customer!", t.ticket_id,
       t.assignee_id, coalesce(s.name, '') as "assignee!", t.team, t.opens_at, t.due_at, t.on_day, t.starts, t.zone,
       (t.state in ('planned', 'open') and t.due_at < $1) as "overdue!", t.escalated_at, t.result
from tend.task t
left join crm.customer c on c.customer_id = t.customer_id
left join crm.staff s on s.staff_id = t.assignee_id
cross join lateral (
    select ($1::timestamptz at time zone t.zone)::date as today, coalesce(t.on_day, (t.due_at at time zone t.zone)::date) as day
) d
where ($2::text is null or t.assignee_id = $2)
  and ($3::text is null or s.team = $3 or t.assignee_id is null and $3 in (t.team, t.backup))
  and (not $4::boolean or t.assignee_id is null)
  and (cardinality($5::text[]) = 0 or t.state = any ($5))
  and case $6::text when 'today' then d.day = d.today
                    when 'week' then d.day between d.today and d.today + 6
                    when 'overdue' then t.state in ('planned', 'open') and t.due_at < $1
                    else true end
  and ($7::text is null or t.customer_id = $7)
  and ($8::bigint is null or t.task_id = $8)
order by t.due_at, t.task_id
limit $9
