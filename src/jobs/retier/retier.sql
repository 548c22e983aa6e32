-- retier: puts every customer on the first level of the ladder whose conditions hold and writes what changed.
-- $1 as-of, $2 the ladder, $3 run, $4 names of the levels from the top, $5 the comparisons of its conditions in words.
-- Reads the orders once into a hash aggregate (no sort of orders); sorts one row a customer for each rank asked for.
with /*{facts}*/
verdict as (
    -- for every customer: the level due, whether each comparison held (null: a value was missing), and the figures
    select c.customer_id, /*{level}*/ 'normal' as to_level, /*{evidence}*/ null::boolean[] as held
    from crm.customer c
    /*{joins}*/
), judged as materialized (
    -- beside the level so far; a level the ladder no longer has counts as none; customer_id is null when it is gone
    select s.customer_id as known_id, s.level as from_level, v.*
    from verdict v
    full join (
        select customer_id, case when level = any($4::text[]) then level end as level
        from tend.ladder_state
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
    from tally t
    group by t.from_level, t.to_level
), change as (
    select customer_id, from_level, to_level,
           array_position($4::text[], from_level) - array_position($4::text[], to_level) as up,
           jsonb_build_object('facts', /*{figures}*/ null::jsonb, 'held', to_jsonb(held)) as reason
    from judged
    where customer_id is not null and from_level is distinct from to_level
), stated as (
    insert into tend.ladder_state as s (customer_id, ladder, level, since, run_id, reason)
    select customer_id, $2, to_level, $1, $3::bigint, reason
    from change
    on conflict (customer_id, ladder) do update
    set level = excluded.level, since = excluded.since, run_id = excluded.run_id, reason = excluded.reason
    where s.level is distinct from excluded.level
), moved as (
    -- a first level is an assignment, not a move
    insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason)
    select customer_id, $2, $3, $1, from_level, to_level, case when up > 0 then 'rose' else 'fell' end, reason
    from change
    where from_level is not null
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
           (select coalesce(jsonb_object_agg(words, customers), '{}')
            from (select words, max(customers) as customers
                  from (select w.place, w.words, coalesce(sum(t.customers) filter (where t.held[w.place] is null and t.to_level is not null), 0) as customers
                        from unnest($5::text[]) with ordinality as w (words, place) left join tally t on true
                        group by w.place, w.words) per_comparison
                  group by words) m)
)
select coalesce(sum(customers) filter (where to_level is not null), 0)::bigint as customers,
       coalesce(sum(customers) filter (where from_level is null and to_level is not null), 0)::bigint as assigned,
       coalesce(sum(customers) filter (where up > 0), 0)::bigint as rose,
       coalesce(sum(customers) filter (where up < 0), 0)::bigint as fell,
       coalesce(sum(customers) filter (where up = 0), 0)::bigint as stayed,
       coalesce(sum(customers) filter (where to_level is null), 0)::bigint as gone
from flow
