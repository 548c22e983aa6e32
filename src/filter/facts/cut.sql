-- cut: the value so many places ($1) beyond the old cut.
select /*{value}*/ '0'
from (
    /*{facts}*/
) p
where p.orders > 0 and /*{beyond}*/ true
order by /*{order}*/ 1
limit 1 offset $1::bigint
