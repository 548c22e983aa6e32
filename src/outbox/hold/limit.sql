-- hold/limit: jobs whose messages came back, or were called spam, too often: looked at when there is bad news, and reached from
-- then on, until somebody lets the job go on. $1 now. Indexes: tend.receipt_unjudged, tend.job_run_by_day, tend.outbox_run.
with fresh as (
    update tend.receipt
    set judged_at = $1
    where judged_at is null and said in ('failed', 'refused', 'bounced', 'complained') and applied_at is not null
    returning message_id
),
affected as (
    select l.*
    from tend.safety_limit l
    where l.reached_at is null
      and l.job in (select m.job from fresh f join tend.outbox m on m.message_id = f.message_id)
),
counted as (
    select l.job, count(*) as answered,
           -- came back, as hold/canary says it: also by a channel that another has stepped in for since
           count(*) filter (where m.state = 'bounced'
                               or exists (select from tend.receipt r
                                          where r.message_id = m.message_id and r.said in ('failed', 'refused', 'bounced')
                                            and (r.said = 'bounced'
                                                 or not exists (select from tend.receipt d
                                                                where d.message_id = r.message_id and d.said = 'delivered' and d.at >= r.at
                                                                  and d.address_key is not distinct from r.address_key)))) as bounced,
           count(*) filter (where m.state = 'complained') as complained
    from affected l
    join tend.job_run r on r.job = l.job and r.business_date >= ($1::timestamptz - make_interval(secs => l.over_secs))::date
    join tend.outbox m on m.run_id = r.run_id and m.job = l.job and m.state in ('accepted', 'delivered', 'bounced', 'complained')
    where l.counted_from is null
       or exists (select from tend.attempt a
                  where a.message_id = m.message_id and a.attempt = m.attempts and a.handed_off_at > l.counted_from)
    group by l.job
)
update tend.safety_limit l
set reached_at = $1,
    note = concat_ws(', ', case when c.bounced >= l.bounce * c.answered then c.bounced || ' came back' end,
                     case when c.complained >= l.complaint * c.answered then c.complained || case c.complained when 1 then ' was' else ' were' end || ' called spam' end)
           || ' of the last ' || case c.answered when 1 then 'message' else c.answered || ' messages' end
from counted c
where l.job = c.job and c.answered >= l.at_least
  and (c.bounced > 0 and c.bounced >= l.bounce * c.answered or c.complained > 0 and c.complained >= l.complaint * c.answered)
returning l.job, l.note as "note!"
