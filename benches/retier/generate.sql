-- generate: customers and their orders over three years up to 2026-06-01, the same rows every time.
-- {customers} and {orders} are put in by the driver. A few customers buy often, many seldom, some never; amounts are skewed.
insert into crm.customer (customer_id, name, created_at)
select 'C' || lpad(i::text, 8, '0'), 'Customer ' || i, timestamptz '2020-01-01T00:00Z'
from generate_series(1::bigint, {customers}) i;

alter table crm.orders drop constraint orders_pkey;
drop index crm.orders_placed_at, crm.orders_order_id;

-- u: evenly spread over 0 … 1, from a hash of the order's number
with dice as (
    select i,
           (hashint8extended(i, 1) & 2147483647) / 2147483648.0::double precision as whose,
           (hashint8extended(i, 2) & 2147483647) / 2147483648.0::double precision as moment,
           (hashint8extended(i, 3) & 2147483647) / 2147483648.0::double precision as size
    from generate_series(1::bigint, {orders}) i
)
insert into crm.orders (customer_id, order_id, placed_at, amount)
select 'C' || lpad((1 + floor({customers} * power(whose, 1.8)))::bigint::text, 8, '0'),
       'O' || lpad(i::text, 10, '0'),
       timestamptz '2023-06-01T00:00Z' + moment * interval '1096 days',
       round((8 / power(1.0001 - size, 0.7))::numeric, 2)
from dice;

alter table crm.orders add primary key (customer_id, order_id) include (placed_at, amount, status);
create index orders_placed_at on crm.orders (placed_at);
create index orders_order_id on crm.orders (order_id);
