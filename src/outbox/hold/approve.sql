-- hold/approve: lets messages go. $1 job, $2 run or null (then what waits for approval, or because of the limit of the job), $3
-- who, $4 now, $5 from where. Where a share is to go first, the rest of what was approved goes on waiting, for that. Without a run the job
-- goes on after its limit, which is counted anew from now on; with one it must not have reached it.
with going_on as (
    update tend.safety_limit set reached_at = null, note = null, counted_from = $4
    where job = $1 and $2::bigint is null and reached_at is not null
    returning job
),
decided as (
    update tend.hold
    set state = 'released', decided_at = $4, decided_by = $3, decided_from = $5
    where job = $1 and state in ('waiting', 'stopped')
      and case when $2::bigint is null then reason in ('approval', 'limit') else run_id = $2 end
    returning run_id, job, spec_hash, reason, canary_share, wait_secs, stop_if
),
-- the same share as when nobody must approve: by the hash of run and customer, and the first customer in any case
sorted as (
    select m.message_id, m.run_id, m.job,
           d.reason in ('approval', 'limit') and d.canary_share is not null
               and tend.dealt(m.run_id::text, m.customer_id, 10000) >= d.canary_share * 10000
               and m.customer_id collate "C" <> min(m.customer_id collate "C") over (partition by m.run_id) as waits
    from decided d
    join tend.outbox m on m.run_id = d.run_id and m.state = 'held' and m.state_reason = d.reason and m.not_after > $4
),
moved as (
    update tend.outbox m
    set state = case when s.waits then 'held' else 'planned' end, state_reason = case when s.waits then 'canary' end, state_at = $4
    from sorted s
    where m.message_id = s.message_id
),
behind as (
    insert into tend.hold (run_id, reason, job, spec_hash, messages, held_at, canary_share, wait_secs, stop_if)
    select d.run_id, 'canary', d.job, d.spec_hash, count(*), $4, d.canary_share, d.wait_secs, d.stop_if
    from decided d
    join sorted s on s.run_id = d.run_id and s.waits
    group by d.run_id, d.job, d.spec_hash, d.canary_share, d.wait_secs, d.stop_if
    on conflict (run_id, reason) do nothing
)
select (select count(*) from decided) + (select count(*) from going_on) as "decided!", (select count(*) from sorted where not waits) as "planned!",
       (select count(*) from sorted where waits) as "behind!"
