-- work/told: tasks that have somebody else since this run: escalated by it, or, if $3, made, opened or assigned by it.
-- $1 jobs, $2 as-of. Index: task_work, task_event_task.
select t.task_id, t.assignee_id as "staff_id!", h.overdue as "overdue!", t.title, t.customer_id, coalesce(c.name, '') as "customer!",
       t.ticket_id, t.round, t.due_at, coalesce(s.timezone, t.zone) as "zone!", h.before
from tend.task t
join crm.staff s on s.staff_id = t.assignee_id and s.active
left join crm.customer c on c.customer_id = t.customer_id
cross join lateral (
    select bool_or(e.what = 'escalated') as overdue, bool_or(e.what <> 'escalated') as fresh,
           -- who had it until it was escalated
           (select coalesce(nullif(p.name, ''), b.staff_id)
            from tend.task_event b
            left join crm.staff p on p.staff_id = b.staff_id
            where b.task_id = t.task_id and b.staff_id is not null and b.staff_id <> t.assignee_id order by b.event_id desc limit 1) as before
    from tend.task_event e
    where e.task_id = t.task_id and e.at = $2 and e.by is null and e.what in ('created', 'opened', 'assigned', 'escalated')
) h
where t.job = any ($1::text[]) and t.state = 'open' and (h.overdue or $3::boolean and h.fresh)
order by t.due_at, t.task_id
