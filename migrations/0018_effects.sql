-- What came of messages (src/jobs/effects). Where the clock of a comparison starts: not_before moves when a message is
-- tried again or goes by another channel, and who is held out has no message at all.
alter table tend.outbox add column due_at timestamptz;
comment on column tend.outbox.due_at is 'When it was to go, as it was planned; null for messages planned before this was recorded. Never moves, unlike not_before.';
alter table tend.holdout add column due_at timestamptz;
comment on column tend.holdout.due_at is 'When the message would have gone; null for those held out before this was recorded.';

create function tend.reached_at(message bigint, state text, state_at timestamptz) returns timestamptz
    language sql stable parallel safe
    return case when state in ('accepted', 'delivered', 'complained')
                then coalesce((select a.handed_off_at from tend.attempt a where a.message_id = message order by a.attempt desc limit 1),
                              state_at) end;
comment on function tend.reached_at is 'The moment of contact: when a message that arrived, as far as anybody knows, was handed over for the last time. Null when it did not arrive, or not yet, or nobody knows.';
