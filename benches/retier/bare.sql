-- bare: the least a full value ladder costs: read the orders, rank, decide, write the rows that changed.
-- Used where ../shared/bench/retier_bare.sql is not at hand; the same meaning. :at and :window are put in by the driver.
with numbered as (
    select customer_id, amount, placed_at,
           row_number() over (partition by customer_id order by placed_at, order_id) as nth
    from crm.orders
    where placed_at < :at
), bought as (
    select customer_id, sum(amount) as spend, (count(*) filter (where nth > 1))::numeric / count(*) as rate
    from numbered
    where placed_at >= :at::timestamptz - :window::interval
    group by customer_id
), ranked as (
    select customer_id, rate, (rank() over (order by spend desc) - 1)::numeric / count(*) over () as above
    from bought
)
insert into bare_state (customer_id, level)
select customer_id,
       case when above < 0.2 and rate >= 0.6 then 'high' when above < 0.6 and rate >= 0.3 then 'mid' else 'normal' end
from crm.customer
left join ranked using (customer_id)
on conflict (customer_id) do update set level = excluded.level where bare_state.level is distinct from excluded.level;
