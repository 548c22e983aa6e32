-- web/answer/task: the task that follows from an answer. $1 message, $2 kind, $3 job, $4 customer, $5 title, $6 whose it is,
-- $7 now, $8 by when.
-- owner: the customer's own agent; supervisor: whom that one reports to; assignee: who had the ticket or received the
-- customer, else the owner; anything else is a team of the company. Nobody who has left gets one.
insert into tend.task (kind, origin, job, customer_id, title, assignee_id, team, opens_at, due_at, state, state_at, detail, created_at)
select $2, 'answer:' || a.message_id, $3, $4, $5, w.assignee_id, $6, $7, $8, 'open', $7,
       a.about || jsonb_strip_nulls(jsonb_build_object('survey', a.survey, 'score', a.score, 'choice', a.choice)), $7
from tend.answer a
left join crm.customer c on c.customer_id = a.customer_id
left join crm.staff o on o.staff_id = c.owner_id
left join crm.staff s on s.staff_id = o.manager_id and s.active
left join crm.staff h on h.staff_id = a.about ->> 'staff' and h.active
cross join lateral (
    select case when o.active then o.staff_id end as owner_id
) n
cross join lateral (
    select case $6::text when 'owner' then n.owner_id when 'supervisor' then s.staff_id
                         when 'assignee' then coalesce(h.staff_id, n.owner_id) end as assignee_id
) w
where a.message_id = $1
on conflict (origin, kind) do update
    set title = excluded.title, assignee_id = excluded.assignee_id, team = excluded.team, detail = excluded.detail,
        state = 'open',
        opens_at = case when task.state = 'open' then task.opens_at else excluded.opens_at end,
        due_at = case when task.state = 'open' then task.opens_at + (excluded.due_at - excluded.opens_at) else excluded.due_at end,
        state_at = case when task.state = 'open' then task.state_at else excluded.state_at end,
        created_at = case when task.state = 'open' then task.created_at else excluded.created_at end,
        note = case when task.state <> 'open' then 'The customer changed the answer, and changed it back.' end
    where task.state = 'open' and task.state_at = task.created_at or task.state = 'cancelled' and task.detail ? 'spared'
