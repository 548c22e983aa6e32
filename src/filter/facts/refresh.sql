-- refresh: counts the kept facts of one window anew, for the customers that were touched. $1 the window.
with touched as (
    delete from tend.touched where reader = 'facts ' || $1::text returning customer_id
), fresh as materialized (
    -- one look-up a customer, by the key of the orders, in its order, since neighbours lie together; no orders: a row of nulls
    select t.customer_id, /*{orders}*/ 0 as orders, /*{spend}*/ 0 as spend, b.first_order_at, b.last_order_at
    from (select customer_id from touched order by customer_id) t
    cross join lateral (
        select /*{aggregates}*/
        /*{counted}*/
          and o.customer_id = t.customer_id
    ) b
), gone as (
    delete from tend.fact f
    using fresh n
    where n.first_order_at is null and f.customer_id = n.customer_id and f.span = $1
    returning f.customer_id
), written as (
    /*{written}*/
)
insert into tend.touched (customer_id, reader)
select changed.customer_id, reader.reader
from (select customer_id from gone union all select customer_id from written) changed
join tend.change_reader as reader on 'facts:' || $1 = any (reader.about)
on conflict do nothing
