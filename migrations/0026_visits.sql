-- Visits (design section 9, src/jobs/visits): whom a job looks after, how far it has planned, what its runs found. The visits
-- themselves are rows of tend.task.
create table tend.visit_plan (
    job        text primary key,
    as_of      timestamptz not null,
    run_id     bigint not null,
    first_day  date not null,
    told_until date not null,
    check (told_until >= first_day)
);
comment on table tend.visit_plan is 'How far each job of kind visits has planned.';
comment on column tend.visit_plan.job is 'Which job.';
comment on column tend.visit_plan.as_of is 'As of when it was planned last; it does not go back.';
comment on column tend.visit_plan.run_id is 'The run that did.';
comment on column tend.visit_plan.first_day is 'The day of its first run: nobody is owed a visit before.';
comment on column tend.visit_plan.told_until is 'The last day people know their visits of; new ones go behind it, where they can.';

create table tend.visit_customer (
    job         text not null,
    customer_id text not null,
    level       text not null,
    staff_id    text,
    last_on     date,
    short       smallint not null default 0 check (short >= 0),
    short_cycle text check (short_cycle <> ''),
    short_why   text check (short_why in ('full', 'gap', 'nobody')),
    primary key (job, customer_id),
    check ((short > 0) = (short_why is not null)),
    check ((short_why is null) = (short_cycle is null))
);
comment on table tend.visit_customer is 'Customers a job of kind visits looks after: its audience on the levels with a cadence, as of its last run.';
comment on column tend.visit_customer.job is 'Which job.';
comment on column tend.visit_customer.customer_id is 'Which customer.';
comment on column tend.visit_customer.level is 'The level on the job''s ladder.';
comment on column tend.visit_customer.staff_id is 'Who visits (crm.staff); null: nobody can.';
comment on column tend.visit_customer.last_on is 'The last day somebody was there, or was in touch in a way that counts; null: not as far as is known.';
comment on column tend.visit_customer.short is 'Visits that are owed in the cycles that are planned and have no day.';
comment on column tend.visit_customer.short_cycle is 'The first cycle in which one is; null: none is.';
comment on column tend.visit_customer.short_why is 'full (the days of whoever visits are), gap (every day that is left is too close to another visit), nobody (there is nobody to go); null: none is.';
create index visit_customer_staff on tend.visit_customer (job, staff_id);
create index visit_customer_short on tend.visit_customer (job, last_on) where short > 0;
create index visit_customer_customer on tend.visit_customer (customer_id);

create table tend.visit_run (
    run_id    bigint primary key,
    job       text not null,
    as_of     timestamptz not null,
    first_day date not null,
    until_day date not null,
    figures   jsonb not null check (jsonb_typeof(figures) = 'object')
);
comment on table tend.visit_run is 'What a run of kind visits found and did.';
comment on column tend.visit_run.run_id is 'The run (tend.job_run).';
comment on column tend.visit_run.job is 'Its job.';
comment on column tend.visit_run.as_of is 'Its as-of.';
comment on column tend.visit_run.first_day is 'The first day it could place visits on.';
comment on column tend.visit_run.until_day is 'The last day it made tasks for.';
comment on column tend.visit_run.figures is 'Per tier and cycle what is owed, made, placed and short; what was added, moved, taken back, missed.';
create index visit_run_job on tend.visit_run (job, as_of);

-- the visits of a day, or of days to come, person by person
create index task_visit on tend.task (job, on_day) where kind = 'visit';
