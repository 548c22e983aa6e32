-- Business calendars (src/calendar/business): those in force with the job folder. The text is the truth; a run makes its
-- calendars of it (src/jobs/calendars.rs), so that every replica and every copy counts the same hours.
create table tend.calendar (
    name      text        not null primary key,
    body      text        not null,
    hash      text        not null,
    last_day  date,
    jobs      text[]      not null default '{}',
    stored_at timestamptz not null
);
comment on table tend.calendar is 'Business calendars in force: the files of the calendars folder, and those tend brings along that a job file names. Written when the job folder is put in force.';
comment on column tend.calendar.name is 'Its name: the stem of its file.';
comment on column tend.calendar.body is 'The file as it is (docs/calendars.md).';
comment on column tend.calendar.hash is 'SHA-256 of the body, hex.';
comment on column tend.calendar.last_day is 'The last day its dates are complete for; null when it names no single dates and so never ends. An alarm is raised three months before.';
comment on column tend.calendar.jobs is 'The jobs in force whose files name it.';
comment on column tend.calendar.stored_at is 'When this text was put in force.';
