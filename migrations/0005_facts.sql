-- What changed, and the facts that are kept of it (design sections 4 "Changes" and 7 "Facts").
create table tend.change (
    customer_id text not null,
    about       text not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
comment on table tend.change is 'Customers whose rows were inserted, changed or deleted, written in the same transaction by triggers. The reader deletes exactly the rows it has read, so a slow transaction that commits behind a fast one is not lost.';
comment on column tend.change.customer_id is 'Whose rows; empty: everybody''s (the table was emptied).';
comment on column tend.change.about is 'orders, customer, interaction, ticket, consent, or ladder:NAME for a level.';
alter table tend.change replica identity full; -- rows are appended and deleted, never looked up: no key

create table tend.change_reader (
    reader text primary key,
    about  text[] not null
);
comment on table tend.change_reader is 'Who wants to know of changes.';
comment on column tend.change_reader.reader is '"facts 365d": the kept facts of that window; "ladder value-tiers": that ladder.';
comment on column tend.change_reader.about is 'Of which: as tend.change.about, and facts:365d for customers whose kept facts changed.';

create table tend.touched (
    customer_id text not null,
    reader      text not null,
    primary key (reader, customer_id)
);
comment on table tend.touched is 'Customers a reader must look at again; deleted when it has.';
comment on column tend.touched.customer_id is 'Whom; empty: everybody.';
comment on column tend.touched.reader is 'As in tend.change_reader.';

create table tend.fact_window (
    span         text primary key,
    as_of        timestamptz not null,
    recounted_at timestamptz not null
);
comment on table tend.fact_window is 'The windows whose facts are kept.';
comment on column tend.fact_window.span is 'Length of the window, as a job file says it: 365d.';
comment on column tend.fact_window.as_of is 'The facts are those of this instant.';
comment on column tend.fact_window.recounted_at is 'As-of of the last count over all orders.';

create table tend.fact (
    customer_id    text not null,
    span           text not null,
    orders         bigint not null,
    spend          numeric not null,
    first_order_at timestamptz not null,
    last_order_at  timestamptz not null,
    primary key (customer_id, span)
) with (fillfactor = 90);
comment on table tend.fact is 'Kept facts about customers'' paid orders, always equal to a count over all orders. Who has never ordered has no row.';
comment on column tend.fact.customer_id is 'Whose.';
comment on column tend.fact.span is 'Of which window (tend.fact_window).';
comment on column tend.fact.orders is 'Paid orders in the window.';
comment on column tend.fact.spend is 'Sum of them.';
comment on column tend.fact.first_order_at is 'The first paid order ever.';
comment on column tend.fact.last_order_at is 'The last paid order before the as-of.';
create index fact_spend on tend.fact (span, spend) where orders > 0;
create index fact_last_order on tend.fact (span, last_order_at);

create table tend.fact_difference (
    customer_id text not null,
    span        text not null,
    run_id      bigint not null,
    as_of       timestamptz not null,
    kept        jsonb,
    counted     jsonb,
    primary key (customer_id, span, run_id)
);
comment on table tend.fact_difference is 'What a recount corrected. There should be none: each is an alarm.';
comment on column tend.fact_difference.customer_id is 'Whose facts were wrong.';
comment on column tend.fact_difference.span is 'Of which window.';
comment on column tend.fact_difference.run_id is 'Found by this run.';
comment on column tend.fact_difference.as_of is 'As-of of that recount.';
comment on column tend.fact_difference.kept is 'What was kept; null: nothing.';
comment on column tend.fact_difference.counted is 'What was counted, which stands now; null: the customer has no orders.';
create index fact_difference_as_of on tend.fact_difference (span, as_of);

comment on column tend.alarm.kind is 'run_overdue, run_failed, plan_ahead, message_late, message_unserved, dead_letter, lease_breached, replica_gone, facts_differ, folder_broken.';

alter table tend.ladder add column basis text, add column everybody_at timestamptz;
comment on column tend.ladder.basis is 'What its conditions meant at the last run: when it differs everybody is evaluated again. Null before the first.';
comment on column tend.ladder.everybody_at is 'As-of of the last evaluation of everybody.';
alter table tend.ladder_state add column missing integer[] not null default '{}';
comment on column tend.ladder_state.missing is 'Which comparisons of the ladder, counted from the top, lacked a value at the last evaluation.';
alter table tend.ladder_run add column evaluated bigint, add column everybody text;
comment on column tend.ladder_run.evaluated is 'Customers the conditions were evaluated for; the others could not have changed.';
comment on column tend.ladder_run.everybody is 'Why they were evaluated for everybody; null when only for those who could have changed.';

-- The triggers run as the owner of tend: whoever writes to crm needs no right in tend. They write nobody for whom
-- nothing changed.
create function tend.note_inserted() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into tend.change (customer_id, about) select distinct customer_id, tg_argv[0] from new_rows;
    return null;
end $$;
comment on function tend.note_inserted() is 'Notes whose rows were inserted.';

create function tend.note_deleted() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into tend.change (customer_id, about) select distinct customer_id, tg_argv[0] from old_rows;
    return null;
end $$;
comment on function tend.note_deleted() is 'Notes whose rows were deleted.';

create function tend.note_updated() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    -- rows before and after, joined by the key of the table; one that changed hands notes both customers
    execute format(
        'insert into tend.change (customer_id, about)
         select distinct side.customer_id, %L
         from old_rows o full join new_rows n on (%s) = (%s)
         cross join lateral (values (o.customer_id), (n.customer_id)) side (customer_id)
         where o is distinct from n and side.customer_id is not null',
        tg_argv[0], (select string_agg('o.' || key, ', ') from unnest(tg_argv[1]::text[]) key),
        (select string_agg('n.' || key, ', ') from unnest(tg_argv[1]::text[]) key));
    return null;
end $$;
comment on function tend.note_updated() is 'Notes whose rows are no longer what they were.';

create function tend.note_truncated() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into tend.change (customer_id, about) values ('', tg_argv[0]);
    return null;
end $$;
comment on function tend.note_truncated() is 'Notes that a table was emptied.';

create function tend.note_levels() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        insert into tend.change (customer_id, about)
        select n.customer_id, 'ladder:' || n.ladder
        from new_rows n left join old_rows o using (customer_id, ladder)
        where (n.level, n.since) is distinct from (o.level, o.since)
          and exists (select from tend.change_reader r where 'ladder:' || n.ladder = any (r.about));
    elsif tg_op = 'INSERT' then
        insert into tend.change (customer_id, about)
        select n.customer_id, 'ladder:' || n.ladder from new_rows n
        where exists (select from tend.change_reader r where 'ladder:' || n.ladder = any (r.about));
    else
        insert into tend.change (customer_id, about)
        select o.customer_id, 'ladder:' || o.ladder from old_rows o
        where exists (select from tend.change_reader r where 'ladder:' || o.ladder = any (r.about));
    end if;
    return null;
end $$;
comment on function tend.note_levels() is 'Notes whose level of a ladder changed, where another ladder asks for it. Readers register under the same lock that evaluations hold, so none is missed.';

create trigger tend_inserted after insert on tend.ladder_state referencing new table as new_rows
    for each statement execute function tend.note_levels();
create trigger tend_updated after update on tend.ladder_state referencing old table as old_rows new table as new_rows
    for each statement execute function tend.note_levels();
create trigger tend_deleted after delete on tend.ladder_state referencing old table as old_rows
    for each statement execute function tend.note_levels();

-- Only tables can tell of changes. Over views (or tables tend may not watch) everything is counted anew at every run.
do $$
declare relation text; key text;
begin
    for relation, key in
        values ('orders', '{customer_id, order_id}'), ('customer', '{customer_id}'), ('interaction', '{customer_id, interaction_id}'),
               ('ticket', '{ticket_id}'), ('consent', '{customer_id, channel, purpose, recorded_at}')
    loop
        continue when not exists (select from pg_class where oid = to_regclass('crm.' || relation) and relkind = 'r'
                                    and has_table_privilege(oid, 'trigger'));
        execute format('create trigger tend_inserted after insert on crm.%I referencing new table as new_rows
                        for each statement execute function tend.note_inserted(%L)', relation, relation);
        execute format('create trigger tend_deleted after delete on crm.%I referencing old table as old_rows
                        for each statement execute function tend.note_deleted(%L)', relation, relation);
        execute format('create trigger tend_updated after update on crm.%I referencing old table as old_rows new table as new_rows
                        for each statement execute function tend.note_updated(%L, %L)', relation, relation, key);
        execute format('create trigger tend_truncated after truncate on crm.%I
                        for each statement execute function tend.note_truncated(%L)', relation, relation);
    end loop;
end $$;

create function tend.captures_changes() returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
    select count(*) = 20
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'crm' and c.relname in ('orders', 'customer', 'interaction', 'ticket', 'consent')
      and t.tgname in ('tend_inserted', 'tend_updated', 'tend_deleted', 'tend_truncated') and t.tgenabled in ('O', 'A')
$$;
comment on function tend.captures_changes() is 'Whether every change in crm is noted: all five are tables and have their triggers.';
