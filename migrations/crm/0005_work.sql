-- Who works with customers, when they are away, and what happened to tickets (design section 9).
alter table crm.staff add column locale text;
alter table crm.staff add column team text;
alter table crm.staff add column deputy_id text;
alter table crm.staff add column calendar text;
alter table crm.staff add column daily_visits smallint check (daily_visits >= 0);
comment on column crm.staff.locale is 'The language of mails to this person, a BCP 47 tag; null: the job''s.';
comment on column crm.staff.team is 'Whose work is shared: what nobody in particular has to do goes to whoever of a team has least.';
comment on column crm.staff.deputy_id is 'Who does this person''s work while the person is away.';
comment on column crm.staff.calendar is 'The working days and hours of this person, the name of a calendar; null: the job''s.';
comment on column crm.staff.daily_visits is 'Visits this person can make in a day; null: the job''s number.';

create table crm.absence (
    staff_id  text not null,
    from_day  date not null,
    until_day date not null,
    primary key (staff_id, from_day),
    check (until_day >= from_day)
);
comment on table crm.absence is 'When people of the staff are away: holidays, illness. Their work goes to their deputies.';
comment on column crm.absence.staff_id is 'Who.';
comment on column crm.absence.from_day is 'The first day away.';
comment on column crm.absence.until_day is 'The last day away, included.';

create table crm.ticket_event (
    ticket_id text not null,
    event_id  text not null check (event_id <> ''),
    at        timestamptz not null,
    kind      text not null check (kind in ('opened', 'state', 'customer_message', 'agent_message', 'assigned', 'urgency', 'channel',
                  'kind', 'due', 'acknowledged')),
    value     text,
    by_id     text,
    primary key (ticket_id, event_id)
);
comment on table crm.ticket_event is 'What happened to tickets, in the order of its instants. A ticket without events is read from its own columns.';
comment on column crm.ticket_event.ticket_id is 'The ticket.';
comment on column crm.ticket_event.event_id is 'Names the event within the ticket.';
comment on column crm.ticket_event.at is 'When it happened.';
comment on column crm.ticket_event.kind is 'opened, state, customer_message, agent_message, assigned, urgency, channel, kind, due (somebody set a deadline by hand) or acknowledged.';
comment on column crm.ticket_event.value is 'The new state, staff, urgency, channel or kind; of due: the clock and its instant, e.g. ''solution 2026-06-02T10:00:00+08:00'', or ''solution -'' to take it back.';
comment on column crm.ticket_event.by_id is 'Who of the staff did it; null: the customer, or a machine.';
create index ticket_event_at on crm.ticket_event (ticket_id, at);
