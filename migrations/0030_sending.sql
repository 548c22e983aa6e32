alter table tend.outbox add column attempts_before smallint not null default 0 check (attempts_before >= 0);
comment on column tend.outbox.attempts_before is 'Of attempts, those that no longer count for the waits between attempts and for the most there may be: made over an earlier channel, or before a person had the message sent again.';

alter table tend.hold add column decided_from text;
comment on column tend.hold.decided_from is 'ACCOUNT@MACHINE of the process that decided, as the operating system says it; decided_by is what the person said. Null for a canary, and before this column was there.';
