-- What comes back by the links of a message, and what people have to do about it (design sections 4, 8 and 9).
create table tend.answer (
    message_id  bigint primary key,
    job         text not null,
    customer_id text not null,
    occasion    text not null,
    step        text not null default '',
    survey      text not null check (survey in ('csat', 'nps', 'choice', 'invitation')),
    score       smallint,
    choice      text check (choice <> ''),
    comment     text check (comment <> ''),
    about       jsonb not null default '{}' check (jsonb_typeof(about) = 'object'),
    locale      text not null,
    answered_at timestamptz not null,
    changed_at  timestamptz,
    check (case survey
               when 'csat' then coalesce(score between 1 and 5, false)
               when 'nps' then coalesce(score between 0 and 10, false)
               when 'choice' then score is null and choice is not null
               else score is null and coalesce(choice in ('accepted', 'declined'), false)
           end),
    check (changed_at >= answered_at)
);
comment on table tend.answer is 'What customers answered by the links in their messages: one answer a message, which can be changed for a day.';
comment on column tend.answer.message_id is 'The message they were asked with (tend.outbox); it may be pruned before the answer is.';
comment on column tend.answer.job is 'The job that asked.';
comment on column tend.answer.customer_id is 'Who answered.';
comment on column tend.answer.occasion is 'What the message was for.';
comment on column tend.answer.step is 'Its step; empty for the only one.';
comment on column tend.answer.survey is 'csat (1 to 5), nps (0 to 10), choice (a reason) or invitation (accepted or declined).';
comment on column tend.answer.score is 'Of csat and nps.';
comment on column tend.answer.choice is 'The name of the reason that was given, as the job file says it; of an invitation: accepted or declined. Null: none given.';
comment on column tend.answer.comment is 'What the customer wrote; null: nothing. Never logged.';
comment on column tend.answer.about is 'What the question was about, as the occasion said: the ticket, the staff.';
comment on column tend.answer.locale is 'The language of the page.';
comment on column tend.answer.answered_at is 'The first time; it can be changed for a day from then.';
comment on column tend.answer.changed_at is 'The last change; null: never changed.';
create index answer_customer on tend.answer (customer_id, answered_at);
create index answer_job on tend.answer (job, answered_at);

create table tend.task (
    task_id     bigint generated always as identity primary key,
    kind        text not null check (kind in ('callback', 'visit', 'rescue')),
    origin      text not null check (origin <> ''),
    job         text not null,
    customer_id text not null,
    title       text not null check (title <> ''),
    assignee_id text,
    team        text check (team <> ''),
    opens_at    timestamptz not null,
    due_at      timestamptz not null,
    state       text not null default 'open' check (state in ('planned', 'open', 'done', 'missed', 'cancelled')),
    state_at    timestamptz not null,
    result      text check (result <> ''),
    note        text check (note <> ''),
    detail      jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
    created_at  timestamptz not null,
    unique (kind, origin),
    check (due_at >= opens_at),
    check (state_at >= created_at),
    check (state <> 'planned' or state_at <= opens_at),
    check (state <> 'missed' or state_at >= due_at),
    check (state = 'done' or result is null)
);
comment on table tend.task is 'What a person has to do about a customer. Unique by what it comes from, so that a second run, or a second answer, adds nothing.';
comment on column tend.task.task_id is 'Names the task.';
comment on column tend.task.kind is 'callback, visit or rescue.';
comment on column tend.task.origin is 'What it comes from, e.g. answer:123 (tend.answer of message 123).';
comment on column tend.task.job is 'The job whose file asks for it.';
comment on column tend.task.customer_id is 'About whom.';
comment on column tend.task.title is 'One line, as the job file words it.';
comment on column tend.task.assignee_id is 'Who has to do it (crm.staff); null: nobody is named yet, the team has it.';
comment on column tend.task.team is 'Whose it is, as the job file says: owner, supervisor, assignee, or a word of the company. Null: the person alone.';
comment on column tend.task.opens_at is 'From when it can be done.';
comment on column tend.task.due_at is 'By when it has to be done.';
comment on column tend.task.state is 'planned (not open yet), open, done, missed, or cancelled (no longer needed).';
comment on column tend.task.state_at is 'Since when; equal to created_at while nobody has touched it.';
comment on column tend.task.result is 'What came of it; only of one that is done.';
comment on column tend.task.note is 'What people, or tend, have to say about it.';
comment on column tend.task.detail is 'What it rests on: the score, the reason, the ticket.';
comment on column tend.task.created_at is 'When it was made.';
create index task_customer on tend.task (customer_id, created_at);
create index task_open on tend.task (assignee_id, due_at) where state in ('planned', 'open');
create index task_due on tend.task (due_at) where state in ('planned', 'open');

alter table tend.spec add column asks jsonb check (jsonb_typeof(asks) = 'object');
comment on column tend.spec.asks is 'What its messages ask, as the pages behind their links read it (src/outbox/survey.rs): kind, question, reasons, how long the link works, what follows. Null: nothing.';

alter table tend.occasion add column apart text not null default '';
comment on column tend.occasion.apart is 'The occasion once more where each is told though several are of one day (word about a ticket); empty: one message a day, address and step.';
drop index tend.occasion_address;
create unique index occasion_address on tend.occasion (address_key, occurs_on, job, step, apart);
