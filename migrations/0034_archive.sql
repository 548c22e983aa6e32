-- What was sent, kept as it was sent (design section 10; src/outbox/letter/archive.rs, src/jobs/report/archive.rs).
alter table tend.letter add column archived boolean not null default false;
comment on column tend.letter.archived is 'Whether it is kept for good, with what was built of it for each attempt (tend.archive): reviews are.';
alter table tend.letter add column again_of bigint;
comment on column tend.letter.again_of is 'The message that a person has it sent again of (tend.outbox); null: it is the first.';
comment on column tend.letter.keep_until is 'From then on the next letter sweeps it away; infinity: it is archived.';

create table tend.archive (
    message_id bigint not null references tend.letter (message_id) on delete cascade,
    attempt    smallint not null check (attempt >= 1),
    built_at   timestamptz not null,
    body       bytea not null,
    primary key (message_id, attempt)
);
comment on table tend.archive is 'Letters as they were built to cross the network, byte for byte. Goes with its letter when a customer it speaks of is forgotten.';
comment on column tend.archive.message_id is 'The letter.';
comment on column tend.archive.attempt is 'For which attempt (tend.attempt); that there is one says that it was handed off.';
comment on column tend.archive.built_at is 'When it was built.';
comment on column tend.archive.body is 'The mail (RFC 5322), signature included; of a channel that carries no mails, what it was told in the form of one.';
create index letter_again on tend.letter (again_of) where again_of is not null;
