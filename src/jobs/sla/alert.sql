-- sla/alert: alerts $3 of the job $1, noticed at $2; what is there already stays as it is.
insert into tend.sla_alert (job, ticket_id, clock, cycle, step, asked, recipient, customer_id, policy, at, noticed_at, not_before, state, state_at, reason)
select $1::text, w.ticket_id, w.clock, w.cycle, w.step, w.asked, w.recipient, w.customer_id, w.policy, w.at, $2::timestamptz, w.not_before, w.state,
       $2::timestamptz, w.reason
from jsonb_to_recordset($3::jsonb) as w (
    ticket_id text, clock text, cycle timestamptz, step text, asked text, recipient text, customer_id text, policy text, at timestamptz,
    not_before timestamptz, state text, reason text)
on conflict (job, ticket_id, clock, cycle, step, recipient) do nothing
