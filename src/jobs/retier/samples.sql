-- samples: a few customers of every way a run took, smallest id first.
-- $1 the run, $2 its ladder, $3 how many of each. Served by ladder_move_run; first levels by the key, in its order.
with flow as (
    -- the ways this run took; those who stayed and those who are gone have nothing to show
    select flow ->> 'from' as from_level, flow ->> 'to' as to_level
    from tend.ladder_run r, jsonb_array_elements(r.moves) as flow
    where r.run_id = $1 and flow ->> 'to' is not null and flow ->> 'from' is distinct from flow ->> 'to'
), moved as (
    select s.customer_id, flow.from_level, flow.to_level, s.reason
    from flow cross join lateral (
        select m.customer_id, m.reason
        from tend.ladder_move m
        where m.run_id = $1 and m.ladder = $2 and m.from_level = flow.from_level and m.to_level = flow.to_level
        order by m.customer_id
        limit $3
    ) s
), assigned as (
    -- a first level is not a move: it stands in the state alone
    select s.customer_id, null::text as from_level, flow.to_level, s.reason
    from flow cross join lateral (
        select t.customer_id, t.reason
        from tend.ladder_state t
        where t.ladder = $2 and t.level = flow.to_level and t.run_id = $1
          and not exists (select from tend.ladder_move m where m.customer_id = t.customer_id and m.ladder = $2 and m.run_id = $1)
        order by t.customer_id
        limit $3
    ) s
    where flow.from_level is null
)
select s.customer_id as "customer_id!", coalesce(c.name, '') as "name!", s.from_level as "from", s.to_level as "to!",
       s.reason as "reason!"
from (select * from moved union all select * from assigned) s
left join crm.customer c on c.customer_id = s.customer_id
order by s.from_level, s.to_level, s.customer_id
