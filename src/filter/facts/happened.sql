-- happened: touches, for a reader ($1), the customers of rows whose instant lies between two others ($2, $3).
insert into tend.touched (customer_id, reader)
select distinct e.customer_id, $1::text
from /*{rows}*/
where (/*{at}*/) >= $2::timestamptz and (/*{at}*/) < $3::timestamptz
on conflict do nothing
