-- message/trigger/ahead: "due" of a day ahead without those for whom nothing is left to decide, before anything is asked about
-- them: of the days ahead, the first on which the message can go keeps its place, and who has had the occasion, or one so
-- near that it must have been the same, gets none. On most days ahead these are nearly all.
--   :apart days within which a customer has had the same occasion already
-- Indexes: the keys of tend.reservation and tend.occasion, one look-up each an occasion.
, due_ahead as materialized (
    select c.*
    from due c
    left join lateral (
        (select true as found from tend.reservation v
         where v.job = :job::text and v.customer_id = c.customer_id and v.occasion = c.occasion and v.step = :step::text limit 1)
        union all
        (select true from tend.occasion o
         where o.job = :job::text and o.customer_id = c.customer_id and o.step = :step::text
           and (o.occasion = c.occasion or abs(o.occurs_on - c.occurs_on) < :apart::integer) limit 1)
        limit 1
    ) settled on true
    where settled.found is not true -- without statistics the planner takes it for half of them, not for nobody
)
