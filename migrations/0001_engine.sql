-- What tend owns, part one: specs, jobs, runs and leases (design section 5).
create schema if not exists tend;
comment on schema tend is 'What tend owns: specs, runs, ladders, occasions, the outbox.';

create table tend.driven_clock (
    only_row boolean primary key default true check (only_row),
    instant  timestamptz not null
);
comment on table tend.driven_clock is 'The time when `time.source = "driven"` (tests and simulations; production refuses it).';
comment on column tend.driven_clock.only_row is 'There is at most one row.';
comment on column tend.driven_clock.instant is 'What "now" is.';

create table tend.template (
    hash text primary key check (length(hash) = 64),
    body text not null,
    stored_at timestamptz not null default now()
);
comment on table tend.template is 'Template files by the SHA-256 of their text.';
comment on column tend.template.hash is 'SHA-256 of the body, hex.';
comment on column tend.template.body is 'The file as it was.';
comment on column tend.template.stored_at is 'When it was first seen.';

create table tend.spec (
    hash      text primary key check (length(hash) = 64),
    job       text not null,
    kind      text not null,
    body      text not null,
    templates jsonb not null default '{}',
    ladders   jsonb not null default '{}',
    stored_at timestamptz not null default now()
);
comment on table tend.spec is 'Every version of every job file that was applied or run.';
comment on column tend.spec.hash is 'SHA-256 over the job''s name, the text, the hashes of its templates and the levels of the ladders it names, hex.';
comment on column tend.spec.job is 'The file''s stem.';
comment on column tend.spec.kind is 'The code behind it.';
comment on column tend.spec.body is 'The job file as it was.';
comment on column tend.spec.templates is 'Path below templates/ → hash in tend.template.';
comment on column tend.spec.ladders is 'Ladder that its conditions name → levels from the top, as they were.';
comment on column tend.spec.stored_at is 'When it was first seen.';

create table tend.folder_revision (
    revision    bigint generated always as identity primary key,
    folder_hash text not null,
    specs       jsonb not null,
    applied_at  timestamptz not null,
    applied_by  text not null,
    forced      boolean not null default false
);
comment on table tend.folder_revision is 'What the job folder was, version after version; the highest revision is in force.';
comment on column tend.folder_revision.revision is 'Only goes forward.';
comment on column tend.folder_revision.folder_hash is 'SHA-256 over the specs.';
comment on column tend.folder_revision.specs is 'Job → spec hash.';
comment on column tend.folder_revision.applied_at is 'When.';
comment on column tend.folder_revision.applied_by is 'Which process or person: instance, host, user.';
comment on column tend.folder_revision.forced is 'True when somebody put a superseded folder back with --force.';

create table tend.folder_problem (
    only_row   boolean primary key default true check (only_row),
    found_at   timestamptz not null,
    instance   uuid not null,
    report     text not null
);
comment on table tend.folder_problem is 'The errors of the job folder while it is broken; empty when all is well.';
comment on column tend.folder_problem.only_row is 'There is at most one row.';
comment on column tend.folder_problem.found_at is 'When the broken folder was first seen.';
comment on column tend.folder_problem.instance is 'Which replica saw it.';
comment on column tend.folder_problem.report is 'The errors as `tend check` prints them.';

create table tend.job (
    job         text primary key,
    kind        text not null,
    spec_hash   text not null references tend.spec (hash),
    revision    bigint not null,
    enabled     boolean not null,
    known_since timestamptz not null,
    planned_to  timestamptz not null,
    schedule_hash text not null,
    paused_at   timestamptz,
    paused_by   text,
    pause_note  text,
    removed_at  timestamptz
);
comment on table tend.job is 'The jobs in force: which spec, and up to when their slots are planned.';
comment on column tend.job.job is 'The file''s stem.';
comment on column tend.job.kind is 'The code behind it.';
comment on column tend.job.spec_hash is 'The spec in force.';
comment on column tend.job.revision is 'Revision of the folder that put it in force.';
comment on column tend.job.enabled is 'enabled = false in the file, or the file is gone: no slots are planned.';
comment on column tend.job.known_since is 'When the job was first applied; nothing earlier is ever planned.';
comment on column tend.job.planned_to is 'Every slot up to here has its row.';
comment on column tend.job.schedule_hash is 'SHA-256 of the [schedule] that planned_to belongs to; a changed one never replays the past.';
comment on column tend.job.paused_at is 'Since when it is paused; null when it is not.';
comment on column tend.job.paused_by is 'Who paused it.';
comment on column tend.job.pause_note is 'Why.';
comment on column tend.job.removed_at is 'When the file was found gone.';

create table tend.sending_pause (
    only_row  boolean primary key default true check (only_row),
    paused_at timestamptz not null,
    paused_by text not null,
    note      text not null default ''
);
comment on table tend.sending_pause is 'A row here stops all sending at once (`tend pause --all`).';
comment on column tend.sending_pause.only_row is 'There is at most one row.';
comment on column tend.sending_pause.paused_at is 'Since when.';
comment on column tend.sending_pause.paused_by is 'Who.';
comment on column tend.sending_pause.note is 'Why.';

create table tend.job_run (
    run_id           bigint generated always as identity primary key,
    job              text not null,
    trigger          text not null check (trigger in ('schedule', 'catchup', 'manual', 'backfill', 'preview')),
    slot             timestamptz not null,
    business_date    date not null,
    business_key     text not null,
    request_id       text not null default '',
    state            text not null default 'due' check (state in ('due', 'running', 'succeeded', 'failed', 'skipped', 'cancelled')),
    reason           text,
    note             text,
    run_after        timestamptz not null,
    start_deadline   timestamptz,
    attempt          integer not null default 0 check (attempt >= 0),
    rescues          integer not null default 0 check (rescues >= 0),
    token            bigint not null default 0,
    steps            integer not null default 0,
    cancel_requested boolean not null default false,
    spec_hash        text not null references tend.spec (hash),
    cursor           jsonb,
    progress         jsonb,
    created_at       timestamptz not null,
    started_at       timestamptz,
    finished_at      timestamptz,
    error            text,
    check ((state in ('succeeded', 'failed', 'skipped', 'cancelled')) = (finished_at is not null)),
    check (state <> 'skipped' or reason is not null),
    check (state <> 'failed' or error is not null)
);
comment on table tend.job_run is 'Every due slot is a row: done, failed, or skipped with the reason. Manual runs and backfills have rows of their own.';
comment on column tend.job_run.run_id is 'Names the run.';
comment on column tend.job_run.job is 'Which job.';
comment on column tend.job_run.trigger is 'schedule, catchup (planned late), manual, backfill; preview rows are always rolled back.';
comment on column tend.job_run.slot is 'The instant the job was due: the as-of of the run.';
comment on column tend.job_run.business_date is 'The local day of the slot in the job''s zone.';
comment on column tend.job_run.business_key is 'Local label that may occur once: the day for daily or coarser jobs, else the local time with its offset.';
comment on column tend.job_run.request_id is 'Tells manual runs and backfills of the same slot apart; empty for planned slots.';
comment on column tend.job_run.state is 'due (also between attempts), running, succeeded, failed, skipped, cancelled.';
comment on column tend.job_run.reason is 'Why it was skipped or cancelled.';
comment on column tend.job_run.note is 'Remarks: ran late because …, waited for …';
comment on column tend.job_run.run_after is 'Not before this instant: the slot plus jitter, or the backoff of a retry.';
comment on column tend.job_run.start_deadline is 'Skipped as too late when not started by then.';
comment on column tend.job_run.attempt is 'How often it was started, hand-backs not counted.';
comment on column tend.job_run.rescues is 'How often it was taken from a dead owner; three end it.';
comment on column tend.job_run.token is 'Fencing token: grows with every claim and takeover.';
comment on column tend.job_run.steps is 'Committed steps; tells after a broken connection whether a commit went through.';
comment on column tend.job_run.cancel_requested is 'Set by `tend cancel`; read by the heartbeat.';
comment on column tend.job_run.spec_hash is 'The spec it runs with.';
comment on column tend.job_run.cursor is 'Where the next step goes on.';
comment on column tend.job_run.progress is 'What was done so far, counts by name.';
comment on column tend.job_run.created_at is 'When the row was planned.';
comment on column tend.job_run.started_at is 'First start.';
comment on column tend.job_run.finished_at is 'End, for the final states.';
comment on column tend.job_run.error is 'Last error, with its causes.';
create unique index job_run_slot on tend.job_run (job, slot) where trigger in ('schedule', 'catchup');
create unique index job_run_business_key on tend.job_run (job, business_key) where trigger in ('schedule', 'catchup');
create unique index job_run_request on tend.job_run (job, trigger, slot, request_id) where trigger in ('manual', 'backfill');
create unique index job_run_one_running on tend.job_run (job) where state = 'running';
create index job_run_open on tend.job_run (run_after) where state = 'due';
create index job_run_by_day on tend.job_run (job, business_date);

create table tend.lease (
    run_id        bigint primary key references tend.job_run (run_id) on delete cascade,
    token         bigint not null,
    owner         uuid not null,
    host          text not null,
    until         timestamptz not null,
    heartbeat_at  timestamptz not null,
    backend_pid   integer,
    backend_start timestamptz
);
comment on table tend.lease is 'Who executes a running run, and until when that counts. Database clock, on purpose: clocks of replicas differ.';
comment on column tend.lease.run_id is 'The run.';
comment on column tend.lease.token is 'Fencing token of this claim.';
comment on column tend.lease.owner is 'UUID of the process start.';
comment on column tend.lease.host is 'Label only: host and process id.';
comment on column tend.lease.until is 'After this any replica may take over.';
comment on column tend.lease.heartbeat_at is 'Last sign of life.';
comment on column tend.lease.backend_pid is 'Postgres backend of the step at work; terminated before a takeover.';
comment on column tend.lease.backend_start is 'Start of that backend, so that a reused pid is left alone.';

create table tend.replica (
    instance     uuid primary key,
    host         text not null,
    version      text not null,
    started_at   timestamptz not null,
    seen_at      timestamptz not null,
    revision     bigint
);
comment on table tend.replica is 'The running daemons, for status and the watchdog. Database clock.';
comment on column tend.replica.instance is 'UUID of the process start.';
comment on column tend.replica.host is 'Host and process id.';
comment on column tend.replica.version is 'Version of the binary.';
comment on column tend.replica.started_at is 'Start of the process.';
comment on column tend.replica.seen_at is 'Last sign of life.';
comment on column tend.replica.revision is 'Folder revision it works with.';

create table tend.alarm (
    alarm_id   bigint generated always as identity primary key,
    key        text not null,
    kind       text not null,
    subject    text not null,
    message    text not null,
    raised_at  timestamptz not null,
    cleared_at timestamptz
);
comment on table tend.alarm is 'What the watchdog found: what should have happened by now and did not.';
comment on column tend.alarm.alarm_id is 'Names the alarm.';
comment on column tend.alarm.key is 'kind and subject; at most one open alarm per key.';
comment on column tend.alarm.kind is 'run_overdue, run_failed, message_late, dead_letter, lease_breached, replica_gone, folder_broken.';
comment on column tend.alarm.subject is 'What it is about: a job, a run, a channel.';
comment on column tend.alarm.message is 'A sentence for a person.';
comment on column tend.alarm.raised_at is 'When it was first seen.';
comment on column tend.alarm.cleared_at is 'When it was found to be well again.';
create unique index alarm_open on tend.alarm (key) where cleared_at is null;
