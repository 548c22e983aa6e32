-- entered: touches the customers with an order that entered or left a window while its end moved back. $1 the window,
-- $2 to $3 the instants its end passed over, $4 to $5 those its beginning passed over.
insert into tend.touched (customer_id, reader)
select distinct o.customer_id, 'facts ' || $1::text
from crm.orders o
where (o.placed_at >= $2::timestamptz and o.placed_at < $3::timestamptz)
   or (o.placed_at >= $4::timestamptz and o.placed_at < $5::timestamptz)
on conflict do nothing
