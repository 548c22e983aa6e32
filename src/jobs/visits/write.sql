-- visits: writes what a plan changes. $1 job, $2 run, $3 as-of, $4 zone; new visits: $5 origins, $6 customers, $7 who, $8 days,
-- $9 from when, $10 until when, $11 times, $12 titles, $13 details; moved ones: $14 tasks, $15 who, $16 days, $17 from when,
-- $18 until when, $19 times; taken back: $20 tasks, $21 why
with
added as (
    insert into tend.task (kind, origin, job, customer_id, title, assignee_id, opens_at, due_at, state, state_at, detail, created_at,
                           on_day, starts, zone, run_id)
    select 'visit', n.origin, $1::text, n.customer_id, n.title, nullif(n.staff_id, ''), n.opens_at, n.due_at,
           case when n.opens_at <= $3::timestamptz then 'open' else 'planned' end, $3, n.detail, $3, n.on_day, n.starts, $4::text, $2::bigint
    from unnest($5::text[], $6::text[], $7::text[], $8::date[], $9::timestamptz[], $10::timestamptz[], $11::time[], $12::text[], $13::jsonb[])
        as n (origin, customer_id, staff_id, on_day, opens_at, due_at, starts, title, detail)
    on conflict (origin, kind) do nothing
    returning task_id, assignee_id, due_at
),
moved as (
    update tend.task t
    set assignee_id = nullif(n.staff_id, ''), on_day = n.on_day, opens_at = n.opens_at, due_at = n.due_at, starts = n.starts,
        state = case when n.opens_at <= $3 then 'open' else 'planned' end, state_at = $3,
        detail = t.detail || jsonb_build_object('day', n.on_day, 'staff', n.staff_id)
    from unnest($14::bigint[], $15::text[], $16::date[], $17::timestamptz[], $18::timestamptz[], $19::time[])
        as n (task_id, staff_id, on_day, opens_at, due_at, starts)
    where t.task_id = n.task_id and t.state in ('planned', 'open')
    returning t.task_id, t.assignee_id, t.due_at
),
dropped as (
    update tend.task t set state = 'cancelled', state_at = $3, detail = t.detail || jsonb_build_object('dropped', n.why)
    from unnest($20::bigint[], $21::text[]) as n (task_id, why)
    where t.task_id = n.task_id and t.state in ('planned', 'open')
    returning t.task_id, n.why
),
noted as (
    insert into tend.task_event (task_id, at, what, from_state, staff_id, due_at, note)
    select task_id, $3, 'created', null, assignee_id, due_at, null from added
    union all
    select task_id, $3, 'moved', 'planned', assignee_id, due_at, 'planned again' from moved
    union all
    select task_id, $3, 'cancelled', 'planned', null, null, why from dropped
    returning 1
)
select (select count(*) from added) as "added!", (select count(*) from moved) as "moved!", (select count(*) from dropped) as "dropped!",
       (select count(*) from noted) as "noted!"
