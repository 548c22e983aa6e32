-- message/trigger/level: plans the messages for changes of level. One statement: this head, then
-- outbox/policy/policy.sql, then message/queue.sql; the slots are filled by filter/.
--   :zone of the file; :ladder; :direction, :entered, :left what kind of move is meant, or null; :life from the move on
-- Index: tend.ladder_move_at (ladder, at).
with
-- zones this server knows; a customer in any other one lives in the zone of the file
known_zone as materialized (
    select name from pg_timezone_names
),
-- where each customer who moved lately got to: who rose and fell again since is not told of the rise
last_move as materialized (
    select distinct on (m.customer_id) m.customer_id, m.run_id, m.at, m.from_level, m.to_level, m.direction
    from tend.ladder_move m
    where m.ladder = :ladder::text and m.at <= :as_of::timestamptz and m.at > :as_of::timestamptz - :life::interval
    order by m.customer_id, m.at desc, m.run_id desc
),
-- those whose move is one the file speaks of, with what the file says about the customer; a move happens once, so that
-- the run that made it is its name
candidate as materialized (
    select c.customer_id, (m.at at time zone :zone::text)::date as occurs_on,
           'level:' || :ladder || ':' || m.run_id as occasion, 'level' as kind,
           coalesce(z.name, :zone) as zone,
           c.status, c.email, c.phone, c.locale, c.preferred_channel,
           /*{refusal}*/ null::text as refusal,
           /*{offer}*/ null::text as offer,
           m.at at time zone coalesce(z.name, :zone) as due_on, m.at + :life as not_after
    from last_move m
    join crm.customer c on c.customer_id = m.customer_id
    left join known_zone z on z.name = c.timezone
    /*{facts}*/
    where m.direction = coalesce(:direction::text, m.direction) and m.to_level = coalesce(:entered::text, m.to_level)
      and m.from_level = coalesce(:left::text, m.from_level)
),
