-- Ends a claim without a hand-over: $1 owner, $2 now, $3 messages, $4 their states (planned, dead, rejected), $5 why.
update tend.outbox o
set state = r.state, state_at = $2, state_reason = coalesce(r.reason, o.state_reason), owner = null
from unnest($3::bigint[], $4::text[], $5::text[]) as r (message_id, state, reason)
where o.message_id = r.message_id and o.owner = $1 and o.state = 'claimed'
  and not exists (select from tend.attempt a where a.message_id = o.message_id and a.attempt = o.attempts + 1)
