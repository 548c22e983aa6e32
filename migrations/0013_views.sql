-- Facts over views, and over times in which changes were not noted (design section 4, "Changes").
create function tend.change_watch() returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    -- a trigger that is switched off, on, dropped or made again is another version of its row
    select case when count(*) = 20
                then encode(sha256(convert_to(string_agg(t.oid || ' ' || t.xmin, ',' order by t.oid), 'UTF8')), 'hex') end
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'crm' and c.relname in ('orders', 'customer', 'interaction', 'ticket', 'consent')
      and t.tgname in ('tend_inserted', 'tend_updated', 'tend_deleted', 'tend_truncated') and t.tgenabled in ('O', 'A')
$$;
comment on function tend.change_watch() is 'Names the triggers that note changes in crm, as they are since they were last touched; null when not every change is noted. As long as the name is the same no change was missed.';

create or replace function tend.captures_changes() returns boolean language sql stable set search_path = pg_catalog, pg_temp as $$
    select tend.change_watch() is not null
$$;

alter table tend.change_reader add column watch text;
comment on column tend.change_reader.watch is 'tend.change_watch() when it was last told of changes. When it is another one by now changes were missed; null: it is told of none, since crm is views, or tables tend may not watch.';
update tend.change_reader set watch = 'before this was recorded';

comment on table tend.fact is 'Kept facts about customers'' paid orders: what a count over all orders gives. Over views what came late, or was changed or deleted long after it was placed, waits for the weekly count. Who has never ordered has no row.';
comment on table tend.fact_difference is 'What a recount corrected, where changes are noted. There should be none: each is an alarm.';
