-- A second answer looks its task up by what it comes from: found by that alone, and not by its kind first.
alter table tend.task drop constraint task_kind_origin_key;
alter table tend.task add constraint task_origin unique (origin, kind);

-- Mails and robot messages to people of the house: agendas, alerts, reviews. They are owed, claimed, sent and kept account of
-- like all others, but belong to no customer.
alter table tend.outbox add column recipient text check (recipient <> '');
comment on column tend.outbox.recipient is 'Whom of the house it is for: staff:ID (crm.staff), address (that of tend.letter), robot:CHANNEL. Null: for the customer. Else customer_id is empty, and what it says stands in tend.letter.';
alter table tend.outbox add check (recipient is null or customer_id = '');

create table tend.letter (
    message_id bigint primary key,
    address    text check (address <> ''),
    data       jsonb not null check (jsonb_typeof(data) = 'object'),
    customers  text[] not null default '{}',
    keep_until timestamptz not null
);
comment on table tend.letter is 'What messages to people of the house say, until some time after they went out. Names of customers stand here and not in tend.outbox.';
comment on column tend.letter.message_id is 'The message (tend.outbox).';
comment on column tend.letter.address is 'Where it goes, of those that name no staff: the owner of a job, readers of a review. Null: the address of the staff.';
comment on column tend.letter.data is 'What the template gets as occasion. An object {"$link": …} becomes a signed address when the message is sent.';
comment on column tend.letter.customers is 'The customers it speaks of: forgetting one of them deletes it.';
comment on column tend.letter.keep_until is 'From then on the next letter of the same job sweeps it away.';
create index letter_customers on tend.letter using gin (customers);
create index letter_over on tend.letter (keep_until);

create table tend.letter_part (
    message_id bigint not null references tend.letter (message_id) on delete cascade,
    name       text not null check (name <> ''),
    media_type text not null check (media_type <> ''),
    content_id text check (content_id <> ''),
    body       bytea not null,
    optional   boolean not null,
    primary key (message_id, name)
);
comment on table tend.letter_part is 'What is attached to letters.';
comment on column tend.letter_part.message_id is 'The letter.';
comment on column tend.letter_part.name is 'Its file name.';
comment on column tend.letter_part.media_type is 'Its type, e.g. text/calendar; charset=utf-8; method=PUBLISH.';
comment on column tend.letter_part.content_id is 'What the HTML calls it, as cid:NAME; null: it is a file to open.';
comment on column tend.letter_part.body is 'The bytes.';
comment on column tend.letter_part.optional is 'Whether the letter may go by a channel that cannot carry files, without it.';

alter table tend.spec add column owner text check (owner <> '');
comment on column tend.spec.owner is 'Mail address of whom to ask, as the file says it; null: it says none.';
