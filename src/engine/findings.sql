-- findings: what should have happened by instant $1 and did not; late is what was owed before $2. Leases and replicas
-- are judged by the database's clock: replicas silent for $3 seconds, leases over for $4 seconds. A plan beyond $5 is
-- ahead of the clock.
with recursive waiting as (
    -- Planned or asked for, its time has come, and it has not started: the first of each job.
    select distinct on (run.job) run.job, run.trigger, run.slot, run.unreadable_since,
           greatest(run.run_after, run.created_at) as since, count(*) over (partition by run.job) as waiting
    from tend.job_run as run
    where run.state = 'due' and run.run_after < $2 and run.created_at < $2
    order by run.job, run.trigger in ('schedule', 'catchup') desc, run.slot, run.run_id
), overdue as (
    -- Many runs asked for by hand wait for each other; no cause for alarm while one is at work or has just ended.
    select 'run_overdue' as kind, first.job as subject,
           first.job || ': the run for ' || to_char(first.slot, 'YYYY-MM-DD"T"HH24:MI"Z"') || ' should have started at '
               || to_char(first.since, 'YYYY-MM-DD"T"HH24:MI"Z"')
               || case when first.waiting > 1 then ', and ' || first.waiting - 1 || ' more wait' else '' end
               || coalesce('; no replica has been able to read its spec since '
                           || to_char(first.unreadable_since, 'YYYY-MM-DD"T"HH24:MI"Z"'), '') as message
    from waiting as first
    where first.trigger in ('schedule', 'catchup')
       or not (exists (select 1 from tend.job_run as run
                       join tend.lease on lease.run_id = run.run_id
                       where run.job = first.job and run.state = 'running' and lease.until >= clock_timestamp())
               or coalesce((select run.finished_at >= $2 from tend.job_run as run
                            where run.job = first.job and run.trigger in ('manual', 'backfill')
                              and run.trigger = first.trigger and run.slot <= first.slot and run.state <> 'due'
                            order by run.slot desc limit 1), false))
), failed as (
    -- Jobs whose newest ended run failed; over as soon as a later one succeeds.
    select 'run_failed' as kind, job.job as subject,
           job.job || ': run ' || last.run_id || ' for ' || to_char(last.slot, 'YYYY-MM-DD"T"HH24:MI"Z"') || ' failed: '
               || last.error as message
    from tend.job
    cross join lateral (
        select run.run_id, run.slot, run.state, run.error from tend.job_run as run
        where run.job = job.job and run.state in ('succeeded', 'failed')
        order by run.business_date desc, run.finished_at desc limit 1
    ) as last
    where last.state = 'failed' and job.removed_at is null
), ahead as (
    -- The clock was set back: the plan, or runs that have begun, are of slots to come.
    select 'plan_ahead' as kind, job.job as subject,
           job.job || ': the clock was set back; its plan is ahead of the clock until '
               || to_char(plan.until, 'YYYY-MM-DD"T"HH24:MI"Z"') || ', and what has run early does not run again'
               as message
    from tend.job
    cross join lateral (
        select greatest(job.planned_to, max(run.slot)) as until from tend.job_run as run
        where run.job = job.job and run.trigger in ('schedule', 'catchup')
    ) as plan
    where job.enabled and job.removed_at is null and plan.until > $5
), breached as (
    -- The owner is dead and nobody has taken over.
    select 'lease_breached' as kind, run.job || ' ' || run.run_id as subject,
           run.job || ': run ' || run.run_id || ' has lost its owner '
               || coalesce(lease.host, '') || ' and nobody took it over' as message
    from tend.job_run as run
    left join tend.lease on lease.run_id = run.run_id
    where run.state = 'running'
      and (lease.until is null or lease.until < clock_timestamp() - make_interval(secs => $4))
), gone as (
    -- Not heard of, and none on the same host started since.
    select 'replica_gone' as kind, replica.instance::text as subject,
           replica.host || ' has shown no sign of life since ' || to_char(replica.seen_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
               as message
    from tend.replica
    where replica.seen_at < clock_timestamp() - make_interval(secs => $3)
      and not exists (select 1 from tend.replica as other
                      where split_part(other.host, ':', 1) = split_part(replica.host, ':', 1)
                        and other.started_at > replica.seen_at)
), lanes as (
    -- Who owes (see outbox_owed) and with which priorities: one descent of the index each, however many messages wait.
    (select coalesce(provider, '*' || channel) as lane, priority
     from tend.outbox
     where state = 'planned'
     order by coalesce(provider, '*' || channel), priority desc limit 1)
    union all
    select next.lane, next.priority
    from lanes
    cross join lateral (
        (select coalesce(provider, '*' || channel) as lane, priority from tend.outbox
         where coalesce(provider, '*' || channel) = lanes.lane and priority < lanes.priority and state = 'planned'
         order by priority desc limit 1)
        union all
        (select coalesce(provider, '*' || channel), priority from tend.outbox
         where coalesce(provider, '*' || channel) > lanes.lane and state = 'planned'
         order by coalesce(provider, '*' || channel), priority desc limit 1)
        order by lane limit 1
    ) as next
), owed as (
    -- The oldest message of each.
    select lanes.lane, min(oldest.not_before) as since
    from lanes
    cross join lateral (
        select not_before from tend.outbox
        where coalesce(provider, '*' || channel) = lanes.lane and priority = lanes.priority and state = 'planned'
        order by not_before limit 1
    ) as oldest
    group by lanes.lane
), served as (
    -- What the dispatchers that are alive pay; a null: an older version that does not say.
    select paid.lane from tend.dispatcher
    left join lateral unnest(dispatcher.lanes) as paid (lane) on true
    where dispatcher.lease_until >= clock_timestamp() and (paid.lane is not null or dispatcher.lanes is null)
), unserved as (
    -- Somebody sends, but not these.
    select 'message_unserved' as kind, owed.lane as lane,
           case when starts_with(owed.lane, '*')
                then 'messages wait for a channel of the sort ' || substr(owed.lane, 2) || ', and no replica that is alive has one'
                else 'messages wait for the channel ' || owed.lane || ', which is in the settings of no replica that is alive'
           end as message
    from owed
    where exists (select 1 from served)
      and not exists (select 1 from served where served.lane is null or served.lane = owed.lane)
), unpaid as (
    -- A message that no channel has looked at yet names none.
    select 'message_late' as kind, ltrim(owed.lane, '*') as subject,
           'messages of ' || ltrim(owed.lane, '*') || ' are late, the oldest since '
               || to_char(owed.since, 'YYYY-MM-DD"T"HH24:MI"Z"') as message
    from owed
    where owed.since < $2
      and not exists (select 1 from tend.sending_pause)
      and not exists (select 1 from unserved where unserved.lane = owed.lane)
), dead as (
    select 'dead_letter' as kind, coalesce(outbox.provider, outbox.channel) as subject,
           case count(*) filter (where outbox.state = 'dead') when 1 then '1 message of ' else count(*) filter (where outbox.state = 'dead') || ' messages of ' end
               || coalesce(outbox.provider, outbox.channel) || case count(*) filter (where outbox.state = 'dead') when 1 then ' is' else ' are' end || ' dead, '
               || count(*) filter (where outbox.state = 'in_doubt') || ' in doubt' as message
    from tend.outbox
    where outbox.state in ('dead', 'in_doubt') and outbox.state_at > $1::timestamptz - interval '7 days'
    group by coalesce(outbox.provider, outbox.channel)
), held as (
    -- Runs whose messages wait for a person: told again and again until they go or die.
    select case hold.state when 'stopped' then 'canary_stopped' else 'approval_waiting' end as kind,
           hold.job || ' ' || hold.run_id as subject,
           hold.job || ': ' || case waits.messages when 1 then '1 message' else waits.messages || ' messages' end || ' of run ' || hold.run_id
               || case hold.state when 'stopped' then case waits.messages when 1 then ' is' else ' are' end || ' stopped: ' || hold.note
                                                      || '; `tend approve ' || hold.job || ' --run ' || hold.run_id || '` lets ' || case waits.messages when 1 then 'it' else 'them' end || ' go'
                                  else case waits.messages when 1 then ' waits' else ' wait' end || ' for approval (`tend approve ' || hold.job || '`)' end
               || case waits.messages when 1 then '; it dies at ' else '; the first die at ' end || to_char(waits.first_end, 'YYYY-MM-DD"T"HH24:MI"Z"') as message
    from tend.hold
    cross join lateral (
        select count(*) as messages, min(outbox.not_after) as first_end from tend.outbox
        where outbox.run_id = hold.run_id and outbox.state = 'held' and outbox.state_reason = hold.reason
    ) as waits
    where (hold.state = 'stopped' or hold.state = 'waiting' and hold.reason = 'approval') and waits.messages > 0
), limited as (
    -- Jobs that have reached the limit of their file for bounces or complaints.
    select 'limit_reached' as kind, lim.job as subject,
           lim.job || ': ' || lim.note || ', which its file does not allow; '
               || case waits.messages when 1 then '1 message waits' else coalesce(waits.messages, 0) || ' messages wait' end || ' (`tend approve ' || lim.job || '` lets the job go on)' as message
    from tend.safety_limit as lim
    left join lateral (
        select sum(held.messages) as messages
        from tend.hold
        cross join lateral (
            select count(*) as messages from tend.outbox
            where outbox.run_id = hold.run_id and outbox.state = 'held' and outbox.state_reason = 'limit'
        ) as held
        where hold.job = lim.job and hold.reason = 'limit' and hold.state in ('waiting', 'stopped')
    ) as waits on true
    where lim.reached_at is not null
), differing as (
    -- What the last count over all orders found wrong in the kept facts; over when one finds nothing.
    select 'facts_differ' as kind, wrong.span as subject,
           'kept facts of the last ' || wrong.span || ' differed from a count over all orders on '
               || to_char(wrong.as_of, 'YYYY-MM-DD"T"HH24:MI"Z"') || ' for ' || case count(*) when 1 then '1 customer' else count(*) || ' customers' end || ' and were corrected: '
               || array_to_string((array_agg(wrong.customer_id order by wrong.customer_id))[1:20], ', ')
               || case when count(*) > 20 then ' …' else '' end as message
    from tend.fact_difference as wrong
    join tend.fact_window as counted on counted.span = wrong.span and counted.recounted_at = wrong.as_of
    group by wrong.span, wrong.as_of
), scarce as (
    -- Counted no further than the alarm goes.
    select 'coupons_low' as kind, pool.pool as subject,
           'the coupon pool ' || pool.pool || ' has ' || case few.codes when 0 then 'no codes' when 1 then '1 code' else few.codes || ' codes' end
               || ' left (alarm below ' || pool.low_water || '); `tend coupons import ' || pool.pool || ' FILE` adds some' as message
    from tend.coupon_pool as pool
    cross join lateral (
        select count(*) as codes from (
            select 1 from tend.coupon
            where coupon.pool = pool.pool and reserved_at is null
              and coalesce(expires_on, 'infinity') >= ($1::timestamptz at time zone 'UTC')::date
            limit pool.low_water
        ) as counted
    ) as few
    where few.codes < pool.low_water
), codeless as (
    select 'coupons_awaited' as kind, wanted.pool as subject,
           case wanted.messages when 1 then '1 message waits' else wanted.messages || ' messages wait' end
               || ' for a code of the coupon pool ' || wanted.pool || '; `tend coupons import ' || wanted.pool || ' FILE` adds some' as message
    from (
        select data -> 'coupon' ->> 'pool' as pool, count(*) as messages from tend.outbox
        where state = 'held' and state_reason = 'coupon' and not_after > $1
        group by 1
    ) as wanted
), broken as (
    select 'folder_broken' as kind, 'jobs' as subject,
           'the job folder has errors since ' || to_char(found_at, 'YYYY-MM-DD"T"HH24:MI"Z"')
               || '; the last good jobs stay in force' as message
    from tend.folder_problem
), ending as (
    -- Calendars with three months of data left, or none. The day is part of the subject, so that it is said once a day.
    select 'calendar_ends' as kind, calendar.name || ' ' || to_char(today.day, 'YYYY-MM-DD') as subject,
           'the calendar ' || calendar.name
               || case when calendar.last_day < today.day then ' has had no data since ' else ' has data to ' end
               || to_char(calendar.last_day, 'YYYY-MM-DD') || ' only'
               || case cardinality(calendar.jobs) when 0 then '' else ', and ' || array_to_string(calendar.jobs, ', ')
                       || ' cannot plan beyond' end
               || ': add the days that follow to its file (docs/calendars.md)' as message
    from tend.calendar
    cross join lateral (select ($1::timestamptz at time zone 'UTC')::date as day) as today
    where calendar.last_day < today.day + interval '3 months'
)
select kind as "kind!", subject as "subject!", message as "message!"
from (select * from overdue union all select * from failed union all select * from ahead union all
      select * from breached union all
      select * from gone union all select kind, ltrim(lane, '*'), message from unserved union all
      select * from unpaid union all select * from dead union all
      select * from held union all select * from limited union all select * from differing union all select * from scarce union all
      select * from codeless union all select * from broken union all select * from ending) as found
order by 1, 2
