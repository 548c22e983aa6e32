-- plan: writes the rows of a batch of slots of job $1 with spec $2 at instant $3; a row that exists stays as it is.
-- Keys: job_run_slot (job, slot) and job_run_business_key (job, business_key).
insert into tend.job_run
    (job, trigger, slot, business_date, business_key, state, reason, note, run_after, start_deadline, spec_hash,
     created_at, finished_at)
select $1, planned.trigger, planned.slot, planned.business_date, planned.business_key,
       case when planned.reason is null then 'due' else 'skipped' end,
       planned.reason, planned.note, planned.run_after, planned.start_deadline, $2,
       $3::timestamptz, case when planned.reason is not null then $3::timestamptz end
from unnest($4::timestamptz[], $5::text[], $6::date[], $7::text[], $8::text[], $9::text[], $10::timestamptz[],
            $11::timestamptz[])
    as planned (slot, trigger, business_date, business_key, reason, note, run_after, start_deadline)
order by planned.slot
on conflict do nothing
returning slot
