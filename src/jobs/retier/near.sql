-- near: the customers nearest to where the conditions of a ladder change sides, each with its level and what every
-- comparison says of it.
-- $1 the ladder.
with /*{facts}*/
near as materialized (
    -- few rows
    /*{nearest}*/
), told as (
    select c.customer_id, c.name, /*{evidence}*/ null::boolean[] as held
    from crm.customer c
    /*{joins}*/
    where c.customer_id in (select n.customer_id from near n)
)
select n.edge, n.upper, round(n.value, 10) as value, t.customer_id, coalesce(t.name, '') as name, s.level,
       jsonb_build_object('facts', /*{figures}*/ null::jsonb, 'held', to_jsonb(t.held)) as reason
from near n
join told t on t.customer_id = n.customer_id
left join tend.ladder_state s on s.customer_id = n.customer_id and s.ladder = $1
