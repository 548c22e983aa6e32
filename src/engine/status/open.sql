-- open: runs of job $1 at work or waiting, in the order they will start; of a long backfill the first ones.
select run_id, trigger, slot, state, attempt, rescues, started_at, finished_at, progress, reason, note, error,
       null::text as why
from tend.job_run
where job = $1 and state in ('due', 'running')
order by state desc, trigger in ('schedule', 'catchup') desc, slot, run_id
limit 20
