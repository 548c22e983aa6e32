-- passed: moves one window ($1) on from one as-of ($2) to a later one ($3), its beginning from $4 to $5: adds the orders
-- its end has passed over and takes off those its beginning has, for customers nothing was noted of since. Of the
-- others the orders are counted anew (refresh): what they were before is not known. Reads the orders between by the
-- index on their time, and each kept fact by its key.
with passed as (
    -- an order that both ends have passed over comes and goes
    select o.customer_id,
           count(*) filter (where o.placed_at >= $2::timestamptz) - count(*) filter (where o.placed_at < $5::timestamptz) as orders,
           coalesce(sum(o.amount) filter (where o.placed_at >= $2), 0) - coalesce(sum(o.amount) filter (where o.placed_at < $5), 0) as spend,
           min(o.placed_at) filter (where o.placed_at >= $2) as first_order_at,
           max(o.placed_at) filter (where o.placed_at >= $2) as last_order_at
    /*{counted}*/
      and ((o.placed_at >= $2 and o.placed_at < $3::timestamptz) or (o.placed_at >= $4::timestamptz and o.placed_at < $5))
    group by o.customer_id
), unchanged as materialized (
    select p.*,
           -- since this run has read what was noted
           exists (select from tend.change n where n.about = 'orders' and n.customer_id = p.customer_id)
           or exists (select from tend.change n where n.about = 'orders' and n.customer_id = '') as is_noted
    from passed p
    where not exists (select from tend.touched t where t.reader = 'facts ' || $1::text and t.customer_id = p.customer_id)
    order by p.customer_id
), fresh as (
    select p.customer_id, coalesce(k.orders, 0) + p.orders as orders, coalesce(k.spend, 0) + p.spend as spend,
           least(k.first_order_at, p.first_order_at) as first_order_at,
           greatest(k.last_order_at, p.last_order_at) as last_order_at
    from unchanged p
    left join lateral (
        select * from tend.fact f where f.customer_id = p.customer_id and f.span = $1 offset 0
    ) k on true
    where not p.is_noted
), written as (
    /*{written}*/
)
insert into tend.touched (customer_id, reader)
select changed.customer_id, reader.reader
from written changed
join tend.change_reader as reader on 'facts:' || $1 = any (reader.about)
union all
select customer_id, 'facts ' || $1 from unchanged where is_noted
on conflict do nothing
