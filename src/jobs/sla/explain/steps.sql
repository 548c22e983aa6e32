-- sla/explain/steps: what the run of the job $1 as of $2 noticed, by step.
select a.clock, a.step, a.asked, count(*) as "alerts!", count(*) filter (where a.state = 'held') as "held!"
from tend.sla_alert a
where a.job = $1 and a.noticed_at = $2 and a.state <> 'dropped'
group by a.clock, a.step, a.asked
order by a.clock, a.step, a.asked
