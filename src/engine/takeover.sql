-- takeover: run $1, still owned by token $2 though its lease is over, is due again at instant $3 under a new token; at
-- the $4th time it is failed for good, and one that somebody cancelled is cancelled.
with taken as (
    update tend.job_run as run
    set token = token + 1,
        rescues = rescues + 1,
        state = case when cancel_requested then 'cancelled' when rescues + 1 >= $4 then 'failed' else 'due' end,
        reason = case when cancel_requested then coalesce(reason, 'cancelled') else reason end,
        error = case when rescues + 1 >= $4
                     then 'given up: the process that ran it died or hung ' || (rescues + 1) || ' times' else error end,
        finished_at = case when cancel_requested or rescues + 1 >= $4 then $3::timestamptz end,
        -- A slot to come was begun by a clock that has been set back; it waits for its time.
        run_after = greatest($3, case when trigger in ('schedule', 'catchup') then slot end)
    where run.run_id = $1 and run.token = $2 and run.state = 'running'
      and not exists (select 1 from tend.lease
                      where lease.run_id = $1 and lease.token = $2 and lease.until >= clock_timestamp())
    returning run_id, state
), released as (
    delete from tend.lease using taken where lease.run_id = taken.run_id
)
select state from taken
