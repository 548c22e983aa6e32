-- visits: what has become of the visits of a job ($1) by the day of a run ($2, as of $3). Those of earlier days that nobody has done
-- are missed, which their supervisors hear of; only on a working day ($4). Those of the day are open. Those of customers who are
-- not looked after any more are taken back, as far as they are ahead.
with
missed as (
    update tend.task t set state = 'missed', state_at = $3::timestamptz, escalated_at = $3
    where t.job = $1::text and t.kind = 'visit' and t.state in ('planned', 'open') and t.on_day < $2::date and t.due_at <= $3 and $4::boolean
    returning t.task_id, t.assignee_id
),
opened as (
    update tend.task t set state = 'open', state_at = $3
    where t.job = $1 and t.kind = 'visit' and t.state = 'planned' and t.on_day = $2
    returning t.task_id, t.assignee_id
),
left_behind as (
    update tend.task t set state = 'cancelled', state_at = $3, detail = t.detail || '{"dropped": "audience"}'
    where t.job = $1 and t.kind = 'visit' and t.state in ('planned', 'open') and t.on_day > $2
      and not exists (select from tend.visit_customer v where v.job = t.job and v.customer_id = t.customer_id)
    returning t.task_id
),
noted as (
    insert into tend.task_event (task_id, at, what, from_state, staff_id, note)
    select task_id, $3, 'missed', 'open', assignee_id, null from missed
    union all
    select task_id, $3, 'escalated', 'missed', tend.supervisor_of(assignee_id, $2), 'nobody recorded the visit' from missed
    union all
    select task_id, $3, 'opened', 'planned', assignee_id, null from opened
    union all
    select task_id, $3, 'cancelled', 'planned', null, 'no longer in the audience' from left_behind
    returning 1
)
select coalesce((select array_agg(task_id order by task_id) from missed), '{}') as "missed!", (select count(*) from opened) as "opened!",
       (select count(*) from left_behind) as "left_behind!", (select count(*) from noted) as "noted!"
