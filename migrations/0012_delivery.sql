-- Warming up.
create table tend.ramp (
    name      text primary key,
    began_at  timestamptz not null,
    day       date not null,
    stage     integer not null check (stage > 0),
    sent      bigint not null check (sent >= 0),
    allowance bigint,
    full_rate bigint
);
comment on table tend.ramp is 'Channels and recipient domains that are warming up: how much of the day''s allowance is used, over all replicas.';
comment on column tend.ramp.name is 'provider:CHANNEL, or domain:CHANNEL:DOMAIN.';
comment on column tend.ramp.began_at is 'When it first sent.';
comment on column tend.ramp.day is 'The day that is counted, UTC.';
comment on column tend.ramp.stage is 'Which day of sending it is; a day without a message does not count.';
comment on column tend.ramp.sent is 'Messages claimed on that day.';
comment on column tend.ramp.allowance is 'Messages that day allows; null: no limit any more.';
comment on column tend.ramp.full_rate is 'Messages a day from which on there is no limit, by the settings of whoever asked last.';
