-- sla/begin: claims the job $1 for the as-of $2. Where the clocks rest on another basis than $3, or changes were missed, all open
-- tickets are to be computed anew, from the first; so they are once a day, by the clocks of the zone $4.
with
before as materialized (
    select j.as_of, j.basis, j.rebuilt_to, j.watch from tend.sla_job j where j.job = $1 for update
),
watch as materialized (
    select tend.sla_watch() as now
),
standing as materialized (
    select coalesce(b.as_of > $2, false) as later, b.as_of,
           case when b.basis is distinct from $3 or (b.as_of at time zone $4)::date <> ($2 at time zone $4)::date or (w.now is not null and b.watch is distinct from w.now) then '' else b.rebuilt_to end as rebuilt_to, w.now as watch
    from watch w
    left join before b on true
),
put as (
    insert into tend.sla_job (job, zone, basis, rebuilt_to, began_at, as_of, watch)
    select $1, $4, $3, s.rebuilt_to, $2, $2, s.watch from standing s where not s.later
    on conflict (job) do update
    set zone = excluded.zone, basis = excluded.basis, rebuilt_to = excluded.rebuilt_to, as_of = excluded.as_of, watch = excluded.watch
)
select s.later as "later!", s.as_of as "before?", s.rebuilt_to as "rebuilt_to?", s.watch is not null as "watched!" from standing s
