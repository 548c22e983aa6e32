-- written: keeps the facts of the customers in `fresh` for one window ($1), those that differ from what is kept; of which
-- customers. Part of passed and refresh.
insert into tend.fact as f (customer_id, span, orders, spend, first_order_at, last_order_at)
select customer_id, $1, orders, spend, first_order_at, last_order_at
from fresh
where first_order_at is not null
on conflict (customer_id, span) do update
set orders = excluded.orders, spend = excluded.spend,
    first_order_at = excluded.first_order_at, last_order_at = excluded.last_order_at
where (f.orders, f.spend, f.first_order_at, f.last_order_at)
      is distinct from (excluded.orders, excluded.spend, excluded.first_order_at, excluded.last_order_at)
returning f.customer_id
