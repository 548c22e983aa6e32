-- What people have to do, in full (design section 9): rounds, planned tasks, who did what and when, and who does it instead of
-- somebody who is away.
alter table tend.task drop constraint task_kind_check;
alter table tend.task
    add constraint task_kind_check check (kind in ('callback', 'visit', 'rescue', 'complaint')),
    add column ticket_id text check (ticket_id <> ''),
    add column round smallint not null default 1 check (round >= 1),
    add column on_day date,
    add column starts time,
    add column zone text not null default 'UTC',
    add column run_id bigint,
    add column backup text check (backup <> ''),
    add column guarded boolean not null default false,
    add column escalated_at timestamptz,
    add constraint task_starts_check check (starts is null or on_day is not null),
    add constraint task_escalated_check check (escalated_at >= created_at);
comment on column tend.task.kind is 'callback (phone somebody whose request is solved, or who said something), visit, rescue (phone somebody who may leave) or complaint (deal with one).';
comment on column tend.task.origin is 'What it comes from: answer:123 (tend.answer of message 123), ticket:T1:20260601T080000.000000:2 (second round after that solving of ticket T1), level:churn-risk:17:C1 (the move of customer C1 in run 17).';
comment on column tend.task.assignee_id is 'Who has to do it (crm.staff); null: nobody could be found, which the runs of its job try again.';
comment on column tend.task.team is 'Whose it is, as the job file says: assignee (who had the ticket), owner, supervisor, or a team of the company; tend.task.assignee_id is worked out from it. supervisor too once it was escalated. Null: the person alone.';
comment on column tend.task.state is 'planned (opens later), open, done, missed (its time is over and it was not done), or cancelled (no longer needed).';
comment on column tend.task.ticket_id is 'The ticket it is about (crm.ticket); null: none.';
comment on column tend.task.round is 'Which time this is done about the same thing: a callback after which the customer is not satisfied is followed by the next round.';
comment on column tend.task.on_day is 'The day it is planned for, in its zone; null: any time until it is due.';
comment on column tend.task.starts is 'The time of that day; null: any.';
comment on column tend.task.zone is 'Zone in which its day and its times are meant and shown: that of the job, or of the message whose answer it follows.';
comment on column tend.task.run_id is 'The run that made it; null: something else did.';
comment on column tend.task.backup is 'Team that has it when none of those named by team can; null: the team of the owner, or of who had the ticket.';
comment on column tend.task.guarded is 'Only a supervisor may cancel it, with a reason: the customer is not to be forgotten.';
comment on column tend.task.escalated_at is 'When it was found overdue and given to the supervisor; null: not, or its time was moved since.';
create index task_ticket on tend.task (ticket_id) where ticket_id is not null;
create index task_run on tend.task (run_id) where run_id is not null;
create index task_work on tend.task (job, due_at) where state in ('planned', 'open');

create table tend.task_event (
    event_id   bigint generated always as identity primary key,
    task_id    bigint not null references tend.task on delete cascade,
    at         timestamptz not null,
    what       text not null check (what in ('created', 'opened', 'assigned', 'moved', 'not_reached', 'done', 'missed',
                                             'cancelled', 'escalated', 'reopened')),
    from_state text check (from_state in ('planned', 'open', 'done', 'missed', 'cancelled')),
    by         text check (by <> ''),
    staff_id   text,
    due_at     timestamptz,
    note       text check (note <> '')
);
comment on table tend.task_event is 'What happened to a task: one row for each change, in the transaction that made it.';
comment on column tend.task_event.event_id is 'The order in which they happened.';
comment on column tend.task_event.task_id is 'Which task.';
comment on column tend.task_event.at is 'When.';
comment on column tend.task_event.what is 'created, opened (it was planned before), assigned (found by tend), moved (to another time or person by somebody), not_reached (tried in vain), done, missed, cancelled, escalated (overdue, given to the supervisor) or reopened.';
comment on column tend.task_event.from_state is 'Its state before; null: it was not there.';
comment on column tend.task_event.by is 'Who did it (crm.staff); null: tend, or the command line without a name.';
comment on column tend.task_event.staff_id is 'Who has the task from then on; null: nobody.';
comment on column tend.task_event.due_at is 'By when it has to be done from then on; null: as before.';
comment on column tend.task_event.note is 'What was said about it. Never logged.';
create index task_event_task on tend.task_event (task_id, event_id);

-- plpgsql, because crm may be views that come later
create function tend.stand_in(person text, day date) returns text language plpgsql stable as $$
declare
    who text := person;
    walked text[] := '{}';
    one record;
begin
    for hop in 0..5 loop
        exit when who is null or who = any (walked);
        select s.active, s.deputy_id,
               exists (select from crm.absence a where a.staff_id = s.staff_id and day between a.from_day and a.until_day) as away
          into one
          from crm.staff s where s.staff_id = who;
        exit when not found;
        if one.active and not one.away then
            return who;
        end if;
        walked := walked || who;
        who := one.deputy_id;
    end loop;
    return null;
end
$$;
comment on function tend.stand_in(text, date) is 'Who does a person''s work on a day: the person, or, when away or gone, the deputy, or the deputy''s (at most five hops, no circles). Null: nobody.';

create function tend.supervisor_of(person text, day date) returns text language plpgsql stable as $$
declare
    who text := person;
    boss text;
    walked text[] := '{}';
    there text;
begin
    for hop in 0..5 loop
        walked := walked || who;
        select s.manager_id into boss from crm.staff s where s.staff_id = who;
        exit when boss is null or boss = any (walked);
        there := tend.stand_in(boss, day);
        if there is not null and there <> person then
            return there;
        end if;
        who := boss;
    end loop;
    return null;
end
$$;
comment on function tend.supervisor_of(text, date) is 'Whom a person reports to on a day: the manager or who stands in, else the manager''s manager (at most six up, no circles), never the person. Null: nobody.';

create index task_unhappy on tend.task (job, state_at) where state = 'done' and result = 'not_satisfied';

create function tend.solving(ticket text, solved_at timestamptz) returns text language sql immutable as $$
    select 'ticket:' || ticket || ':' || to_char(solved_at at time zone 'UTC', 'YYYYMMDD"T"HH24MISS.US')
$$;
comment on function tend.solving(text, timestamptz) is 'Names one solving of a ticket: what a callback about it comes from, before the number of its round.';

create function tend.reopened(ticket text, solved_at timestamptz, as_of timestamptz) returns boolean language plpgsql stable as $$
begin
    return coalesce((select e.value not in ('solved', 'closed')
                     from crm.ticket_event e
                     where e.ticket_id = ticket and e.kind = 'state' and e.at > solved_at and e.at <= as_of
                     order by e.at desc, e.event_id collate "C" desc
                     limit 1), false);
end
$$;
comment on function tend.reopened(text, timestamptz, timestamptz) is 'Whether a ticket solved then was opened again by the as-of, by its log (crm.ticket_event): its last state since is neither solved nor closed.';
