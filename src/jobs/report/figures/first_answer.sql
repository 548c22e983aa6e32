-- figure: first_answer
-- unit: seconds; better: less; aggregate: median; by: kind urgency channel tier person topic
-- row: ticket x.ticket_id as ref,
-- en: First answer, median | Time from the opening of a ticket to the first message of staff, all hours counted; half of the tickets whose first answer came in the period took longer. Tickets that nobody has answered yet are not in it: see "deadlines met".
-- zh-CN: 首次响应时间（中位数） | 从工单创建到员工第一次回复的自然时间；统计首次回复落在本期的工单，一半工单比它更久。尚未回复的工单不计入，见“时限达成率”。
with /*{whom}*/
answered as (
    select e.ticket_id, min(e.at) as at
    from crm.ticket_event e
    join crm.ticket t on t.ticket_id = e.ticket_id and t.opened_at <= e.at
    where e.kind = 'agent_message' and e.at >= :from::timestamptz and e.at < :until::timestamptz
      and not exists (select from crm.ticket_event b
                      where b.ticket_id = e.ticket_id and b.kind = 'agent_message' and b.at >= t.opened_at and b.at < :from::timestamptz)
    group by e.ticket_id
),
part as (
    select d.by, d.part, /*{row}*/
           extract(epoch from a.at - x.opened_at) as value
    from answered a
    join crm.ticket x on x.ticket_id = a.ticket_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('kind', x.kind), ('urgency', x.urgency), ('channel', x.channel), ('tier', v.level),
                               ('person', x.assignee_id), ('topic', x.topic)) d (by, part)
    where /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
