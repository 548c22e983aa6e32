-- claimable: runs of job $1 that may start at instant $2, locked; only run $3 when it is given. None while a run of
-- the job is at work. Planned runs start in the order of their slots: only the oldest one that waits is a candidate,
-- even if it waits for its backoff, and none while the job is paused or disabled. What somebody asked for by hand
-- comes after it. Runs with one of the specs $4, which the caller cannot read, are none; planned ones keep their place
-- in the order all the same. Uses job_run_open and job_run_one_running.
select run.run_id, run.trigger, run.slot, run.business_date, run.created_at, run.spec_hash
from tend.job_run as run
where run.job = $1
  and run.state = 'due'
  and run.run_after <= $2
  and ($3::bigint is null or run.run_id = $3)
  and run.spec_hash <> all ($4::text[])
  and not exists (select 1 from tend.job_run as other where other.job = $1 and other.state = 'running')
  and (run.trigger in ('manual', 'backfill')
       -- A slot to come was begun by a clock that has been set back.
       or (run.slot <= $2
           and not exists (select 1 from tend.job_run as older
                       where older.job = $1 and older.state = 'due' and older.trigger in ('schedule', 'catchup')
                         and older.slot < run.slot)
           and exists (select 1 from tend.job
                       where job.job = $1 and job.enabled and job.removed_at is null and job.paused_at is null)
           and (run.start_deadline is null or run.start_deadline >= $2 or run.started_at is not null)))
order by run.trigger in ('schedule', 'catchup') desc, run.slot, run.run_id
limit 2
for update of run skip locked
