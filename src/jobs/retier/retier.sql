-- retier: puts every customer on the first level of the ladder whose conditions hold and writes what changed.
-- $1 as-of, $2 the ladder, $3 run, $4 names of the levels from the top, $5 the comparisons of its conditions in words;
-- where only those are looked at who could have changed: $6 customers by level and $7 missing values as they were before.
-- Counted anew: reads the orders once into a hash aggregate; sorts one row a customer for each rank asked for.
with /*{facts}*/
verdict as (
    -- for every customer: the level due, whether each comparison held (null: a value was missing), and the figures
    select c.customer_id, /*{level}*/ 'normal' as to_level, /*{evidence}*/ null::boolean[] as held
    from /*{looked_at}*/
    /*{joins}*/
), judged as materialized (
    -- beside the level so far; a level the ladder no longer has counts as none; customer_id is null when it is gone
    select s.customer_id as known_id, s.level as from_level, s.missing as was_missing,
           array_positions(v.held, null) as missing, v.*
    from verdict v
    full join (
        select customer_id, case when level = any($4::text[]) then level end as level, missing
        from /*{known}*/
        where ladder = $2::text
    ) s on s.customer_id = v.customer_id
), tally as (
    -- few rows: ways × outcomes of the comparisons
    select from_level, to_level, held, count(*) as customers
    from judged
    group by from_level, to_level, held
), flow as (
    select t.from_level, t.to_level, sum(t.customers)::bigint as customers,
           array_position($4::text[], t.from_level) - array_position($4::text[], t.to_level) as up
    from (
        select from_level, to_level, customers from tally
        union all
        -- who was not looked at stayed
        select level, level, b.customers::bigint - coalesce((select sum(t.customers) from tally t where t.from_level = level), 0)
        from jsonb_each_text($6::jsonb) b (level, customers)
    ) t
    group by t.from_level, t.to_level
    having sum(t.customers) > 0
), change as (
    select customer_id, from_level, to_level,
           array_position($4::text[], from_level) - array_position($4::text[], to_level) as up,
           jsonb_build_object('facts', /*{figures}*/ null::jsonb, 'held', to_jsonb(held)) as reason, missing
    from judged
    where customer_id is not null and from_level is distinct from to_level
), stated as (
    insert into tend.ladder_state as s (customer_id, ladder, level, since, run_id, reason, missing)
    select customer_id, $2, to_level, $1, $3::bigint, reason, missing
    from change
    on conflict (customer_id, ladder) do update
    set level = excluded.level, since = excluded.since, run_id = excluded.run_id, reason = excluded.reason,
        missing = excluded.missing
    where s.level is distinct from excluded.level
), moved as (
    -- a first level is an assignment, not a move
    insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason)
    select customer_id, $2, $3, $1, from_level, to_level, case when up > 0 then 'rose' else 'fell' end, reason
    from change
    where from_level is not null
), lacking as (
    -- who stayed, but lacks other values than before
    update tend.ladder_state s
    set missing = j.missing
    from judged j
    where j.from_level = j.to_level and j.missing <> j.was_missing and s.ladder = $2 and s.customer_id = j.customer_id
), forgotten as (
    delete from tend.ladder_state s
    using judged g
    where g.customer_id is null and s.ladder = $2 and s.customer_id = g.known_id
), recorded as (
    insert into tend.ladder_run (run_id, ladder, as_of, cuts, distribution, moves, missing)
    select $3, $2, $1,
           -- `having` makes it one row also where no rank is asked for
           (select /*{cuts}*/ '{}'::jsonb from judged where customer_id is not null having true),
           (select coalesce(jsonb_object_agg(level, customers), '{}')
            from (select level, coalesce(sum(flow.customers), 0) as customers
                  from unnest($4::text[]) level left join flow on flow.to_level = level
                  group by level) d),
           (select coalesce(jsonb_agg(jsonb_build_object('from', from_level, 'to', to_level, 'customers', customers)
                                      order by array_position($4::text[], from_level), array_position($4::text[], to_level)), '[]')
            from flow),
           -- those looked at as they are now, less as they were where the others are counted in what was before
           (select coalesce(jsonb_object_agg(words, customers), '{}')
            from (select w.words, coalesce(($7::jsonb ->> w.words)::bigint, 0) + max(coalesce(l.customers, 0)) as customers
                  from unnest($5::text[]) with ordinality as w (words, place)
                  left join (select place, sum(counts) as customers
                             from (select unnest(missing) as place, 1 as counts from judged where customer_id is not null
                                   union all
                                   select unnest(was_missing), -1 from judged where $7 is not null) m
                             group by place) l on l.place = w.place
                  group by w.words) m)
)
select coalesce(sum(customers) filter (where to_level is not null), 0)::bigint as customers,
       coalesce(sum(customers) filter (where from_level is null and to_level is not null), 0)::bigint as assigned,
       coalesce(sum(customers) filter (where up > 0), 0)::bigint as rose,
       coalesce(sum(customers) filter (where up < 0), 0)::bigint as fell,
       coalesce(sum(customers) filter (where up = 0), 0)::bigint as stayed,
       coalesce(sum(customers) filter (where to_level is null), 0)::bigint as gone
from flow
