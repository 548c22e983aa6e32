-- outbox/policy/contacts: from "timed" to "paced" (when each message may go, with regard to messages of other jobs). Nothing
-- here is read where the company has no caps and the file names no job it yields to.
--   :caps the caps the job is under; :yields_to jobs that go first, :conflict_within how near is too near, :shift whether it
--   moves behind them instead of giving way; :reach how far the longest of these looks; :priority of the job
-- Indexes: tend.outbox_customer, tend.reservation_customer, or both tables whole where everybody is asked about.

cap as materialized (
    select *
    from jsonb_to_recordset(:caps::jsonb)
        as k (place integer, name text, purposes text[], topics text[], channels text[], at_most integer, within interval, conditional boolean)
),
-- What the customers had lately, are owed, or will be owed: over all jobs. What finally failed, was cancelled or came too
-- late counts no more, unless it may have arrived. A message that may still go by another channel counts for that too.
contact as materialized (
    select m.customer_id, m.job, m.purpose, m.topic,
           array[m.channel] || coalesce(array(select f ->> 'channel' from jsonb_array_elements(m.fallback) f), '{}') as channels,
           case when m.state in ('planned', 'held', 'claimed', 'handed_off') then greatest(m.not_before, :as_of::timestamptz)
                else greatest(m.not_before, m.state_at) end as at,
           true as counts
    from tend.outbox m
    where (:caps::jsonb <> '[]' or cardinality(:yields_to::text[]) > 0)
      and m.not_after > :as_of::timestamptz - :reach::interval
      and (m.state not in ('rejected', 'bounced', 'expired', 'suppressed', 'cancelled', 'dead')
           or m.state in ('rejected', 'bounced') and m.fallback is not null
           or exists (select from tend.attempt a where a.message_id = m.message_id and a.outcome = 'in_doubt'))
      and m.customer_id in (select t.customer_id from timed t)
    union all
    select r.customer_id, r.job, r.purpose, r.topic, array[r.channel], r.at, r.priority > :priority::smallint
    from tend.reservation r
    left join tend.job j on j.job = r.job
    where (:caps::jsonb <> '[]' or cardinality(:yields_to::text[]) > 0)
      -- the sum hides from the planner that statistics of yesterday know of no such days: it would take the places for one
      -- row and compare each of them with every customer
      and r.job <> :job::text and r.at + interval '0' >= :as_of::timestamptz
      and (r.priority > :priority::smallint or r.job = any (:yields_to::text[]))
      -- nobody sends what is paused or gone
      and coalesce(j.enabled and j.paused_at is null and j.removed_at is null, true)
      and r.customer_id in (select t.customer_id from timed t)
),
-- a message of a job that goes first, too near: the latest of them, behind which this one may move
rival as materialized (
    select t.customer_id, t.occasion, max(x.at) as last_at, (array_agg(x.job order by x.at desc))[1] as job
    from timed t
    join contact x on x.customer_id = t.customer_id and x.job = any (:yields_to::text[])
     and x.at > t.opens_next - :conflict_within::interval
    group by t.customer_id, t.occasion, t.opens_next
    having min(x.at) < t.opens_next + :conflict_within::interval
),
paced as materialized (
    select t.*, r.job as rival,
           case when r.job is not null and :shift::boolean
                then tend.opens_at(r.last_at + :conflict_within::interval, t.zone, :opens::time, :closes::time)
                else t.opens_next end as not_before
    from timed t
    left join rival r on r.customer_id = t.customer_id and r.occasion = t.occasion
),
