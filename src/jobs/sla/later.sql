-- sla/later: the tickets $2 of the job $1 are looked at again when the instants $3 have come. Index: sla_change_due.
insert into tend.sla_change (job, ticket_id, not_before)
select $1::text, w.ticket_id, w.at
from unnest($2::text[], $3::timestamptz[]) w (ticket_id, at)
where not exists (select from tend.sla_change n where n.job = $1 and n.not_before = w.at and n.ticket_id = w.ticket_id)
