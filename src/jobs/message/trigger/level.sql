-- message/trigger/level: whose level changed.
--   :ladder; :direction, :entered, :left what kind of move is meant, or null; :life from the move on
-- Index: tend.ladder_move_at (ladder, at).

-- where each customer who moved lately got to: who rose and fell again since is not told of the rise
last_move as materialized (
    select distinct on (m.customer_id) m.customer_id, m.run_id, m.at, m.from_level, m.to_level, m.direction
    from tend.ladder_move m
    where m.ladder = :ladder::text and m.at <= :as_of::timestamptz and m.at > :as_of::timestamptz - :life::interval
    order by m.customer_id, m.at desc, m.run_id desc
),
-- those whose move is one the file speaks of; a move happens once, so that the run that made it is its name
due as (
    select h.*, (m.at at time zone :zone)::date as occurs_on,
           'level:' || :ladder || ':' || m.run_id as occasion, 'level' as kind,
           date_trunc('day', m.at at time zone h.zone) as due_on, m.at + :life as not_after,
           jsonb_build_object('ladder', :ladder::text, 'from', m.from_level, 'to', m.to_level, 'direction', m.direction) as detail
    from last_move m
    join home h on h.customer_id = m.customer_id
    where m.direction = coalesce(:direction::text, m.direction) and m.to_level = coalesce(:entered::text, m.to_level)
      and m.from_level = coalesce(:left::text, m.from_level)
)
