-- archive: reviews that were made, the latest first: of job $1 (null: all), of run $2 and team $3 (null: all), at most $4;
-- with what became of their mails. Index: report_job, tend.outbox_run.
select r.run_id as "run_id!", r.team as "team!", r.job as "job!", r.period as "period!", r.first_day as "first_day!", r.last_day as "last_day!",
       r.as_of as "as_of!", coalesce(r.figures -> 'period' ->> 'timezone', 'UTC') as "zone!", coalesce((r.figures ->> 'missed')::integer, 0) as "missed!", m.mails as "mails!", m.sent as "sent!",
       m.waiting as "waiting!"
from (select run_id, team, job, period, first_day, last_day, as_of, figures
      from tend.report
      where ($1::text is null or job = $1) and ($2::bigint is null or run_id = $2) and ($3::text is null or team = $3)
      order by as_of desc, run_id desc, team
      limit $4) r
cross join lateral (
    select count(*) as mails, count(*) filter (where o.state in ('accepted', 'delivered')) as sent,
           count(*) filter (where o.state in ('planned', 'claimed', 'handed_off', 'held')) as waiting
    from tend.outbox o
    left join tend.letter l on l.message_id = o.message_id
    left join tend.outbox f on f.message_id = l.again_of
    where o.run_id = r.run_id and o.recipient is not null and coalesce(f.step, o.step) = r.team) m
order by r.as_of desc, r.run_id desc, r.team
