-- hold/tell: jobs that were stopped by their limit or their canary and whose owner has not been told. Few rows: those that wait.
select l.job as "job!", l.spec_hash as "spec_hash!", 0::bigint as "run_id!", 'limit' as "reason!", l.reached_at as "since!",
       l.note as "note!", s.owner as "owner!", w.waiting as "waiting!"
from tend.safety_limit l
join tend.spec s on s.hash = l.spec_hash and s.owner is not null
cross join lateral (select coalesce(sum(h.messages), 0)::bigint as waiting from tend.hold h where h.job = l.job and h.reason = 'limit' and h.state = 'waiting') w
where l.reached_at is not null
  and not exists (select from tend.occasion o
                  where o.job = l.job and o.customer_id = '' and starts_with(o.occasion, 'limit:' || extract(epoch from l.reached_at)::bigint || ' '))
union all
select h.job, h.spec_hash, h.run_id, 'canary', h.held_at, coalesce(h.note, ''), s.owner, h.messages
from tend.hold h
join tend.spec s on s.hash = h.spec_hash and s.owner is not null
where h.reason = 'canary' and h.state = 'stopped'
  and not exists (select from tend.occasion o
                  where o.job = h.job and o.customer_id = '' and starts_with(o.occasion, 'canary:' || h.run_id || ' '))
