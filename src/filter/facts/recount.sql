-- recount: counts one window over all orders and corrects what is kept. $1 the window, $2 the run, $3 as-of, $4 whether
-- nothing should differ: then what does is noted and told to those who read these facts.
with counted as (
    select o.customer_id, /*{aggregates}*/
    /*{counted}*/
      -- a view may know orders of nobody
      and o.customer_id is not null
    group by o.customer_id
), differing as materialized (
    select coalesce(n.customer_id, k.customer_id) as customer_id, n.customer_id is null as is_gone,
           /*{orders}*/ 0 as orders, /*{spend}*/ 0 as spend, n.first_order_at, n.last_order_at,
           case when $4::boolean then to_jsonb(k) - 'span' - 'customer_id' end as kept
    from counted n
    full join (select * from tend.fact where span = $1::text) k on k.customer_id = n.customer_id
    where (n.customer_id is null or k.customer_id is null
           or (/*{orders}*/, /*{spend}*/, n.first_order_at, n.last_order_at)
              is distinct from (k.orders, k.spend, k.first_order_at, k.last_order_at))
      -- what was committed since the refresh is no difference: it is noted, and comes with the next run
      and not ($4 and exists (select from tend.change c
                              where c.about = 'orders' and c.customer_id in ('', coalesce(n.customer_id, k.customer_id))))
), gone as (
    delete from tend.fact f
    using differing d
    where d.is_gone and f.customer_id = d.customer_id and f.span = $1
), written as (
    insert into tend.fact as f (customer_id, span, orders, spend, first_order_at, last_order_at)
    select customer_id, $1, orders, spend, first_order_at, last_order_at
    from differing
    where not is_gone
    on conflict (customer_id, span) do update
    set orders = excluded.orders, spend = excluded.spend,
        first_order_at = excluded.first_order_at, last_order_at = excluded.last_order_at
), noted as (
    insert into tend.fact_difference (customer_id, span, run_id, as_of, kept, counted)
    select customer_id, $1, $2::bigint, $3::timestamptz, kept,
           case when not is_gone then jsonb_build_object('orders', orders, 'spend', spend,
                    'first_order_at', first_order_at, 'last_order_at', last_order_at) end
    from differing
    where $4
    on conflict do nothing
), told as (
    insert into tend.touched (customer_id, reader)
    select d.customer_id, reader.reader
    from (select customer_id from differing where $4
          union all
          select '' where not $4) d
    join tend.change_reader as reader on 'facts:' || $1 = any (reader.about)
    on conflict do nothing
)
select count(*) as differing, (array_agg(customer_id order by customer_id) filter (where $4))[1:20] as customers
from differing
