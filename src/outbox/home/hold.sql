-- outbox/home: holds what is owed and was not handed off, and what was about to go by another channel; $1 now.
update tend.outbox o
set state = 'held', owner = null, state_at = $1,
    state_reason = 'clone: planned before the database was copied, moved or promoted; tend outbox confirm'
-- what waits for a coupon code too: the database it was copied from may have given it one
where (o.state in ('planned', 'claimed') or o.state = 'held' and o.state_reason = 'coupon'
       or o.state in ('rejected', 'bounced') and o.fallback is not null)
  and not exists (select from tend.attempt a where a.message_id = o.message_id and a.attempt = o.attempts + 1)
