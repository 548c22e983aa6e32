-- task/escalate: what is overdue goes to the supervisor. $1 jobs, $2 now. Index: task_work.
with
late as materialized (
    select t.task_id, t.assignee_id, c.owner_id, t.state, ($2::timestamptz at time zone t.zone)::date as day
    from tend.task t
    left join crm.customer c on c.customer_id = t.customer_id
    where t.job = any ($1::text[]) and t.state = 'open' and t.due_at < $2 and t.escalated_at is null
    order by t.task_id
    for update of t
),
raised as (
    update tend.task t
    set escalated_at = $2, team = 'supervisor',
        assignee_id = coalesce(tend.supervisor_of(l.assignee_id, l.day),
                               case when l.assignee_id is null then tend.supervisor_of(l.owner_id, l.day) end, l.assignee_id)
    from late l
    where t.task_id = l.task_id
    returning t.task_id, t.state, t.assignee_id
),
noted as (
    insert into tend.task_event (task_id, at, what, from_state, staff_id)
    select task_id, $2, 'escalated', state, assignee_id from raised order by task_id
)
select task_id from raised order by task_id
