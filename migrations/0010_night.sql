-- What a night writes less (design section 7, "Facts").
-- A level that changes touches no index any more but that of its key, so that the row is changed in place; what was
-- looked up by level is read from the moves.
drop index tend.ladder_state_level;

alter table tend.change_reader add column needs text[] not null default '{}';
comment on column tend.change_reader.needs is 'Of a ladder: the windows whose kept facts it looks at. A window nobody needs is no longer kept.';
