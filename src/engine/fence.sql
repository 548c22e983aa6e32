-- fence: the last statement of every step, in its transaction. Moves cursor $3 and progress $4 of run $1 if token $2
-- still owns it; the last step ($5) also ends the run at instant $6. No row: somebody else owns it, roll back.
with fenced as (
    update tend.job_run
    set steps = steps + 1,
        cursor = $3,
        progress = $4,
        state = case when $5 then 'succeeded' else state end,
        finished_at = case when $5 then $6::timestamptz end,
        error = case when $5 then null else error end
    where run_id = $1 and token = $2 and state = 'running'
    returning run_id
), released as (
    delete from tend.lease using fenced where $5 and lease.run_id = fenced.run_id
), kept as (
    -- Between steps the lease stays, but the backend is no longer at work on it and may soon serve somebody else.
    update tend.lease set backend_pid = null, backend_start = null
    from fenced where not $5 and lease.run_id = fenced.run_id
)
select run_id from fenced
