-- Deadlines of tickets (design section 9; src/jobs/sla). All of it can be computed again from the tickets and their logs, but
-- for what was told and who said that he looks after it.
create table tend.sla_job (
    job        text primary key,
    zone       text not null,
    basis      text,
    rebuilt_to text,
    began_at   timestamptz not null,
    as_of      timestamptz not null,
    watch      text,
    check (rebuilt_to is null or basis is not null)
);
comment on table tend.sla_job is 'How far the jobs of the kind sla have come. While there is none, changes of tickets are not noted.';
comment on column tend.sla_job.job is 'Which job.';
comment on column tend.sla_job.zone is 'The zone of its file, in which its deadlines are shown.';
comment on column tend.sla_job.basis is 'What the clocks were computed by: the policies and their calendar. When it is another one by now all open tickets are computed anew; null: they have to be.';
comment on column tend.sla_job.rebuilt_to is 'While all are computed anew: up to this ticket they are. Null: all are.';
comment on column tend.sla_job.began_at is 'As-of of its first run. What was late before it is told in one summary.';
comment on column tend.sla_job.as_of is 'As-of of its last run.';
comment on column tend.sla_job.watch is 'tend.sla_watch() at the last run. When it is another one by now changes were missed; null: crm is views, and tickets are read again with an overlap.';

create table tend.sla_change (
    job       text not null,
    ticket_id text not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
comment on table tend.sla_change is 'Tickets to be looked at again: they, their log, or what their customer is changed. Written by triggers in the same transaction; the reader deletes exactly the rows it has read, so a slow transaction that commits behind a fast one is not lost.';
comment on column tend.sla_change.job is 'Who has to look.';
comment on column tend.sla_change.ticket_id is 'At which ticket.';
alter table tend.sla_change replica identity full; -- rows are appended and deleted, never looked up: no key

create table tend.sla_clock (
    job             text not null,
    ticket_id       text not null,
    clock           text not null,
    cycle           timestamptz not null,
    customer_id     text not null,
    policy          text not null,
    started_at      timestamptz not null,
    counted         text not null,
    target_secs     bigint not null,
    due_at          timestamptz,
    by_hand         boolean not null,
    state           text not null,
    stopped_at      timestamptz,
    breached_at     timestamptz,
    used_secs       bigint,
    acknowledged_at timestamptz,
    next_at         timestamptz,
    trouble         text,
    primary key (job, ticket_id, clock, cycle),
    check (state in ('running', 'paused', 'met', 'missed', 'ended') and counted in ('business', 'elapsed')
           and clock in ('first_response', 'next_response', 'update', 'plan', 'solution', 'callback', 'inform', 'register')
           and target_secs > 0 and (state in ('running', 'paused')) = (stopped_at is null)
           and (stopped_at is null) = (used_secs is null) and (next_at is null or state = 'running')
           and (state <> 'missed' or breached_at is not null) and (state not in ('met', 'ended') or breached_at is null))
);
comment on table tend.sla_clock is 'Deadlines of tickets: what their logs and the policies come to.';
comment on column tend.sla_clock.job is 'Whose policies.';
comment on column tend.sla_clock.ticket_id is 'Of which ticket.';
comment on column tend.sla_clock.clock is 'first_response, next_response, update, plan, solution, callback, inform (word to the customer) or register (recorded with its topic).';
comment on column tend.sla_clock.cycle is 'Names one run of the clock: when it started; where a deadline was set by hand, when that was done.';
comment on column tend.sla_clock.customer_id is 'Whose ticket.';
comment on column tend.sla_clock.policy is 'The policy that holds for it.';
comment on column tend.sla_clock.started_at is 'From when it counts.';
comment on column tend.sla_clock.counted is 'business: the hours of the calendar; elapsed: all hours.';
comment on column tend.sla_clock.target_secs is 'How long it may run, in seconds of that time.';
comment on column tend.sla_clock.due_at is 'When it is due; null while it stands still and was not due before.';
comment on column tend.sla_clock.by_hand is 'A person has set the deadline: no target moves it.';
comment on column tend.sla_clock.state is 'running; paused: the customer is waited for; met; missed: done too late; ended: no longer needed before it was due.';
comment on column tend.sla_clock.stopped_at is 'When it was met, missed or ended; null while it is open.';
comment on column tend.sla_clock.breached_at is 'When it was broken; null: it was not, so far.';
comment on column tend.sla_clock.used_secs is 'What it took, in seconds of its time; null while it is open.';
comment on column tend.sla_clock.acknowledged_at is 'When somebody said that he looks after it: nobody further is told.';
comment on column tend.sla_clock.next_at is 'When it has to be looked at next, for a warning, its end or a step after that; null: nothing will come by itself.';
comment on column tend.sla_clock.trouble is 'Why it has no deadline though it should have one: the calendar ends.';
create index sla_clock_next on tend.sla_clock (job, next_at) where next_at is not null;
create index sla_clock_customer on tend.sla_clock (customer_id);

create table tend.sla_alert (
    alert_id    bigint generated always as identity primary key,
    job         text not null,
    ticket_id   text not null,
    clock       text not null,
    cycle       timestamptz not null,
    step        text not null,
    asked       text not null,
    recipient   text not null,
    customer_id text not null,
    policy      text not null,
    at          timestamptz not null,
    noticed_at  timestamptz not null,
    not_before  timestamptz not null,
    state       text not null check (state in ('held', 'told', 'summed', 'dropped')),
    state_at    timestamptz not null,
    reason      text check ((reason is not null) = (state = 'dropped')),
    unique (job, ticket_id, clock, cycle, step, recipient),
    check (noticed_at >= at and not_before >= noticed_at and state_at >= noticed_at)
);
comment on table tend.sla_alert is 'Who was told what about the deadlines of tickets, each once. Never computed anew.';
comment on column tend.sla_alert.alert_id is 'Order in which they came about.';
comment on column tend.sla_alert.job is 'Which job.';
comment on column tend.sla_alert.ticket_id is 'About which ticket.';
comment on column tend.sla_alert.clock is 'About which clock.';
comment on column tend.sla_alert.cycle is 'Which run of it (tend.sla_clock).';
comment on column tend.sla_alert.step is 'Which step of the chain: 80%, before 30m, due, after 2h.';
comment on column tend.sla_alert.asked is 'Whom the job file names: assignee, owner, team, supervisor, role:NAME, robot:CHANNEL, customer; several words where one person is meant by them.';
comment on column tend.sla_alert.recipient is 'Who that was: staff:ID, robot:CHANNEL, customer; owner: nobody was found, so the owner of the job is told.';
comment on column tend.sla_alert.customer_id is 'Whose ticket.';
comment on column tend.sla_alert.policy is 'The policy whose step it is.';
comment on column tend.sla_alert.at is 'When the step came about.';
comment on column tend.sla_alert.noticed_at is 'As-of of the run that noticed it.';
comment on column tend.sla_alert.not_before is 'Not told before: then somebody works again.';
comment on column tend.sla_alert.state is 'held: waits for working time; told; summed: told as one of several; dropped: not told.';
comment on column tend.sla_alert.state_at is 'Since when.';
comment on column tend.sla_alert.reason is 'Why it was not told: stopped (the clock), paused, acknowledged, gone (the ticket or its policy), overtaken (by a later step).';
create index sla_alert_held on tend.sla_alert (job, not_before) where state = 'held';
create index sla_alert_customer on tend.sla_alert (customer_id);

create table tend.sla_ack (
    job       text not null,
    ticket_id text not null,
    clock     text not null,
    cycle     timestamptz not null,
    at        timestamptz not null,
    by_id     text not null,
    primary key (job, ticket_id, clock, cycle)
);
comment on table tend.sla_ack is 'Who said, by the link in an alert, that he looks after a ticket. The first word counts.';
comment on column tend.sla_ack.job is 'Which job told him.';
comment on column tend.sla_ack.ticket_id is 'Which ticket.';
comment on column tend.sla_ack.clock is 'Which clock.';
comment on column tend.sla_ack.cycle is 'Which run of it.';
comment on column tend.sla_ack.at is 'When.';
comment on column tend.sla_ack.by_id is 'Who: staff:ID, or how else the alert was addressed.';

create table tend.surge (
    job        text not null,
    subject    text not null,
    began_at   timestamptz not null,
    ended_at   timestamptz,
    count      bigint not null,
    usual      numeric not null,
    primary key (job, subject, began_at),
    check (ended_at > began_at)
);
comment on table tend.surge is 'Times in which complaints of a type came much more often than usual. Each is told once.';
comment on column tend.surge.job is 'Which job found it.';
comment on column tend.surge.subject is 'The type, as crm.ticket.topic has it; empty: without one.';
comment on column tend.surge.began_at is 'As-of of the run that found it.';
comment on column tend.surge.ended_at is 'As-of of the run that found it over; null: it goes on.';
comment on column tend.surge.count is 'How many came in the stretch that was looked at, when it was found.';
comment on column tend.surge.usual is 'How many usually come in such a stretch.';

-- The triggers run as the owner of tend, as those of tend.change do.
create function tend.note_tickets() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'TRUNCATE' then
        update tend.sla_job set basis = null, rebuilt_to = null;
        return null;
    end if;
    if not exists (select from tend.sla_job) then
        return null;
    end if;
    if tg_op = 'INSERT' then
        insert into tend.sla_change (job, ticket_id)
        select j.job, n.ticket_id from (select distinct ticket_id from new_rows) n cross join tend.sla_job j;
    elsif tg_op = 'DELETE' then
        insert into tend.sla_change (job, ticket_id)
        select j.job, o.ticket_id from (select distinct ticket_id from old_rows) o cross join tend.sla_job j;
    else
        insert into tend.sla_change (job, ticket_id)
        select j.job, d.ticket_id
        from (select ticket_id from (table new_rows except table old_rows) n
              union select ticket_id from (table old_rows except table new_rows) o) d
        cross join tend.sla_job j;
    end if;
    return null;
end $$;
comment on function tend.note_tickets() is 'Notes the tickets whose rows, or whose log, are no longer what they were.';

create function tend.note_customers_of_tickets() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from tend.sla_job) then
        return null;
    end if;
    if tg_op = 'INSERT' then
        insert into tend.sla_change (job, ticket_id)
        select j.job, t.ticket_id
        from (select distinct customer_id from new_rows) c
        cross join lateral (select w.ticket_id from crm.ticket w where w.customer_id = c.customer_id and w.solved_at is null and w.closed_at is null offset 0) t
        cross join tend.sla_job j;
    elsif tg_op = 'DELETE' then
        insert into tend.sla_change (job, ticket_id)
        select j.job, t.ticket_id
        from (select distinct customer_id from old_rows) c
        cross join lateral (select w.ticket_id from crm.ticket w where w.customer_id = c.customer_id and w.solved_at is null and w.closed_at is null offset 0) t
        cross join tend.sla_job j;
    else
        insert into tend.sla_change (job, ticket_id)
        select j.job, t.ticket_id
        from (select customer_id from (table new_rows except table old_rows) n
              union select customer_id from (table old_rows except table new_rows) o) c
        cross join lateral (select w.ticket_id from crm.ticket w where w.customer_id = c.customer_id and w.solved_at is null and w.closed_at is null offset 0) t
        cross join tend.sla_job j;
    end if;
    return null;
end $$;
comment on function tend.note_customers_of_tickets() is 'Notes the open tickets of customers who changed: their policy may be another one now.';

create function tend.note_callbacks() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into tend.sla_change (job, ticket_id)
    select j.job, d.ticket_id
    from (select distinct n.ticket_id from new_rows n where n.ticket_id is not null and n.kind = 'callback') d
    cross join tend.sla_job j;
    return null;
end $$;
comment on function tend.note_callbacks() is 'Notes the tickets about whose callbacks something was said.';

create trigger tend_sla_updated after update on tend.task referencing new table as new_rows
    for each statement execute function tend.note_callbacks();
create function tend.drop_deadlines() returns trigger language plpgsql as $$
begin
    delete from tend.sla_job where job = new.job;
    delete from tend.sla_change where job = new.job;
    return null;
end $$;
comment on function tend.drop_deadlines() is 'Of a job that is gone or switched off nothing is noted any more; when it comes back it begins anew.';
create trigger tend_sla_gone after update on tend.job
    for each row when (new.removed_at is not null or not new.enabled) execute function tend.drop_deadlines();

create trigger tend_sla_inserted after insert on tend.ladder_state referencing new table as new_rows
    for each statement execute function tend.note_customers_of_tickets();
create trigger tend_sla_updated after update on tend.ladder_state referencing old table as old_rows new table as new_rows
    for each statement execute function tend.note_customers_of_tickets();
create trigger tend_sla_deleted after delete on tend.ladder_state referencing old table as old_rows
    for each statement execute function tend.note_customers_of_tickets();

do $$
declare relation text; noting text;
begin
    for relation, noting in values ('ticket', 'note_tickets'), ('ticket_event', 'note_tickets'), ('customer', 'note_customers_of_tickets')
    loop
        continue when not exists (select from pg_class where oid = to_regclass('crm.' || relation) and relkind = 'r'
                                    and has_table_privilege(oid, 'trigger'));
        execute format('create trigger tend_sla_inserted after insert on crm.%I referencing new table as new_rows
                        for each statement execute function tend.%I()', relation, noting);
        execute format('create trigger tend_sla_updated after update on crm.%I referencing old table as old_rows new table as new_rows
                        for each statement execute function tend.%I()', relation, noting);
        execute format('create trigger tend_sla_deleted after delete on crm.%I referencing old table as old_rows
                        for each statement execute function tend.%I()', relation, noting);
        continue when relation = 'customer';
        execute format('create trigger tend_sla_truncated after truncate on crm.%I
                        for each statement execute function tend.%I()', relation, noting);
    end loop;
end $$;

create function tend.sla_watch() returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select case when count(*) = 11
                then encode(sha256(convert_to(string_agg(t.oid || ' ' || t.xmin, ',' order by t.oid), 'UTF8')), 'hex') end
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'crm' and c.relname in ('ticket', 'ticket_event', 'customer')
      and t.tgname like 'tend\_sla\_%' and t.tgenabled in ('O', 'A')
$$;
comment on function tend.sla_watch() is 'Names the triggers that note changes of tickets, as tend.change_watch() does for the others; null when not every change is noted.';
