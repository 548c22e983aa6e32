-- advance: claims the ladder for a run, unless it was already evaluated for a later instant; then no row comes back.
-- $1 the ladder, $2 as-of, $3 run, $4 spec. The row stays locked to the end of the step: one evaluation at a time.
insert into tend.ladder as l (ladder, as_of, run_id, spec_hash)
values ($1, $2, $3, $4)
on conflict (ladder) do update
set as_of = excluded.as_of, run_id = excluded.run_id, spec_hash = excluded.spec_hash
where l.as_of <= excluded.as_of
returning as_of
