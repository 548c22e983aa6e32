-- ranked: how many customers are ranked, and how many of them reach each of the old cuts. One scan of the kept facts.
select count(*), array[/*{from_old_cut}*/]::bigint[]
from (
    /*{facts}*/
) p
where p.orders > 0
