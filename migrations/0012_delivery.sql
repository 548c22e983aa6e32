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

create table tend.inquiry (
    message_id bigint not null,
    attempt    smallint not null,
    channel    text not null,
    ask_at     timestamptz not null,
    asked      smallint not null default 0,
    said       text,
    ended_at   timestamptz,
    primary key (message_id, attempt)
);
comment on table tend.inquiry is 'Messages in doubt that the gateway is asked about: its receipt says whether it has them.';
comment on column tend.inquiry.message_id is 'Which message.';
comment on column tend.inquiry.attempt is 'Which attempt of it: tend.attempt.';
comment on column tend.inquiry.channel is 'Configured channel that is asked.';
comment on column tend.inquiry.ask_at is 'When it is asked next.';
comment on column tend.inquiry.asked is 'How often it was asked.';
comment on column tend.inquiry.said is 'What the gateway said last, addresses masked.';
comment on column tend.inquiry.ended_at is 'When the message was settled, or patience ended; null while it is asked.';
create index inquiry_due on tend.inquiry (channel, ask_at) where ended_at is null;
