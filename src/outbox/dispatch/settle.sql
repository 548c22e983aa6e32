-- Copies what attempts came to into the outbox, many at a time: after sending, and after a crash for those whose copy was
-- lost. $1 owner, $2 messages.
update tend.outbox o
set state = case when a.becomes = 'planned' and n.next_at >= o.not_after then 'expired' else a.becomes end,
    state_at = a.finished_at,
    state_reason = case when a.becomes = 'planned' and n.next_at >= o.not_after
                            then 'its end of life comes before the next attempt; ' || coalesce(a.detail, '')
                        when a.becomes = 'accepted' then null
                        else a.detail end,
    attempts = a.attempt,
    owner = null,
    not_before = case when a.becomes = 'planned' and n.next_at < o.not_after then n.next_at else o.not_before end,
    provider_ref = coalesce(a.reference, o.provider_ref)
from unnest($2::bigint[]) as s (message_id)
join tend.outbox m on m.message_id = s.message_id
join tend.attempt a on a.message_id = m.message_id and a.attempt = m.attempts + 1
cross join lateral (select tend.opens_at(a.retry_at, m.zone, m.opens, m.closes) as next_at) n
-- by key alone: the planner must not see that outbox_in_flight serves this, and read it whole for every message
where o.message_id = s.message_id and o.owner is not distinct from $1 and o.state || '' = 'claimed' and a.finished_at is not null
