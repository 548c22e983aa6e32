-- surge/count: by type, the tickets of the kind $5 opened from $3 up to the as-of $2, against those from $4 up to $3, which are $6
-- stretches; a surge: at least $8, and $7 times as many as usual. Since when there is one: as the job $1 found it.
with
came as (
    select coalesce(t.topic, '') as subject, count(*) filter (where t.opened_at >= $3) as now, count(*) filter (where t.opened_at < $3) as before
    from crm.ticket t
    where t.opened_at >= $4 and t.opened_at < $2 and t.kind = $5
    group by 1
),
going_on as (
    select s.subject, s.began_at from tend.surge s where s.job = $1 and s.ended_at is null
)
select coalesce(c.subject, g.subject) as "subject!", coalesce(c.now, 0) as "count!", coalesce(c.before, 0) / $6::numeric as "usual!",
       coalesce(c.now, 0) >= $8::bigint and coalesce(c.now, 0) >= $7::numeric * coalesce(c.before, 0) / $6::numeric as "surges!", g.began_at as "began_at?"
from came c
full join going_on g on g.subject = c.subject
order by 1
