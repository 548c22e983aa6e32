-- sla/explain/clocks: the open clocks of the job $1 as of $2.
select k.clock, count(*) as "open!", count(*) filter (where k.breached_at is not null) as "late!",
       count(*) filter (where k.state = 'paused') as "paused!",
       count(*) filter (where k.breached_at is null and k.due_at <= $2::timestamptz + interval '1 day') as "soon!"
from tend.sla_clock k
where k.job = $1 and k.stopped_at is null
group by k.clock
order by k.clock
