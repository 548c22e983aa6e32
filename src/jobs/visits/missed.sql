-- visits/missed: visits $1, that were just found missed, each with whose it was, and with the supervisor who hears of it (null:
-- there is none). Indexes: key of tend.task, task_event_task.
select t.on_day as "on_day!", t.task_id, t.customer_id, coalesce(c.name, '') as "customer!", coalesce(w.name, t.assignee_id, '') as "whose!",
       e.staff_id as "supervisor?", s.locale as "locale?"
from tend.task t
left join crm.customer c on c.customer_id = t.customer_id
left join crm.staff w on w.staff_id = t.assignee_id
left join lateral (select v.staff_id from tend.task_event v where v.task_id = t.task_id and v.what = 'escalated'
                   order by v.event_id desc limit 1) e on true
left join crm.staff s on s.staff_id = e.staff_id
where t.task_id = any ($1::bigint[])
order by e.staff_id collate "C", t.assignee_id collate "C", t.on_day, t.task_id
