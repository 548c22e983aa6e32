-- many: whether the facts of a window ($1) are better counted over all orders: everybody was touched, or one in $2 of
-- those kept, by the size of the table.
select coalesce(bool_or(t.customer_id = ''), false)
       or count(*) > 100 + pg_relation_size('tend.fact') / 120 / $2::bigint
          / (select greatest(count(*), 1) from tend.fact_window) as "many!"
from tend.touched t
where t.reader = 'facts ' || $1::text
