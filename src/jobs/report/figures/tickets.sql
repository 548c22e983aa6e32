-- figure: tickets
-- unit: count; better: neither; aggregate: count; by: kind topic channel urgency tier person
-- row: ticket x.ticket_id as ref,
-- en: Tickets | Tickets opened in the period.
-- zh-CN: 工单数 | 本期创建的工单数。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           1::numeric as value
    from crm.ticket x
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('kind', x.kind), ('topic', x.topic), ('channel', x.channel), ('urgency', x.urgency), ('tier', v.level),
                               ('person', x.assignee_id)) d (by, part)
    where x.opened_at >= :from::timestamptz and x.opened_at < :until::timestamptz and (:which::text is null or x.kind = :which::text)
      and /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
