-- What tend owns: which database sends (src/outbox/home).
create table tend.home (
    only_one     boolean primary key default true check (only_one),
    system       bigint not null,
    database     bigint not null,
    timeline     text not null,
    since        timestamptz not null,
    confirmed_by text not null
);
comment on table tend.home is 'The database that sends: a copy of it finds itself somewhere else and holds what was planned. One row.';
comment on column tend.home.only_one is 'True.';
comment on column tend.home.system is 'System identifier of the Postgres cluster.';
comment on column tend.home.database is 'Oid of the database.';
comment on column tend.home.timeline is 'Timeline of its WAL, eight hexadecimal digits.';
comment on column tend.home.since is 'Since when.';
comment on column tend.home.confirmed_by is 'The dispatcher that found it so first, or the person who confirmed it.';
