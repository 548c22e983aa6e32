-- message/trigger/level_missing: of those whose move is told, for how many a value was missing in each condition, so that
-- it was false. $1 as-of, $2-$6 as $22-$26 of level.sql.
with last_move as materialized (
    select distinct on (m.customer_id) m.customer_id, m.from_level, m.to_level, m.direction
    from tend.ladder_move m
    where m.ladder = $2::text and m.at <= $1::timestamptz and m.at > $1::timestamptz - $6::interval
    order by m.customer_id, m.at desc, m.run_id desc
)
select /*{missing}*/ '{}'::jsonb as missing
from last_move m
join crm.customer c on c.customer_id = m.customer_id
/*{facts}*/
where m.direction = coalesce($3::text, m.direction) and m.to_level = coalesce($4::text, m.to_level)
  and m.from_level = coalesce($5::text, m.from_level)
