-- reread: touches the customers with an order between two instants, to count their orders anew. $1 the window, $2 to $3
-- what its end has passed over (over views with what lies before), $4 to $5 what its beginning has.
insert into tend.touched (customer_id, reader)
select known.customer_id, 'facts ' || $1::text
from (
    select o.customer_id
    from crm.orders o
    where (o.placed_at >= $2::timestamptz and o.placed_at < $3::timestamptz)
       or (o.placed_at >= $4::timestamptz and o.placed_at < $5::timestamptz)
    union
    -- who had one there when it was last counted: it may be gone, or another customer's
    select k.customer_id from tend.fact k where k.span = $1 and k.last_order_at >= $2
) known
-- a view may know orders of nobody
where known.customer_id is not null
on conflict do nothing
