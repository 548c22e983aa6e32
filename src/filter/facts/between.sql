-- between: touches, for a reader ($1), who stands between the old cut and the new one.
insert into tend.touched (customer_id, reader)
select p.customer_id, $1::text
from (
    /*{facts}*/
) p
where p.orders > 0 and /*{between}*/ true
on conflict do nothing
