-- Messages of several steps: what an occasion was is kept with the first message, and those that are due for the next are
-- found by when they had it. Days that stand among the customers' attributes.
alter table tend.occasion add column detail jsonb;
comment on column tend.occasion.detail is 'What the occasion was, for the messages of later steps; null when the job has none.';
-- the instant first: see occasion_address
create index occasion_claimed on tend.occasion (claimed_at, job) where step = '';

create function tend.day(written text) returns date
    language sql immutable strict parallel safe
    return case when written ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([T ].*)?$' and left(written, 4) > '0000'
                     and substr(written, 9, 2)::integer <= extract(day from
                         make_date(left(written, 4)::integer, substr(written, 6, 2)::integer, 1) + interval '1 month' - interval '1 day')
                then make_date(left(written, 4)::integer, substr(written, 6, 2)::integer, substr(written, 9, 2)::integer) end;
comment on function tend.day is 'The day a text begins with (2024-02-29, 2024-02-29T10:00:00Z); null when it is none, or no day there ever was.';
