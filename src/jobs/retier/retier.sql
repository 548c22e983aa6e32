-- retier: puts every customer on a level of the ladder and writes what changed.
-- $1 as-of, $2 the ladder, $3 run, $4 names of the levels from the top, $5 the comparisons of its conditions in words,
-- where only those are looked at who could have changed: $6 customers by level and $7 missing values as they were before,
-- $8 falls waiting since then or longer are carried out (the as-of less the hold), $9 a fall goes down one level at a time.
-- Counted anew: reads the orders once into a hash aggregate; sorts one row a customer for each rank asked for.
with /*{facts}*/
verdict as (
    -- for every customer: the level due by the `when`s alone, by what each level would be kept if the customer were on it
    -- (null: by nothing), whether each comparison held (null: a value was missing), and the figures
    select c.customer_id, /*{level}*/ 'normal' as to_level, /*{kept}*/ null::text[] as kept, /*{evidence}*/ null::boolean[] as held
    from /*{looked_at}*/
    /*{joins}*/
), standing as (
    -- the level so far; one that the ladder no longer has counts as none
    select known.customer_id, array_position($4::text[], known.level) as from_place, known.missing as was_missing,
           w.since as falling_since, w.due_level as falling_to
    from /*{known}*/
    left join tend.ladder_fall w on w.customer_id = known.customer_id and w.ladder = known.ladder
    where known.ladder = $2::text
), by_hand as (
    -- levels given by hand and in force
    select o.customer_id, o.override_id, o.until, array_position($4::text[], o.level) as override_place
    from tend.ladder_override o
    where o.ladder = $2 and o.ended_at is null and o.settled_by is null and o.until > $1::timestamptz and o.level = any($4)
), beside as (
    -- what is due beside what was; customer_id is null when the customer is gone
    select s.customer_id as known_id, s.from_place, s.was_missing, array_positions(v.held, null) as missing,
           s.falling_since, s.falling_to, o.override_id, o.until, o.override_place,
           coalesce(o.override_place, s.from_place) as base_place, array_position($4, v.to_level) as when_place, v.*
    from verdict v
    full join standing s on s.customer_id = v.customer_id
    left join by_hand o on o.customer_id = v.customer_id
), due as (
    -- who stands on a level, by a run or by hand, keeps it, or one below it, by the first that has something to keep it by
    select b.*,
           case when b.when_place > b.base_place and b.kept is not null
                then coalesce((select min(place) from generate_subscripts(b.kept, 1) as place
                               where place >= b.base_place and place < b.when_place and b.kept[place] is not null), b.when_place)
                else b.when_place
           end as due_place
    from beside b
), settled as (
    -- a hand decides; else up at once, and down when a lower level was due long enough, and then at most one level if
    -- the file says so (once for an as-of: a second run for it finds the wait begun at it)
    select d.*,
           case when d.customer_id is null then null
                when d.override_place is not null then d.override_place
                when d.from_place is null or d.due_place <= d.from_place then d.due_place
                when coalesce(d.falling_since, $1) > $8::timestamptz or ($9::boolean and d.falling_since = $1) then d.from_place
                when $9 then d.from_place + 1
                else d.due_place
           end as to_place
    from due d
), judged as materialized (
    select t.*, ($4)[t.from_place] as from_level, ($4)[t.to_place] as new_level, ($4)[t.due_place] as due_level,
           -- since when a level below the one after this run is due; every change of level begins it anew
           case when (t.due_place > t.to_place) is not true then null
                when t.to_place = t.from_place then coalesce(t.falling_since, $1)
                else $1
           end as waits_since,
           -- beside the conditions of the levels
           case when t.override_place is not null then 'override'
                when t.to_place = t.from_place and t.to_place < t.due_place then null
                when t.to_place < t.due_place then 'one_level'
                when t.to_place > t.from_place and t.falling_since < $1 then 'hold'
                when t.due_place < t.when_place then t.kept[t.due_place]
           end as decided_by
    from settled t
), tally as (
    -- few rows: ways × outcomes of the comparisons × what decided beside the conditions
    select from_level, new_level, held, decided_by, count(*) as customers, count(waits_since) - count(falling_since) as waits
    from judged
    group by from_level, new_level, held, decided_by
), flow as (
    select t.from_level, t.to_level, sum(t.customers)::bigint as customers,
           array_position($4::text[], t.from_level) - array_position($4::text[], t.to_level) as up
    from (
        select from_level, new_level as to_level, customers from tally
        union all
        -- who was not looked at stayed
        select level, level, b.customers::bigint - coalesce((select sum(t.customers) from tally t where t.from_level = level), 0)
        from jsonb_each_text($6::jsonb) b (level, customers)
    ) t
    group by t.from_level, t.to_level
    having sum(t.customers) > 0
), change as (
    select j.customer_id, j.from_level, j.new_level, j.missing, j.from_place - j.to_place as up,
           jsonb_build_object('facts', /*{figures}*/ null::jsonb, 'held', to_jsonb(j.held))
           || case when j.stability = '{}' then '{}' else jsonb_build_object('stability', j.stability) end as reason
    from (
        select g.*, jsonb_strip_nulls(case when g.override_place is not null
               then jsonb_build_object('override', g.override_id, 'until', g.until,
                                       'due', case when g.due_place <> g.to_place then g.due_level end)
               else jsonb_build_object('by', case when g.to_place = g.due_place and g.due_place < g.when_place then g.kept[g.due_place] end,
                                       'since', case when g.to_place > g.from_place and g.falling_since < $1 then g.falling_since end,
                                       'one_level', case when g.to_place < g.due_place then true end,
                                       'due', case when g.to_place < g.due_place then g.due_level end)
               end) as stability
        from judged g
        where g.customer_id is not null and g.from_level is distinct from g.new_level
    ) j
), stated as (
    insert into tend.ladder_state as s (customer_id, ladder, level, since, run_id, reason, missing)
    select customer_id, $2, new_level, $1, $3::bigint, reason, missing
    from change
    on conflict (customer_id, ladder) do update
    set level = excluded.level, since = excluded.since, run_id = excluded.run_id, reason = excluded.reason,
        missing = excluded.missing
    where s.level is distinct from excluded.level
), moved as (
    -- a first level is an assignment, not a move
    insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason)
    select customer_id, $2, $3, $1, from_level, new_level, case when up > 0 then 'rose' else 'fell' end, reason
    from change
    where from_level is not null
), lacking as (
    -- who stayed, but lacks other values than before
    update tend.ladder_state s
    set missing = j.missing
    from judged j
    where j.from_level = j.new_level and j.missing <> j.was_missing and s.ladder = $2 and s.customer_id = j.customer_id
), waiting as (
    insert into tend.ladder_fall as w (customer_id, ladder, due_level, since, run_id)
    select j.customer_id, $2, j.due_level, j.waits_since, $3
    from judged j
    where j.waits_since is not null and (j.falling_since is null or j.waits_since <> j.falling_since or j.due_level <> j.falling_to)
    on conflict (customer_id, ladder) do update
    set due_level = excluded.due_level, since = excluded.since, run_id = excluded.run_id
), over as (
    -- the present level or a higher one is due again, the customer fell as far as due, or is gone
    delete from tend.ladder_fall w
    using judged j
    where w.ladder = $2 and w.customer_id = j.known_id and j.falling_since is not null and j.waits_since is null
), unhanded as (
    -- past their end and looked at: the conditions have decided again
    update tend.ladder_override o
    set settled_by = $3
    where o.ladder = $2 and o.settled_by is null and (o.ended_at is not null or o.until <= $1)
), forgotten as (
    delete from tend.ladder_state s
    using judged g
    where g.customer_id is null and s.ladder = $2 and s.customer_id = g.known_id
), recorded as (
    insert into tend.ladder_run (run_id, ladder, as_of, cuts, distribution, moves, missing, held, kept)
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
                  group by w.words) m),
           (select count(*) from tend.ladder_fall where ladder = $2) + (select coalesce(sum(waits), 0) from tally),
           (select coalesce(jsonb_object_agg(decided_by, customers), '{}')
            from (select decided_by, sum(customers) as customers from tally where decided_by is not null group by decided_by) k)
    returning held
)
select coalesce(sum(customers) filter (where to_level is not null), 0)::bigint as customers,
       coalesce(sum(customers) filter (where from_level is null and to_level is not null), 0)::bigint as assigned,
       coalesce(sum(customers) filter (where up > 0), 0)::bigint as rose,
       coalesce(sum(customers) filter (where up < 0), 0)::bigint as fell,
       coalesce(sum(customers) filter (where up = 0), 0)::bigint as stayed,
       coalesce(sum(customers) filter (where to_level is null), 0)::bigint as gone,
       (select held from recorded) as held
from flow
