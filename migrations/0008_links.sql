-- What tend owns, part eight: links in messages (src/outbox/link).
create table tend.link_secret (
    only_one boolean primary key default true check (only_one),
    secret   text not null
);
comment on table tend.link_secret is 'Signs the links of an installation whose settings name no secret (development, staging). One row.';
comment on column tend.link_secret.only_one is 'True.';
comment on column tend.link_secret.secret is 'Made by tend.';
