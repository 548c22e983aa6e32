-- hold/limit: what is still planned of jobs that have reached their limit waits for a person. $1 now.
with held as (
    update tend.outbox m
    set state = 'held', state_reason = 'limit', state_at = $1
    from tend.safety_limit l
    where l.reached_at is not null and m.job = l.job and m.state = 'planned' and m.recipient is null
    returning m.run_id, m.job, m.spec_hash
)
insert into tend.hold (run_id, reason, job, spec_hash, messages, held_at)
select run_id, 'limit', min(job), min(spec_hash), count(*), $1::timestamptz from held group by run_id
on conflict (run_id, reason) do update
    set messages = case when hold.state = 'waiting' then hold.messages else 0 end + excluded.messages,
        held_at = case when hold.state = 'waiting' then hold.held_at else excluded.held_at end,
        state = 'waiting', decided_at = null, decided_by = null, decided_from = null
