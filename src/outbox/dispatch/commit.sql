-- The one commit between two messages of a connection, for several connections at once: the results of their last ones
-- and the hand-over of their next ones. $1 owner, $2 whether the time is driven, $3-$10 results, $11-$13 hand-overs.
with
-- no row: the lease was lost and nothing below happens
alive as materialized (
    select owner from tend.dispatcher where owner = $1 for key share
),
clock as materialized (
    select case when $2 then (select instant from tend.driven_clock) else clock_timestamp() end as now
),
finished as (
    update tend.attempt a
    set finished_at = clock.now, outcome = r.outcome, becomes = r.becomes, code = r.code, detail = r.detail, reference = r.reference,
        retry_at = clock.now + make_interval(secs => r.retry_secs)
    from clock, alive,
         unnest($3::bigint[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::double precision[])
             as r (message_id, attempt, outcome, becomes, code, detail, reference, retry_secs)
    -- the second says the same as the first: with it the rows are found by key also by a plan from when the table was empty
    where a.message_id = r.message_id and a.message_id = any ($3) and a.attempt = r.attempt and a.owner = $1 and a.finished_at is null
),
handed as (
    insert into tend.attempt as a (message_id, attempt, owner, handed_off_at)
    select n.message_id, n.attempt, $1, clock.now
    from clock, alive, unnest($11::bigint[], $12::smallint[], $13::timestamptz[]) as n (message_id, attempt, not_after)
    where not exists (select from tend.sending_pause) and n.not_after > clock.now
    -- a commit whose answer got lost is repeated
    on conflict (message_id, attempt) do update set handed_off_at = excluded.handed_off_at
        where a.owner = excluded.owner and a.finished_at is null
    returning message_id
)
select exists (select from alive) as "alive!", coalesce((select array_agg(message_id) from handed), '{}') as "handed!"
