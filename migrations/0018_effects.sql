-- What came of messages (src/jobs/effects). Where the clock of a comparison starts: not_before moves when a message is
-- tried again or goes by another channel, and who is held out has no message at all.
alter table tend.outbox add column due_at timestamptz;
comment on column tend.outbox.due_at is 'When it was to go, as it was planned; null for messages planned before this was recorded. Never moves, unlike not_before.';
alter table tend.holdout add column due_at timestamptz;
comment on column tend.holdout.due_at is 'When the message would have gone; null for those held out before this was recorded.';
