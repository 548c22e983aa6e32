-- ending: run $1 leaves the state running, if token $2 still owns it: to state $3 at instant $4, to be tried again not
-- before $5, with $6 attempts given back and error $7. A run somebody cancelled is not tried again.
with ended as (
    -- The run first, then its lease: the same order as everywhere, so that nobody deadlocks.
    update tend.job_run
    set state = case when $3 = 'due' and cancel_requested then 'cancelled' else $3 end,
        finished_at = case when $3 <> 'due' or cancel_requested then $4::timestamptz end,
        reason = case when ($3 = 'cancelled' or ($3 = 'due' and cancel_requested)) then coalesce(reason, 'cancelled')
                      else reason end,
        -- A slot to come was begun by a clock that has been set back; it waits for its time.
        run_after = greatest(coalesce($5, run_after), case when trigger in ('schedule', 'catchup') then slot end),
        attempt = attempt - $6::integer,
        error = coalesce($7, error)
    where run_id = $1 and token = $2 and state = 'running'
    returning run_id, state
), released as (
    delete from tend.lease using ended where lease.run_id = ended.run_id
)
select state from ended
