-- web/answer/task: the task that follows from an answer. $1 message, $2 kind, $3 job, $4 customer, $5 title, $6 whose it is,
-- $7 now, $8 by when. Who asked for a callback is not to be forgotten: only a supervisor cancels it. Who does it is found by the room task.
with
was as materialized (
    select state from tend.task where origin = 'answer:' || $1::bigint and kind = $2 for update
),
follows as (
    insert into tend.task (kind, origin, job, customer_id, ticket_id, title, team, zone, opens_at, due_at, state, state_at, detail, created_at, guarded)
    select $2, 'answer:' || a.message_id, $3, $4, a.about ->> 'ticket', $5, $6, coalesce(o.zone, 'UTC'), $7, $8, 'open', $7,
           a.about || jsonb_strip_nulls(jsonb_build_object('survey', a.survey, 'score', a.score, 'choice', a.choice)), $7, $2 = 'callback'
    from tend.answer a
    left join tend.outbox o on o.message_id = a.message_id
    where a.message_id = $1
    on conflict (origin, kind) do update
        set title = excluded.title, team = excluded.team, detail = excluded.detail, state = 'open',
            assignee_id = case when task.state = 'open' and task.team = excluded.team then task.assignee_id end,
            opens_at = case when task.state = 'open' then task.opens_at else excluded.opens_at end,
            due_at = case when task.state = 'open' then task.opens_at + (excluded.due_at - excluded.opens_at) else excluded.due_at end,
            state_at = case when task.state = 'open' then task.state_at else excluded.state_at end,
            created_at = case when task.state = 'open' then task.created_at else excluded.created_at end,
            note = case when task.state <> 'open' then 'The customer changed the answer, and changed it back.' end
        where task.state = 'open' and task.state_at = task.created_at or task.state = 'cancelled' and task.detail ? 'spared'
    returning task_id, due_at
),
noted as (
    insert into tend.task_event (task_id, at, what, from_state, due_at)
    select f.task_id, $7, case when w.state is null then 'created' else 'reopened' end, w.state, f.due_at
    from follows f
    left join was w on true
    where w.state is distinct from 'open'
)
select task_id from follows
