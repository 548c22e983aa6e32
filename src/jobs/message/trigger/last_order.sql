-- message/trigger/last_order: when customers bought for the last time, as far as it comes round now.
--   :from_instants, :until_instants the stretches of earlier years in which that can have been
-- Indexes: crm.orders (placed_at) and its key, one look-up an order of those days.
beginning as (
    select distinct on (o.customer_id) o.customer_id, o.placed_at as began_at, null::date as began_on
    from unnest(:from_instants::timestamptz[], :until_instants::timestamptz[]) as r (since, until)
    cross join lateral (
        select o.customer_id, o.placed_at from crm.orders o
        where o.placed_at >= r.since and o.placed_at < r.until and o.status = 'paid'
        offset 0 -- stretch by stretch, each by the index
    ) o
    left join lateral (
        select true as found from crm.orders l
        where l.customer_id = o.customer_id and l.status = 'paid' and l.placed_at > o.placed_at
          and l.placed_at < :as_of::timestamptz
        limit 1
    ) later on true
    where later.found is null
    order by o.customer_id, o.placed_at desc
),
