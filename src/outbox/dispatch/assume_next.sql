-- dispatch/assume: the first instant behind $1 at which a message may go or ends, or the wait behind a canary is over.
select min(at) as at
from (
    select min(not_before) as at from tend.outbox where state = 'planned' and not_before > $1
    union all
    select min(not_after) from tend.outbox where state in ('planned', 'held') and not_after > $1
    union all
    select min(f.over) from (
        select max(m.state_at) + make_interval(secs => h.wait_secs) as over
        from tend.hold h
        join tend.outbox m on m.run_id = h.run_id and not (m.state = 'held' and m.state_reason = 'canary')
        where h.reason = 'canary' and h.state = 'waiting'
        group by h.run_id, h.wait_secs
    ) f
    where f.over > $1
) due
