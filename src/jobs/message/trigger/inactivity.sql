-- message/trigger/inactivity: who fell silent.
--   :of what counts as activity: order, interaction (the customer's own), ticket, view; :after so many days of silence;
--   :first_seen days from then on within which it may be told, on the first night as on any
-- Indexes: crm.orders (placed_at), crm.interaction (at), crm.ticket (opened_at), crm.product_view (at) and the keys, one
-- look-up each of those who were active then.

-- the last sign of life on the days on which it must have been; a day more at either end, for the customers' zones
sign as (
    select a.customer_id, max(a.at) as at
    from (
        select o.customer_id, o.placed_at as at
        from crm.orders o
        where 'order' = any (:of::text[]) and o.status = 'paid'
          and o.placed_at >= :as_of::timestamptz - (:after::integer + :first_seen::integer + 2) * interval '1 day'
          and o.placed_at < :as_of::timestamptz - (:after::integer - 2) * interval '1 day'
        union all
        select i.customer_id, i.at
        from crm.interaction i
        where 'interaction' = any (:of::text[]) and i.direction = 'in'
          and i.at >= :as_of::timestamptz - (:after::integer + :first_seen::integer + 2) * interval '1 day'
          and i.at < :as_of::timestamptz - (:after::integer - 2) * interval '1 day'
        union all
        select t.customer_id, t.opened_at
        from crm.ticket t
        where 'ticket' = any (:of::text[])
          and t.opened_at >= :as_of::timestamptz - (:after::integer + :first_seen::integer + 2) * interval '1 day'
          and t.opened_at < :as_of::timestamptz - (:after::integer - 2) * interval '1 day'
        union all
        select v.customer_id, v.at
        from crm.product_view v
        where 'view' = any (:of::text[])
          and v.at >= :as_of::timestamptz - (:after::integer + :first_seen::integer + 2) * interval '1 day'
          and v.at < :as_of::timestamptz - (:after::integer - 2) * interval '1 day'
    ) a
    group by a.customer_id
),
-- nothing since
quiet as materialized (
    select s.customer_id, s.at
    from sign s
    left join lateral (
        (select true as found from crm.orders o
         where 'order' = any (:of::text[]) and o.customer_id = s.customer_id and o.status = 'paid'
           and o.placed_at > s.at and o.placed_at < :as_of::timestamptz limit 1)
        union all
        (select true from crm.interaction i
         where 'interaction' = any (:of::text[]) and i.customer_id = s.customer_id and i.direction = 'in'
           and i.at > s.at and i.at < :as_of::timestamptz limit 1)
        union all
        (select true from crm.ticket k
         where 'ticket' = any (:of::text[]) and k.customer_id = s.customer_id
           and k.opened_at > s.at and k.opened_at < :as_of::timestamptz limit 1)
        union all
        (select true from crm.product_view v
         where 'view' = any (:of::text[]) and v.customer_id = s.customer_id
           and v.at > s.at and v.at < :as_of::timestamptz limit 1)
        limit 1
    ) since on true
    where since.found is null
),
-- the silence counts in whole days on the customer's calendar
silent as (
    select h.*, t.last_on, (t.last_on + :after::integer) as occurs_on
    from quiet q
    join home h on h.customer_id = q.customer_id
    cross join lateral (select (q.at at time zone h.zone)::date as last_on) t
),
-- one occasion a silence, named by the day of the last sign of life: a new one begins a new silence
due as (
    select s.*, 'inactive:' || s.last_on as occasion, 'inactivity' as kind, s.occurs_on::timestamp as due_on,
           (s.occurs_on + :first_seen::integer)::timestamp at time zone s.zone as not_after,
           jsonb_build_object('days', :business_date::date - s.last_on, 'since', s.last_on) as detail
    from silent s
    where s.occurs_on::timestamp at time zone s.zone < (:business_date::date + 1)::timestamp at time zone :zone::text
      and (s.occurs_on + :first_seen::integer)::timestamp at time zone s.zone > :as_of::timestamptz
)
