-- sla/due: up to $3 tickets of the job $1 of which a clock has come to its next instant by $2, the longest ago first.
select distinct w.ticket_id as "ticket_id!"
from (select k.ticket_id from tend.sla_clock k where k.job = $1 and k.next_at <= $2 order by k.next_at limit $3) w
order by 1
