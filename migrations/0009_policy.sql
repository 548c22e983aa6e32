-- What tend owns: hold-outs, and what allowed a message (design section 8).
create table tend.holdout (
    job          text not null,
    customer_id  text not null,
    occasion     text not null,
    step         text not null default '',
    control      text not null,
    share        numeric not null check (share > 0 and share <= 1),
    occurs_on    date not null,
    channel      text not null,
    offer        text not null,
    run_id       bigint not null,
    held_out_at  timestamptz not null,
    primary key (job, customer_id, occasion, step)
);
comment on table tend.holdout is 'Who would have had a message and was left out on purpose, to be compared with those who had it. Never pruned; who is here for an occasion stays held out of it whatever the file says later.';
comment on column tend.holdout.job is 'Which job.';
comment on column tend.holdout.customer_id is 'Who was held out.';
comment on column tend.holdout.occasion is 'Of which occasion.';
comment on column tend.holdout.step is 'Of which step of the job; empty for the only one.';
comment on column tend.holdout.control is 'The group it was drawn for: the job''s own name, or one that several jobs share. Customer and group decide, so that it stays the same.';
comment on column tend.holdout.share is 'The share held out at the time, 0 to 1.';
comment on column tend.holdout.occurs_on is 'The day of the occasion itself.';
comment on column tend.holdout.channel is 'The channel it would have gone by.';
comment on column tend.holdout.offer is 'The offer that would have been made; empty for none.';
comment on column tend.holdout.run_id is 'The run that decided it.';
comment on column tend.holdout.held_out_at is 'As-of of that run.';
create index holdout_customer on tend.holdout (customer_id);
create index holdout_run on tend.holdout (run_id);

alter table tend.outbox add column allowed_by jsonb;
comment on column tend.outbox.allowed_by is 'The row of crm.consent that allowed it when it was planned: recorded_at, source, wording. Null where none was asked for or there was no word at all.';
alter table tend.outbox add column fallback jsonb;
comment on column tend.outbox.fallback is 'Channels that may step in when this one refuses it for good, in order: channel, locale, offer in that language, on_unknown as the file says it. Null when there is none (any more).';
comment on column tend.decision.reason is 'already_had, inactive, no_offer, expired, outside_window, no_address, bad_address, suppressed, no_consent, consent_withdrawn, same_address, holdout …: see REASONS in src/jobs/message/explain.rs.';

create function tend.closes_at(since timestamptz, zone text, opens time, closes time) returns timestamptz
    language sql immutable parallel safe
    return case
        when opens is null then 'infinity'::timestamptz
        when closes > opens or (since at time zone zone)::time < closes
            then ((since at time zone zone)::date + closes) at time zone zone
        else ((since at time zone zone)::date + 1 + closes) at time zone zone
    end;
comment on function tend.closes_at is 'When the window [opens, closes) ends that is open at the given instant on the local clock of the zone; never for one without end.';

create function tend.dealt(salt text, customer_id text, of bigint) returns bigint
    language sql immutable strict parallel safe
    return mod(('x' || left(encode(sha256(convert_to(salt || ':' || customer_id, 'UTF8')), 'hex'), 12))::bit(48)::bigint, of);
comment on function tend.dealt is 'The bucket, 0 to of - 1, a customer falls into for a salt: the same as { bucket = … } in conditions, for ever.';

create table tend.reservation (
    job         text not null,
    customer_id text not null,
    occasion    text not null,
    step        text not null default '',
    purpose     text not null,
    topic       text not null,
    channel     text not null,
    priority    smallint not null,
    at          timestamptz not null,
    run_id      bigint not null,
    primary key (job, customer_id, occasion, step)
);
comment on table tend.reservation is 'Places kept for the days ahead: who will be due for a message of a job that can tell (an anniversary, a holiday), so that a message of lower priority today does not use the place up. Written anew by every run of the job.';
comment on column tend.reservation.job is 'Which job will send.';
comment on column tend.reservation.customer_id is 'To whom.';
comment on column tend.reservation.occasion is 'What for.';
comment on column tend.reservation.step is 'Which step of the job; empty for the only one.';
comment on column tend.reservation.purpose is 'marketing, service or transactional.';
comment on column tend.reservation.topic is 'Its topic.';
comment on column tend.reservation.channel is 'The channel it will go by, as things stand.';
comment on column tend.reservation.priority is 'Only messages of lower priority give way.';
comment on column tend.reservation.at is 'When it will go, as things stand.';
comment on column tend.reservation.run_id is 'The run that looked ahead.';
create index reservation_customer on tend.reservation (customer_id);
comment on column tend.spec.segments is 'Segment that its conditions use → the file as it was; policy/caps: the caps it is under.';

create index outbox_fallback on tend.outbox (message_id) where fallback is not null and state in ('rejected', 'bounced');

create table tend.hold (
    run_id       bigint not null,
    reason       text not null check (reason in ('approval', 'canary')),
    job          text not null,
    spec_hash    text not null,
    messages     bigint not null,
    held_at      timestamptz not null,
    canary_share numeric check (canary_share > 0 and canary_share < 1),
    wait_secs    bigint,
    stop_if      jsonb,
    state        text not null default 'waiting' check (state in ('waiting', 'stopped', 'released', 'refused', 'over')),
    decided_at   timestamptz,
    decided_by   text,
    note         text,
    primary key (run_id, reason),
    check ((state in ('released', 'refused', 'over')) = (decided_at is not null)),
    check (num_nulls(canary_share, wait_secs, stop_if) in (0, 3)),
    check (reason <> 'canary' or canary_share is not null)
);
comment on table tend.hold is 'Runs whose messages wait: state held in the outbox, with the same word as state_reason.';
comment on column tend.hold.run_id is 'The run.';
comment on column tend.hold.reason is 'approval: another person must look first; canary: a share goes first.';
comment on column tend.hold.job is 'Which job.';
comment on column tend.hold.spec_hash is 'With which spec.';
comment on column tend.hold.messages is 'How many were held at first.';
comment on column tend.hold.held_at is 'Since when: as-of of the run, or the approval that left the rest behind a canary.';
comment on column tend.hold.canary_share is 'The share that goes first, 0 to 1; null: all at once.';
comment on column tend.hold.wait_secs is 'How long the rest waits when all of the share have their answer.';
comment on column tend.hold.stop_if is 'What → the share of answers at which the rest is stopped: rejected.';
comment on column tend.hold.state is 'waiting; stopped by its canary: a person decides; released; refused: a person cancelled them; over: they died.';
comment on column tend.hold.decided_at is 'When that was decided.';
comment on column tend.hold.decided_by is 'By whom: a name, or canary.';
comment on column tend.hold.note is 'What the canary found.';
create index hold_open on tend.hold (job) where state in ('waiting', 'stopped');
