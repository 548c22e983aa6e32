-- Ends a claim without a hand-over: $1 owner, $2 now, $3 messages, $4 their states (planned, dead, rejected), $5 why.
with
-- a hand-over whose answer was lost with the connection, and which was refused when it was repeated: nothing was sent
withdrawn as (
    delete from tend.attempt a
    using unnest($3::bigint[]) as s (message_id)
    join tend.outbox m on m.message_id = s.message_id and m.owner is not distinct from $1 and m.state || '' = 'claimed'
    where a.message_id = m.message_id and a.attempt = m.attempts + 1 and a.owner = $1 and a.finished_at is null
)
update tend.outbox o
set state = r.state, state_at = $2, state_reason = coalesce(r.reason, o.state_reason), owner = null
from unnest($3::bigint[], $4::text[], $5::text[]) as r (message_id, state, reason)
-- by key alone: the planner must not see that outbox_in_flight serves this, and read it whole for every message
where o.message_id = r.message_id and o.owner is not distinct from $1 and o.state || '' = 'claimed'
  and not exists (select from tend.attempt a
                  where a.message_id = o.message_id and a.attempt = o.attempts + 1
                    and (a.owner <> $1 or a.finished_at is not null))
