-- rescue: customers who have just come to a level, by their last move within :life, that nobody has been asked to call.
--   :ladder, :entered the level
-- Indexes: tend.ladder_move_at, the key of tend.task, task_customer.
with
last_move as materialized (
    select distinct on (m.customer_id) m.customer_id, m.run_id, m.at, m.from_level, m.to_level
    from tend.ladder_move m
    where m.ladder = :ladder::text and m.at <= :as_of::timestamptz and m.at > :as_of::timestamptz - :life::interval
    order by m.customer_id, m.at desc, m.run_id desc
),
-- who is to be called already is not called twice
found as (
    select m.customer_id, 'level:' || :ladder || ':' || m.run_id || ':' || m.customer_id as origin, null::text as ticket_id,
           m.at as since, jsonb_build_object('ladder', :ladder::text, 'from', m.from_level, 'to', m.to_level, 'moved_at', m.at) as detail
    from last_move m
    where m.to_level = :entered::text
      and not exists (select from tend.task k
                      where k.customer_id = m.customer_id and k.job = :job::text and k.kind = 'rescue'
                        and (k.state in ('planned', 'open')
                             or k.origin = 'level:' || :ladder || ':' || m.run_id || ':' || m.customer_id))
)
