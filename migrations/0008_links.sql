-- What tend owns, part eight: links in messages (src/outbox/link).
create table tend.link_secret (
    only_one boolean primary key default true check (only_one),
    secret   text not null
);
comment on table tend.link_secret is 'Signs the links of an installation whose settings name no secret (development, staging). One row.';
comment on column tend.link_secret.only_one is 'True.';
comment on column tend.link_secret.secret is 'Made by tend.';

create table tend.wording (
    version text primary key check (length(version) = 64),
    locale  text not null,
    body    text not null
);
comment on table tend.wording is 'What the public pages said, as evidence of what a customer chose between.';
comment on column tend.wording.version is 'SHA-256 of language and text, hex.';
comment on column tend.wording.locale is 'Language.';
comment on column tend.wording.body is 'The text as it was shown, without names of customers.';

create table tend.choice (
    choice_id   bigint generated always as identity primary key,
    customer_id text not null,
    channel     text not null check (channel in ('email', 'sms')),
    address_key text,
    purpose     text not null check (purpose in ('marketing', 'service')),
    topic       text not null default '',
    granted     boolean not null,
    at          timestamptz not null,
    source      text not null check (source in ('one_click', 'page', 'preferences', 'staff')),
    message     uuid,
    wording     text references tend.wording (version),
    recorded_by text,
    check ((source = 'staff') = (recorded_by is not null))
);
comment on table tend.choice is 'What customers said to tend about its messages; never changed, the newest word counts. crm.consent is the company''s and is not written.';
comment on column tend.choice.choice_id is 'Order in which it was said.';
comment on column tend.choice.customer_id is 'Who.';
comment on column tend.choice.channel is 'email or sms.';
comment on column tend.choice.address_key is 'SHA-256 of channel and address it was said about: it holds for every customer with that address. Null when none was known.';
comment on column tend.choice.purpose is 'marketing or service. What the customer started himself cannot be unsubscribed from.';
comment on column tend.choice.topic is 'Which topic; empty: every topic of the purpose.';
comment on column tend.choice.granted is 'False: no more of it; true: wants it (again).';
comment on column tend.choice.at is 'When.';
comment on column tend.choice.source is 'one_click (the mail program''s button), page (unsubscribe page), preferences (preference page), staff (tend suppress).';
comment on column tend.choice.message is 'tend.outbox.public_id of the message whose link was used; the message itself may be pruned.';
comment on column tend.choice.wording is 'What the page said; null for one_click and staff, which show none.';
comment on column tend.choice.recorded_by is 'Which member of staff.';
-- asked for every message that is planned and sent: the newest word of a customer, and of an address
create index choice_customer on tend.choice (customer_id, choice_id);
create index choice_address on tend.choice (address_key, choice_id) where address_key is not null;
