-- message/trigger/first_order: when customers bought for the first time, as far as it comes round now.
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
        select true as found from crm.orders e
        where e.customer_id = o.customer_id and e.status = 'paid' and e.placed_at < o.placed_at
        limit 1
    ) earlier on true
    where earlier.found is null
    order by o.customer_id, o.placed_at
),
