-- sla/settle: the clocks of the tickets $2 of the job $1 are those of $3; rows that are right already are left alone.
with
wanted as materialized (
    select w.*
    from jsonb_to_recordset($3::jsonb) as w (
        ticket_id text, clock text, cycle timestamptz, customer_id text, policy text, started_at timestamptz, counted text,
        target_secs bigint, due_at timestamptz, by_hand boolean, state text, stopped_at timestamptz, breached_at timestamptz,
        used_secs bigint, acknowledged_at timestamptz, next_at timestamptz, trouble text)
),
-- what no longer applies: another policy, a deadline taken back, a ticket that is gone
cleared as (
    delete from tend.sla_clock k
    where k.job = $1 and k.ticket_id = any ($2::text[])
      and not exists (select from wanted w where w.ticket_id = k.ticket_id and w.clock = k.clock and w.cycle = k.cycle)
    returning 1
),
put as (
    insert into tend.sla_clock as k (job, ticket_id, clock, cycle, customer_id, policy, started_at, counted, target_secs, due_at, by_hand,
                                     state, stopped_at, breached_at, used_secs, acknowledged_at, next_at, trouble)
    select $1, w.ticket_id, w.clock, w.cycle, w.customer_id, w.policy, w.started_at, w.counted, w.target_secs, w.due_at, w.by_hand,
           w.state, w.stopped_at, w.breached_at, w.used_secs, w.acknowledged_at, w.next_at, w.trouble
    from wanted w
    on conflict (job, ticket_id, clock, cycle) do update
    set customer_id = excluded.customer_id, policy = excluded.policy, started_at = excluded.started_at, counted = excluded.counted,
        target_secs = excluded.target_secs, due_at = excluded.due_at, by_hand = excluded.by_hand, state = excluded.state,
        stopped_at = excluded.stopped_at, breached_at = excluded.breached_at, used_secs = excluded.used_secs,
        acknowledged_at = excluded.acknowledged_at, next_at = excluded.next_at, trouble = excluded.trouble
    where (k.customer_id, k.policy, k.started_at, k.counted, k.target_secs, k.due_at, k.by_hand, k.state, k.stopped_at, k.breached_at,
           k.used_secs, k.acknowledged_at, k.next_at, k.trouble)
          is distinct from (excluded.customer_id, excluded.policy, excluded.started_at, excluded.counted, excluded.target_secs,
           excluded.due_at, excluded.by_hand, excluded.state, excluded.stopped_at, excluded.breached_at, excluded.used_secs,
           excluded.acknowledged_at, excluded.next_at, excluded.trouble)
    returning 1
)
select (select count(*) from cleared) + (select count(*) from put) as "changed!"
