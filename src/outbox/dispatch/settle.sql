-- Copies what attempts came to into the outbox, many at a time: after sending, and after a crash for those whose copy was
-- lost. $1 owner, $2 messages, null: all it holds.
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
from tend.attempt a
cross join lateral (
    select tend.opens_at(a.retry_at, m.zone, m.opens, m.closes) as next_at from tend.outbox m where m.message_id = a.message_id
) n
where o.owner = $1 and o.state = 'claimed' and ($2::bigint[] is null or o.message_id = any ($2))
  and a.message_id = o.message_id and a.attempt = o.attempts + 1 and a.finished_at is not null
