-- last: the run of job $1 for its newest slot that has ended. Uses job_run_by_day.
select run_id, trigger, slot, state, attempt, rescues, started_at, finished_at, progress, reason, note, error,
       null::text as why
from tend.job_run
where job = $1 and state in ('succeeded', 'failed', 'skipped', 'cancelled')
order by business_date desc, slot desc, run_id desc
limit 1
