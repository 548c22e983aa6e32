-- samples: a few members of the segment, smallest id first. $1 how many.
with /*{facts}*/
nothing as (select)
select c.customer_id, coalesce(c.name, '') as name
from crm.customer c
/*{joins}*/
where /*{when}*/ true
order by c.customer_id
limit $1
