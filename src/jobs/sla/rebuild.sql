-- sla/rebuild: the next $4 tickets, in the order of their keys behind $2, that are open, were solved since $3, or have a clock of the
-- job $1 that still runs.
select ticket_id as "ticket_id!"
from (
    (select t.ticket_id from crm.ticket t
     where t.ticket_id > $2 and (t.solved_at is null and t.closed_at is null or t.solved_at >= $3 or t.closed_at >= $3)
     order by t.ticket_id limit $4)
    union
    (select k.ticket_id from tend.sla_clock k
     where k.job = $1 and k.ticket_id > $2 and k.stopped_at is null
     order by k.ticket_id limit $4)
) w
order by ticket_id
limit $4
