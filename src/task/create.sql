-- task/create: tasks that are not there yet. $1 list of objects, a column a key; $2 now.
with
asked as (
    select *
    from jsonb_to_recordset($1::jsonb) as n (
        kind text, origin text, job text, customer_id text, ticket_id text, title text, team text, backup text, assignee_id text,
        opens_at timestamptz, due_at timestamptz, round smallint, on_day date, starts time, zone text, run_id bigint,
        guarded boolean, detail jsonb)
),
made as (
    insert into tend.task (kind, origin, job, customer_id, ticket_id, title, team, backup, assignee_id, opens_at, due_at, round,
                           on_day, starts, zone, run_id, guarded, detail, state, state_at, created_at)
    select kind, origin, job, customer_id, ticket_id, title, team, backup, assignee_id, opens_at, due_at, round,
           on_day, starts, zone, run_id, guarded, detail, case when opens_at > $2 then 'planned' else 'open' end, $2, $2
    from asked
    order by due_at, origin collate "C"
    on conflict (kind, origin) do nothing
    returning task_id, assignee_id, due_at, origin
),
noted as (
    insert into tend.task_event (task_id, at, what, staff_id, due_at)
    select task_id, $2, 'created', assignee_id, due_at from made order by task_id
)
select task_id from made order by origin collate "C"
