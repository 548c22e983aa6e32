-- message/trigger/habit: who usually buys at this time of the week.
--   :days the days ahead a customer may be about to buy on; :from_instants, :until_instants the hours that may come to be
--   told of by this run, as they were in the weeks before, as far back as orders count, wide enough for every zone; :within
--   so long orders count; :products which of them count, or null; :min_orders at that time at least, :share of all of them
--   at least; :ahead so long before the usual hour it is sent
-- Indexes: crm.orders (placed_at), and its key for the other orders of those who bought often enough in those hours.

-- who bought so often in those hours, at whatever time of them
regular as materialized (
    select o.customer_id
    from unnest(:from_instants::timestamptz[], :until_instants::timestamptz[]) as r (since, until)
    cross join lateral (
        select o.customer_id, o.placed_at, o.product_id from crm.orders o
        where o.placed_at >= r.since and o.placed_at < r.until and o.status = 'paid'
        offset 0 -- week by week, each by the index
    ) o
    where o.placed_at < :as_of::timestamptz and o.placed_at >= :as_of::timestamptz - :within::interval
      and (:products::text[] is null or o.product_id = any (:products::text[]))
    group by o.customer_id
    having count(*) >= :min_orders::bigint
),
-- all their orders that count
theirs as materialized (
    select h.customer_id, h.zone, o.placed_at at time zone h.zone as local
    from regular r
    join home h on h.customer_id = r.customer_id
    cross join lateral (
        select o.placed_at from crm.orders o
        where o.customer_id = r.customer_id and o.status = 'paid'
          and o.placed_at < :as_of::timestamptz and o.placed_at >= :as_of::timestamptz - :within::interval
          and (:products::text[] is null or o.product_id = any (:products::text[]))
        offset 0 -- customer by customer, each by the key
    ) o
),
-- those on the same weekday before, by the hour on the customer's clock
bought as (
    select t.customer_id, t.zone, d.day, extract(hour from t.local)::integer as hour, count(*) as orders
    from theirs t
    join unnest(:days::date[]) as d (day)
      on extract(isodow from d.day) = extract(isodow from t.local) and d.day > t.local::date
    group by t.customer_id, t.zone, d.day, extract(hour from t.local)
),
-- two hours at a time: who buys at half past nine and at half past ten does so at the same time; the busiest of them
usual as (
    select distinct on (b.customer_id, b.day) b.customer_id, b.zone, b.day, b.hour, b.orders
    from (
        select b.customer_id, b.zone, b.day, b.hour,
               sum(b.orders) over (partition by b.customer_id, b.day order by b.hour range between current row and 1 following) as orders
        from bought b
    ) b
    where b.orders >= :min_orders::bigint
    order by b.customer_id, b.day, b.orders desc, b.hour
),
-- often enough to be a habit, of all the customer's orders that count
habit as (
    select u.*, a.orders as of_orders
    from usual u
    join (select t.customer_id, count(*) as orders from theirs t group by t.customer_id) a on a.customer_id = u.customer_id
    where u.orders >= :share::numeric * a.orders
),
-- sent so long before the usual hour, and never after it has begun
due as (
    select h.*, 'habit:' || b.day as occasion, 'habit' as kind, b.day as occurs_on, t.due_on, t.not_after,
           jsonb_build_object('hour', b.hour, 'weekday', extract(isodow from b.day)::integer, 'orders', b.orders, 'of', b.of_orders) as detail
    from habit b
    join home h on h.customer_id = b.customer_id
    cross join lateral (
        select b.day + b.hour * interval '1 hour' - :ahead::interval as due_on,
               (b.day + b.hour * interval '1 hour') at time zone h.zone as not_after
    ) t
    where t.not_after > :as_of::timestamptz and t.due_on at time zone h.zone < :as_of::timestamptz + interval '1 day'
)
