-- hold/canary: what waits behind a share that went first: let go when all of the share have their answer, the wait is over
-- and few enough were refused, came back or were complained about; stopped as soon as too many were, and when none of the
-- share is known to have been taken: then nothing was learned. $1 now.
with counted as (
    select h.run_id, h.job, h.wait_secs, h.stop_if,
           count(*) filter (where m.state in ('planned', 'claimed', 'handed_off', 'held')) as open,
           count(*) filter (where f.refused or f.bounced or f.answered) as answered,
           count(*) filter (where f.refused) as refused,
           count(*) filter (where f.bounced) as bounced,
           count(*) filter (where m.state = 'complained') as complained,
           count(*) filter (where f.taken) as taken,
           max(m.state_at) as last_at
    from tend.hold h
    join tend.outbox m on m.run_id = h.run_id and not (m.state = 'held' and m.state_reason = 'canary')
    cross join lateral (
        select m.state in ('rejected', 'dead')
                   or exists (select from tend.attempt a where a.message_id = m.message_id and a.outcome = 'rejected') as refused,
               -- came back, as hold/limit says it: also by a channel that another has stepped in for since
               m.state = 'bounced'
                   or exists (select from tend.receipt r
                              where r.message_id = m.message_id and r.said in ('failed', 'refused', 'bounced')
                                and (r.said = 'bounced'
                                     or not exists (select from tend.receipt d
                                                    where d.message_id = r.message_id and d.said = 'delivered' and d.at >= r.at
                                                      and d.address_key is not distinct from r.address_key))) as bounced,
               m.state in ('accepted', 'delivered', 'complained', 'in_doubt') as answered,
               m.state in ('accepted', 'delivered', 'complained') as taken
    ) f
    where h.reason = 'canary' and h.state = 'waiting'
    group by h.run_id, h.job, h.wait_secs, h.stop_if
),
-- what the file limits: how many there are, and whether that is too many now and however the open ones turn out
limited as (
    select c.run_id, coalesce(bool_or(w.many > 0 and w.many >= w.most * c.answered
                                      and (c.open = 0 or w.many >= w.most * (c.answered + c.open))), false) as too_many,
           string_agg(w.many || ' ' || case w.many when 1 then w.one else w.words end, ', ' order by w.place)
               filter (where w.many > 0 and w.many >= w.most * c.answered) as words
    from counted c
    cross join lateral (values
        (1, (c.stop_if ->> 'rejected')::numeric, c.refused, 'was refused', 'were refused'),
        (2, (c.stop_if ->> 'bounce')::numeric, c.bounced, 'came back', 'came back'),
        (3, (c.stop_if ->> 'complaint')::numeric, c.complained, 'was called spam', 'were called spam')) w (place, most, many, one, words)
    where c.answered > 0
    group by c.run_id
),
judged as (
    select c.*, l.words,
           case when l.too_many then 'stopped'
                when c.open = 0 and $1::timestamptz >= c.last_at + make_interval(secs => c.wait_secs)
                    then case when c.taken > 0 then 'released' else 'stopped' end end as becomes
    from counted c
    left join limited l on l.run_id = c.run_id
),
decided as (
    update tend.hold h
    set state = j.becomes, decided_at = case when j.becomes = 'released' then $1 end, decided_by = case when j.becomes = 'released' then 'canary' end,
        note = case when j.words is not null then case j.answered when 1 then 'of 1 message ' else 'of the first ' || j.answered || ' messages ' end || j.words
                    when j.taken = 0 and j.refused = 0 then 'of the first messages none is known to have been taken'
                    when j.answered = 1 then case j.refused when 1 then 'the first message was refused' else 'the first message was taken' end
                    else j.refused || ' of the first ' || j.answered || ' messages ' || case j.refused when 1 then 'was' else 'were' end || ' refused' end
    from judged j
    where h.run_id = j.run_id and h.reason = 'canary' and h.state = 'waiting' and j.becomes is not null
    returning h.run_id, h.state
)
update tend.outbox m
set state = 'planned', state_reason = null, state_at = $1
from decided d
where d.state = 'released' and m.run_id = d.run_id and m.state = 'held' and m.state_reason = 'canary' and m.not_after > $1
