-- skip_outdated: at instant $1, planned rows that wait for nothing any more become skipped, with the reason.
-- Uses job_run_open (rows in state due).
update tend.job_run as run
set state = 'skipped',
    finished_at = $1,
    reason = case
        when job.removed_at is not null then 'the job''s file is gone'
        when not job.enabled then 'the job is disabled'
        when job.paused_at is not null then
            'paused by ' || coalesce(job.paused_by, 'somebody') || coalesce(': ' || nullif(job.pause_note, ''), '')
        else $2
    end
from tend.job
where job.job = run.job
  and run.state = 'due'
  and run.trigger in ('schedule', 'catchup')
  and (job.removed_at is not null
       or not job.enabled
       or job.paused_at is not null
       -- Not started by then; what was started and handed back or failed goes on.
       or (run.start_deadline < $1 and run.started_at is null))
