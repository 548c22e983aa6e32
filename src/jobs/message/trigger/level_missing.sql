-- message/trigger/level_missing: of those whose move is told, for how many a value was missing in each condition, so that
-- it was false. Parameters as in level.sql.
with last_move as materialized (
    select distinct on (m.customer_id) m.customer_id, m.from_level, m.to_level, m.direction
    from tend.ladder_move m
    where m.ladder = :ladder::text and m.at <= :as_of::timestamptz and m.at > :as_of::timestamptz - :life::interval
    order by m.customer_id, m.at desc, m.run_id desc
)
select /*{missing}*/ '{}'::jsonb as missing
from last_move m
join crm.customer c on c.customer_id = m.customer_id
/*{facts}*/
where m.direction = coalesce(:direction::text, m.direction) and m.to_level = coalesce(:entered::text, m.to_level)
  and m.from_level = coalesce(:left::text, m.from_level)
