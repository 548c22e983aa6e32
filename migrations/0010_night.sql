-- What a night writes less (design section 7, "Facts").
-- A level that changes touches no index any more but that of its key, so that the row is changed in place; what was
-- looked up by level is read from the moves.
drop index tend.ladder_state_level;

alter table tend.change_reader add column needs text[] not null default '{}';
comment on column tend.change_reader.needs is 'Of a ladder: the windows whose kept facts it looks at. A window nobody needs is no longer kept.';

create function tend.tidy_changes() returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    -- who reads changes holds this lock to the end: nothing is let go that a reader who is not yet seen has counted on
    if not pg_try_advisory_xact_lock(hashtextextended('tend:facts', 0)) then
        return;
    end if;
    delete from tend.change_reader r using tend.job j
    where r.reader = 'ladder ' || j.job and (j.removed_at is not null or j.kind <> 'retier');
    delete from tend.change_reader r
    where r.reader like 'facts %'
      and not exists (select from tend.change_reader l where substr(r.reader, 7) = any (l.needs));
    if exists (select from tend.fact_window w where not exists (select from tend.change_reader r where r.reader = 'facts ' || w.span)) then
        delete from tend.fact_window w where not exists (select from tend.change_reader r where r.reader = 'facts ' || w.span);
        delete from tend.fact f where not exists (select from tend.fact_window w where w.span = f.span);
    end if;
    -- few readers: one look-up each
    delete from tend.touched t using (
        with recursive known as (
            (select reader from tend.touched order by reader limit 1)
            union all
            select (select n.reader from tend.touched n where n.reader > known.reader order by n.reader limit 1)
            from known where known.reader is not null
        )
        select reader from known where reader is not null
    ) gone
    where t.reader = gone.reader and not exists (select from tend.change_reader r where r.reader = gone.reader);
    delete from tend.change c
    where not exists (select from tend.change_reader r where c.about = any (r.about));
end $$;
comment on function tend.tidy_changes() is 'Lets go of what nobody reads: readers whose job is gone, the facts of windows no ladder needs, and changes nobody wants to know of. Does nothing while a run reads changes.';
