-- What the engine needs to tell a run, a plan or a message that nobody can see to from one that only waits.
alter table tend.job_run add column unreadable_since timestamptz;
comment on column tend.job_run.unreadable_since is 'Since when it waits for a replica that can read its spec; null when none has found it unreadable. It fails when none comes.';

alter table tend.replica add column unreadable text[] not null default '{}';
comment on column tend.replica.unreadable is 'Hashes of the specs it has found that it cannot read: an older version beside a newer one.';

alter table tend.dispatcher add column lanes text[];
comment on column tend.dispatcher.lanes is 'What it pays, as outbox_owed has it: names of providers, and *email or *sms for messages that name none; null: an older version that does not say.';

comment on column tend.alarm.kind is 'run_overdue, run_failed, plan_ahead, message_late, message_unserved, dead_letter, lease_breached, replica_gone, folder_broken.';
