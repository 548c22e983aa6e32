-- hold/canary: what waits behind a share that went first: let go when all of the share have their answer, the wait is over
-- and few enough were refused; stopped as soon as too many were, and when none of the share is known to have been taken:
-- then nothing was learned. $1 now.
with counted as (
    select h.run_id, h.job, h.wait_secs, (h.stop_if ->> 'rejected')::numeric as most,
           count(*) filter (where m.state in ('planned', 'claimed', 'handed_off', 'held')) as open,
           count(*) filter (where f.refused or f.answered) as answered,
           count(*) filter (where f.refused) as refused,
           count(*) filter (where f.taken) as taken,
           max(m.state_at) as last_at
    from tend.hold h
    join tend.outbox m on m.run_id = h.run_id and not (m.state = 'held' and m.state_reason = 'canary')
    cross join lateral (
        select m.state in ('rejected', 'dead', 'bounced')
                   or exists (select from tend.attempt a where a.message_id = m.message_id and a.outcome = 'rejected') as refused,
               m.state in ('accepted', 'delivered', 'complained', 'in_doubt') as answered,
               m.state in ('accepted', 'delivered', 'complained') as taken
    ) f
    where h.reason = 'canary' and h.state = 'waiting'
    group by h.run_id, h.job, h.wait_secs, h.stop_if
),
judged as (
    select c.*,
           case when c.answered > 0 and c.refused >= c.most * c.answered and c.refused > 0
                     and (c.open = 0 or c.refused >= c.most * (c.answered + c.open)) then 'stopped'
                when c.open = 0 and $1::timestamptz >= c.last_at + make_interval(secs => c.wait_secs)
                    then case when c.taken > 0 then 'released' else 'stopped' end end as becomes
    from counted c
),
decided as (
    update tend.hold h
    set state = j.becomes, decided_at = case when j.becomes = 'released' then $1 end, decided_by = case when j.becomes = 'released' then 'canary' end,
        note = case when j.taken = 0 and j.refused = 0 then 'of the first messages none is known to have been taken'
                    else j.refused || ' of the first ' || j.answered || ' messages were refused' end
    from judged j
    where h.run_id = j.run_id and h.reason = 'canary' and h.state = 'waiting' and j.becomes is not null
    returning h.run_id, h.state
)
update tend.outbox m
set state = 'planned', state_reason = null, state_at = $1
from decided d
where d.state = 'released' and m.run_id = d.run_id and m.state = 'held' and m.state_reason = 'canary' and m.not_after > $1
