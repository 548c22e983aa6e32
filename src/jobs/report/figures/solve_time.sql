-- figure: solve_time
-- unit: seconds; better: less; aggregate: median; by: kind urgency channel tier person topic
-- row: ticket x.ticket_id as ref,
-- en: Time to solve, median | Time from the opening of a ticket to its last solving, all hours counted; of the tickets solved in the period and not open again.
-- zh-CN: 解决时长（中位数） | 从工单创建到最后一次解决的自然时间；统计本期解决且未重新打开的工单。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           extract(epoch from x.solved_at - x.opened_at) as value
    from crm.ticket x
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('kind', x.kind), ('urgency', x.urgency), ('channel', x.channel), ('tier', v.level),
                               ('person', x.assignee_id), ('topic', x.topic)) d (by, part)
    where x.solved_at >= :from::timestamptz and x.solved_at < :until::timestamptz and x.solved_at >= x.opened_at
      and not tend.reopened(x.ticket_id, x.solved_at, :seen::timestamptz)
      and /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
