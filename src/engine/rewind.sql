-- rewind: at instant $2 the plan of job $1 reaches into the future, since the clock has been set back: it goes on from
-- now. Keys: job_run_slot (job, slot), and job_run_open for what waits.
with mark as (
    select job, planned_to - $2::timestamptz as jump from tend.job where job = $1
), untimely as (
    -- Slots to come that nobody has begun are planned anew when they are due, as what they are then. What has run keeps
    -- its row, and with it its slot: it does not run twice.
    delete from tend.job_run as run
    where run.job = $1 and run.trigger in ('schedule', 'catchup') and run.slot > $2
      and run.state in ('due', 'skipped') and run.started_at is null
    returning run.run_id
), waiting as (
    -- Attempts and runs by hand that wait for an instant of the wrong clock wait as long as they would have.
    update tend.job_run as run
    set run_after = greatest($2, run.run_after - mark.jump,
                             case when run.trigger in ('schedule', 'catchup') then run.slot end),
        created_at = least(run.created_at, $2)
    from mark
    where run.job = mark.job and run.state = 'due' and run.run_after > $2
      and (run.trigger in ('manual', 'backfill') or run.started_at is not null)
)
update tend.job set planned_to = $2, known_since = least(known_since, $2)
where job = $1
returning (select count(*) from untimely) as "untimely!"
