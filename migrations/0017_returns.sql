-- What tend owns: what comes back about messages (src/outbox/returned), and limits that act on it (src/outbox/hold).
create table tend.receipt (
    receipt_id  bigint generated always as identity primary key,
    message_id  bigint not null,
    source      text not null check (source in ('receipt', 'dsn', 'arf', 'inquiry')),
    provider    text,
    said        text not null check (said in ('delivered', 'delayed', 'failed', 'refused', 'bounced', 'complained')),
    code        text not null default '',
    detail      text,
    address_key text,
    at          timestamptz not null,
    received_at timestamptz not null,
    applied_at  timestamptz,
    judged_at   timestamptz,
    unique (message_id, source, said, code)
);
comment on table tend.receipt is 'What came back about a message after it was handed over. The same word said again is not written again.';
comment on column tend.receipt.receipt_id is 'Order in which it came.';
comment on column tend.receipt.message_id is 'About which message.';
comment on column tend.receipt.source is 'receipt (posted by the provider), dsn (a returned mail), arf (a complaint report), inquiry (the provider was asked).';
comment on column tend.receipt.provider is 'Which configured channel posted it or was asked; null for mails that came back.';
comment on column tend.receipt.said is 'delivered; delayed: it is still being tried; failed: not delivered, the address may be good (mailbox full, telephone off); refused: not delivered because of what it is or who sends it; bounced: the address is bad; complained: the customer called it spam.';
comment on column tend.receipt.code is 'The status or error code; empty for none.';
comment on column tend.receipt.detail is 'The words, addresses masked.';
comment on column tend.receipt.address_key is 'SHA-256 of channel and address it went to, as far as known.';
comment on column tend.receipt.at is 'When it happened, as they say; never in the future.';
comment on column tend.receipt.received_at is 'When it came.';
comment on column tend.receipt.applied_at is 'When the message was made what it says, or found to be that or more already; null while the message is still under way.';
comment on column tend.receipt.judged_at is 'When the limits of its job were looked at because of it; null: not yet, or it is no bad news.';
create index receipt_pending on tend.receipt (receipt_id) where applied_at is null;
create index receipt_unjudged on tend.receipt (receipt_id)
    where judged_at is null and said in ('failed', 'refused', 'bounced', 'complained');
create index receipt_failed on tend.receipt (address_key, at) where said = 'failed';

-- receipts without an id of ours are found by the provider's
create index outbox_reference on tend.outbox (provider_ref, provider) where provider_ref is not null;

create table tend.reply (
    reply_id    bigint generated always as identity primary key,
    customer_id text,
    channel     text not null check (channel in ('sms')),
    provider    text not null,
    address_key text not null,
    kind        text not null check (kind in ('stop', 'start', 'other')),
    message_id  bigint,
    at          timestamptz not null,
    received_at timestamptz not null,
    reference   text,
    text        text check (text is null or kind = 'other' and customer_id is not null),
    confirmed   boolean not null default false
);
comment on table tend.reply is 'Text messages that customers sent back.';
comment on column tend.reply.reply_id is 'Order in which they came.';
comment on column tend.reply.customer_id is 'Who; null when nobody with that number had a message.';
comment on column tend.reply.channel is 'sms.';
comment on column tend.reply.provider is 'Which configured channel took it.';
comment on column tend.reply.address_key is 'SHA-256 of channel and number it came from.';
comment on column tend.reply.kind is 'stop, start, or other.';
comment on column tend.reply.message_id is 'The last message the customer had on the channel before, which it most likely answers.';
comment on column tend.reply.at is 'When it was written, as the provider says; never in the future.';
comment on column tend.reply.received_at is 'When it came.';
comment on column tend.reply.reference is 'What the provider calls it: the same one is not taken twice.';
comment on column tend.reply.text is 'What it says: only of kind other and of known customers.';
comment on column tend.reply.confirmed is 'Whether it was answered with a confirmation.';
create unique index reply_reference on tend.reply (provider, reference) where reference is not null;
create index reply_customer on tend.reply (customer_id, at) where customer_id is not null;
create index reply_address on tend.reply (address_key, received_at);

alter table tend.choice drop constraint choice_source_check;
alter table tend.choice add constraint choice_source_check check (source in ('one_click', 'page', 'preferences', 'staff', 'sms'));
comment on column tend.choice.source is 'one_click (the mail program''s button), page (unsubscribe page), preferences (preference page), staff (tend suppress), sms (a text message such as STOP).';

create table tend.safety_limit (
    job          text primary key,
    spec_hash    text not null,
    bounce       numeric check (bounce > 0 and bounce <= 1),
    complaint    numeric check (complaint > 0 and complaint <= 1),
    over_secs    bigint not null check (over_secs > 0),
    at_least     bigint not null check (at_least > 0),
    counted_from timestamptz,
    reached_at   timestamptz,
    note         text,
    check (num_nulls(bounce, complaint) < 2),
    check ((reached_at is null) = (note is null))
);
comment on table tend.safety_limit is 'Jobs whose file limits bounces and complaints: [safety] limit. Written by every run.';
comment on column tend.safety_limit.job is 'Which job.';
comment on column tend.safety_limit.spec_hash is 'The spec that says so.';
comment on column tend.safety_limit.bounce is 'Share of messages that came back at which its messages wait, 0 to 1; null: no limit.';
comment on column tend.safety_limit.complaint is 'Share of messages complained about at which its messages wait, 0 to 1; null: no limit.';
comment on column tend.safety_limit.over_secs is 'Counted over the messages of the runs of so many seconds.';
comment on column tend.safety_limit.at_least is 'Fewer messages than this say nothing.';
comment on column tend.safety_limit.counted_from is 'Messages handed over before this count no more: somebody let the job go on; null: all of them count.';
comment on column tend.safety_limit.reached_at is 'Since when its messages wait; null while they do not.';
comment on column tend.safety_limit.note is 'What was counted when the limit was reached.';

alter table tend.hold drop constraint hold_reason_check;
alter table tend.hold add constraint hold_reason_check check (reason in ('approval', 'canary', 'limit'));
comment on column tend.hold.reason is 'approval: another person must look first; canary: a share goes first; limit: too many of the job came back or were complained about.';
comment on column tend.hold.stop_if is 'What → the share of answers at which the rest is stopped: rejected, bounce, complaint.';
