-- give_up: at instant $1, runs that should start and whose spec is one of $2, which this replica $5 cannot read for the
-- reasons $3. Their wait for one that can read them begins; those that have waited since $4 fail, unless a replica is
-- alive (heard of within $6 seconds, by the database's clock) that has not found it cannot. Uses job_run_open.
with found as (
    -- A beginning in the future was written by a clock that has been set back.
    update tend.job_run set unreadable_since = $1
    where state = 'due' and run_after <= $1 and spec_hash = any ($2)
      and (unreadable_since is null or unreadable_since > $1)
)
update tend.job_run as run
set state = 'failed',
    finished_at = $1,
    error = 'given up: no replica could read its spec since '
        || to_char(run.unreadable_since, 'YYYY-MM-DD"T"HH24:MI"Z"') || ': ' || here.reason
from unnest($2::text[], $3::text[]) as here (spec_hash, reason)
where run.state = 'due'
  and run.spec_hash = here.spec_hash
  and run.unreadable_since <= $4
  and not exists (select 1 from tend.replica
                  where replica.instance <> $5
                    and replica.seen_at >= clock_timestamp() - make_interval(secs => $6)
                    and run.spec_hash <> all (replica.unreadable))
returning run.run_id, run.job, run.error as "error!"
