-- What tend owns, part three: occasions, decisions, the outbox (design section 8).
create table tend.occasion (
    job           text not null,
    customer_id   text not null,
    occasion      text not null,
    step          text not null default '',
    occurs_on     date not null,
    address_key   text not null,
    run_id        bigint not null,
    claimed_at    timestamptz not null,
    primary key (job, customer_id, occasion, step)
);
comment on table tend.occasion is 'The ledger: one occasion, one message. Never pruned; only a queued message claims.';
comment on column tend.occasion.job is 'Which job.';
comment on column tend.occasion.customer_id is 'Whose occasion.';
comment on column tend.occasion.occasion is 'Which one: birthday:2026.';
comment on column tend.occasion.step is 'Step of a job with several; empty for the only one.';
comment on column tend.occasion.occurs_on is 'The day of the occasion itself.';
comment on column tend.occasion.address_key is 'SHA-256 of channel and address: the same address on two customers gets one.';
comment on column tend.occasion.run_id is 'The run that claimed it.';
comment on column tend.occasion.claimed_at is 'As-of of that run.';
-- the address first: with the job first, a planner without statistics takes it for customer look-ups and reads the whole job
create unique index occasion_address on tend.occasion (address_key, occurs_on, job, step);
create index occasion_day on tend.occasion (occurs_on, job);
create index occasion_customer on tend.occasion (customer_id);

create table tend.decision (
    job         text not null,
    customer_id text not null,
    occasion    text not null,
    step        text not null default '',
    reason      text not null,
    run_id      bigint not null,
    at          timestamptz not null,
    last_at     timestamptz not null,
    detail      jsonb not null default '{}',
    primary key (job, customer_id, occasion, step, reason),
    check (last_at >= at)
);
comment on table tend.decision is 'Customers who had the occasion and got nothing, with the reason. One row a reason, however many nights it held.';
comment on column tend.decision.job is 'Which job.';
comment on column tend.decision.customer_id is 'Whom it is about.';
comment on column tend.decision.occasion is 'Which occasion.';
comment on column tend.decision.step is 'Step of a job with several; empty for the only one.';
comment on column tend.decision.reason is 'already_had, inactive, no_offer, expired, no_address, bad_address, suppressed, no_consent, consent_withdrawn, same_address.';
comment on column tend.decision.run_id is 'The run that first decided so.';
comment on column tend.decision.at is 'The earliest as-of it was decided for.';
comment on column tend.decision.last_at is 'The latest as-of it was decided for: a run for an as-of between the two found the same.';
comment on column tend.decision.detail is 'What the reason rests on.';
create index decision_customer on tend.decision (customer_id, at);
create index decision_job on tend.decision (job, last_at);

create table tend.audience_count (
    run_id    bigint not null,
    reason    text not null,
    customers bigint not null,
    primary key (run_id, reason)
);
comment on table tend.audience_count is 'How many had the occasion but were not in the audience, by the condition that failed first.';
comment on column tend.audience_count.run_id is 'The run.';
comment on column tend.audience_count.reason is 'The condition, as the file says it.';
comment on column tend.audience_count.customers is 'How many.';

create table tend.suppression (
    channel     text not null,
    address_key text not null,
    reason      text not null,
    customer_id text,
    recorded_at timestamptz not null,
    lifted_at   timestamptz,
    primary key (channel, address_key)
);
comment on table tend.suppression is 'Addresses nothing may be sent to.';
comment on column tend.suppression.channel is 'email or sms.';
comment on column tend.suppression.address_key is 'SHA-256 of channel and address.';
comment on column tend.suppression.reason is 'unsubscribed, bounced, complained, by_hand.';
comment on column tend.suppression.customer_id is 'On whom it was recorded, when known.';
comment on column tend.suppression.recorded_at is 'When.';
comment on column tend.suppression.lifted_at is 'When somebody lifted it; null while it holds.';

create table tend.outbox (
    message_id   bigint generated always as identity primary key,
    public_id    uuid not null default gen_random_uuid() unique,
    run_id       bigint not null,
    job          text not null,
    spec_hash    text not null,
    customer_id  text not null,
    occasion     text not null,
    step         text not null default '',
    purpose      text not null,
    consent      text check (consent in ('granted', 'not_withdrawn', 'not_needed')),
    topic        text not null,
    channel      text not null,
    provider     text,
    template     text not null,
    locale       text not null,
    data         jsonb not null,
    priority     smallint not null default 50,
    not_before   timestamptz not null,
    not_after    timestamptz not null,
    zone         text,
    opens        time,
    closes       time,
    on_unknown   text check (on_unknown in ('hold', 'resend', 'drop')),
    state        text not null default 'planned' check (state in ('planned', 'claimed', 'handed_off', 'accepted', 'rejected',
                     'in_doubt', 'delivered', 'bounced', 'complained', 'held', 'expired', 'suppressed', 'cancelled', 'dead')),
    state_at     timestamptz not null,
    state_reason text,
    attempts     smallint not null default 0,
    owner        uuid,
    provider_ref text,
    created_at   timestamptz not null,
    unique (job, customer_id, occasion, step),
    check ((state in ('claimed', 'handed_off')) = (owner is not null)),
    check (not_after > not_before),
    check (num_nulls(zone, opens, closes) in (0, 3))
);
comment on table tend.outbox is 'Messages owed. Holds no address and no text: both are looked up and rendered at the moment of sending.';
comment on column tend.outbox.message_id is 'Names the message.';
comment on column tend.outbox.public_id is 'Message-ID and webhook id are derived from it, so that a duplicate is recognisable.';
comment on column tend.outbox.run_id is 'The run that queued it.';
comment on column tend.outbox.job is 'Which job.';
comment on column tend.outbox.spec_hash is 'With which spec; its templates render it.';
comment on column tend.outbox.customer_id is 'To whom.';
comment on column tend.outbox.occasion is 'What for.';
comment on column tend.outbox.step is 'Step of a job with several; empty for the only one.';
comment on column tend.outbox.purpose is 'marketing, service or transactional: which consent it needs.';
comment on column tend.outbox.consent is 'Whose word it takes, asked again at sending: granted, not_withdrawn, not_needed; null: the last for purpose transactional, else the second.';
comment on column tend.outbox.topic is 'What a customer can unsubscribe from.';
comment on column tend.outbox.channel is 'email or sms.';
comment on column tend.outbox.provider is 'Which configured channel of that sort pays it, e.g. smtp-main; null: the one the settings name for the sort.';
comment on column tend.outbox.template is 'Folder below templates/.';
comment on column tend.outbox.locale is 'Language chosen from those the template has.';
comment on column tend.outbox.data is 'What the template gets besides the customer: offer, occasion.';
comment on column tend.outbox.priority is 'Higher first.';
comment on column tend.outbox.not_before is 'Not sent before.';
comment on column tend.outbox.not_after is 'End of life: expired afterwards.';
comment on column tend.outbox.zone is 'The customer''s zone, which the delivery window is in; null when the message may go at any hour.';
comment on column tend.outbox.opens is 'Local time from which it may be sent.';
comment on column tend.outbox.closes is 'Local time before which it may be sent; earlier than opens: the window crosses midnight.';
comment on column tend.outbox.on_unknown is 'What happens to a message whose fate is unknown; null: what the channel says.';
comment on column tend.outbox.state is 'See src/outbox/mod.rs for the diagram.';
comment on column tend.outbox.state_at is 'Since when.';
comment on column tend.outbox.state_reason is 'Why: the server''s words without addresses, the suppression, the error.';
comment on column tend.outbox.attempts is 'How often it was handed off.';
comment on column tend.outbox.owner is 'Dispatcher that has claimed it; its lease is in tend.dispatcher.';
comment on column tend.outbox.provider_ref is 'What the provider calls it.';
comment on column tend.outbox.created_at is 'As-of of the run that queued it.';
-- a message that names no provider is owed by whichever channel the settings name for its sort: lane *email or *sms
create index outbox_owed on tend.outbox (coalesce(provider, '*' || channel), priority desc, not_before, message_id) where state = 'planned';
create index outbox_ends on tend.outbox (not_after) where state in ('planned', 'held');
create index outbox_in_flight on tend.outbox (owner) where state in ('claimed', 'handed_off');
create index outbox_run on tend.outbox (run_id);
create index outbox_customer on tend.outbox (customer_id, created_at);
create index outbox_trouble on tend.outbox (state, state_at) where state in ('in_doubt', 'held', 'dead');

-- An attempt is inserted and updated once, soon after: the free half of each page keeps that update in place. One CHECK
-- without lists of words, since Postgres reads a table's CHECKs anew for every statement, and here that is every message.
create table tend.attempt (
    message_id    bigint not null,
    attempt       smallint not null,
    owner         uuid not null,
    handed_off_at timestamptz not null,
    finished_at   timestamptz,
    outcome       text,
    becomes       text,
    retry_at      timestamptz,
    code          text,
    detail        text,
    reference     text,
    primary key (message_id, attempt),
    check ((outcome is null) = (finished_at is null) and (becomes is null) = (finished_at is null)
           and (retry_at is null or becomes = 'planned'))
) with (fillfactor = 50);
comment on table tend.attempt is 'Every hand-over to a provider, committed before the network call: an attempt of a claimed message without an outcome is what handed_off means.';
comment on column tend.attempt.message_id is 'Which message.';
comment on column tend.attempt.attempt is 'First, second …';
comment on column tend.attempt.owner is 'Which dispatcher.';
comment on column tend.attempt.handed_off_at is 'Committed before the call.';
comment on column tend.attempt.finished_at is 'When the answer was recorded; null: unknown.';
comment on column tend.attempt.outcome is 'accepted, rejected, retry, in_doubt, not_sent (failed before anything left).';
comment on column tend.attempt.becomes is 'State of the message that follows (accepted, rejected, planned, in_doubt, dead); copied to tend.outbox many at a time, and by recovery after a crash.';
comment on column tend.attempt.retry_at is 'When it is tried again.';
comment on column tend.attempt.code is 'SMTP or HTTP status.';
comment on column tend.attempt.detail is 'The provider''s words, addresses masked.';
comment on column tend.attempt.reference is 'What the provider calls the message.';

create table tend.dispatcher (
    owner         uuid primary key default gen_random_uuid(),
    host          text not null,
    registered_at timestamptz not null,
    lease_until   timestamptz not null
);
comment on table tend.dispatcher is 'Leases of the processes that pay messages. Handing off locks the row, recovery deletes it: so a process that was taken for dead cannot hand off any more.';
comment on column tend.dispatcher.owner is 'Names the lease; a process that lost it takes a new one.';
comment on column tend.dispatcher.host is 'Label only: host and process id.';
comment on column tend.dispatcher.registered_at is 'Since when. Database clock.';
comment on column tend.dispatcher.lease_until is 'After this any dispatcher may put its messages in order. Database clock, on purpose: clocks of replicas differ.';

create table tend.provider_state (
    provider     text primary key,
    open_until   timestamptz,
    failures     integer not null default 0,
    reason       text,
    changed_at   timestamptz not null
);
comment on table tend.provider_state is 'Breakers and waits that hold over all replicas.';
comment on column tend.provider_state.provider is 'Which configured channel, or domain:CHANNEL:DOMAIN for one recipient domain of it.';
comment on column tend.provider_state.open_until is 'Nothing is sent before this instant (Retry-After, 421, breaker).';
comment on column tend.provider_state.failures is 'Failures in a row.';
comment on column tend.provider_state.reason is 'Why it is waiting.';
comment on column tend.provider_state.changed_at is 'When.';

create table tend.rate_bucket (
    bucket      text primary key,
    tokens      double precision not null,
    refilled_at timestamptz not null
);
comment on table tend.rate_bucket is 'Token buckets of the rates, shared by all replicas.';
comment on column tend.rate_bucket.bucket is 'provider:NAME or domain:NAME:DOMAIN, and :second or :minute.';
comment on column tend.rate_bucket.tokens is 'Messages that may go now.';
comment on column tend.rate_bucket.refilled_at is 'When that was computed.';

create function tend.address_key(channel text, address text) returns text
    language sql immutable strict parallel safe
    return encode(sha256(convert_to(channel || ':' || lower(btrim(address)), 'UTF8')), 'hex');
comment on function tend.address_key is 'What suppressions and the ledger know of an address.';

create function tend.consent(who text, on_channel text, for_purpose text) returns boolean
    language sql stable parallel safe
    return (select c.granted from crm.consent c
            where c.customer_id = who and c.channel = on_channel and c.purpose = for_purpose
            order by c.recorded_at desc limit 1);
comment on function tend.consent is 'The newest word of the customer; null when there is none.';

create function tend.opens_at(since timestamptz, zone text, opens time, closes time) returns timestamptz
    language sql immutable parallel safe
    return case
        when opens is null then since
        when case when opens < closes then (since at time zone zone)::time >= opens and (since at time zone zone)::time < closes
                  else (since at time zone zone)::time >= opens or (since at time zone zone)::time < closes end then since
        when ((since at time zone zone)::date + opens) at time zone zone >= since
            then ((since at time zone zone)::date + opens) at time zone zone
        else ((since at time zone zone)::date + 1 + opens) at time zone zone
    end;
comment on function tend.opens_at is 'The first instant, not before the given one, at which the local clock of the zone is within [opens, closes). A window may cross midnight; without one every instant is.';

create function tend.nearest_locale(wanted text, offered text[], fallback text) returns text
    language sql immutable parallel safe
    return (select o.tag
            from unnest(offered) with ordinality o (tag, place),
                 lateral (select lower(replace(coalesce(wanted, ''), '_', '-')) as want, lower(o.tag) as have) n
            order by n.want = n.have desc,
                     split_part(n.want, '-', 1) = split_part(n.have, '-', 1)
                         and (n.want ~ '^zh-(.*-)?(hant|tw|hk|mo)') = (n.have ~ '^zh-(.*-)?(hant|tw|hk|mo)') desc,
                     split_part(n.want, '-', 1) = split_part(n.have, '-', 1) desc,
                     o.tag = fallback desc,
                     o.place
            limit 1);
comment on function tend.nearest_locale is 'The offered language nearest to the wanted one: the same tag, the same language in the same script, the same language, the fallback, the first.';

create view tend.outbox_now as
    select o.message_id, o.public_id, o.job, o.customer_id, o.occasion, o.channel, o.provider,
           case when o.state = 'claimed' and a.message_id is not null then 'handed_off' else o.state end as state,
           o.state_at, o.state_reason, o.attempts, o.not_before, o.not_after
    from tend.outbox o
    left join tend.attempt a on a.message_id = o.message_id and a.attempt = o.attempts + 1 and a.finished_at is null;
comment on view tend.outbox_now is 'The outbox with handed_off shown: while a message is in the network only tend.attempt knows it.';
