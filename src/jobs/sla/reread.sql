-- sla/reread: over views, notes for the job $1 what may have changed since $2, up to $3; every open ticket where $4.
insert into tend.sla_change (job, ticket_id)
select $1::text, e.ticket_id from crm.ticket_event e where e.at >= $2::timestamptz and e.at <= $3::timestamptz
union
select $1::text, t.ticket_id from crm.ticket t
where t.opened_at >= $2::timestamptz or t.solved_at >= $2::timestamptz or t.closed_at >= $2::timestamptz or ($4::boolean and t.solved_at is null and t.closed_at is null)
