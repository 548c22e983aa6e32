-- web/acknowledge: the deadline the alert $1 is about, for the member of staff $2 (empty: whoever reads the group's chat).
select a.alert_id, a.ticket_id, a.clock, coalesce(t.subject, '') as "subject!",
       to_char(k.due_at at time zone coalesce(s.timezone, j.zone, 'UTC'), 'YYYY-MM-DD HH24:MI') as due, k.state as "standing?",
       case when w.by_id is not null then coalesce(b.name, w.by_id) end as by, s.locale as "reads?"
from tend.sla_alert a
left join tend.sla_clock k on k.job = a.job and k.ticket_id = a.ticket_id and k.clock = a.clock and k.cycle = a.cycle
left join crm.ticket t on t.ticket_id = a.ticket_id
left join tend.sla_ack w on w.job = a.job and w.ticket_id = a.ticket_id and w.clock = a.clock and w.cycle = a.cycle
left join crm.staff b on 'staff:' || b.staff_id = w.by_id
left join crm.staff s on s.staff_id = $2 and s.active
left join tend.sla_job j on j.job = a.job
where a.alert_id = $1 and ($2 = '' or s.staff_id is not null)
