-- figure: repeat_rate
-- unit: share; better: less; aggregate: mean; by: topic kind tier channel person
-- row: ticket x.ticket_id as ref,
-- en: Asked again | Of the tickets opened in the period, the share of those whose customer had opened another about the same topic shortly before (7 days, if the file does not say it). Tickets without a topic count as one topic.
-- zh-CN: 重复咨询率 | 本期创建的工单中，同一客户在此前短期内（文件未写明时为7天）就同一主题提过工单的比例。没有主题的视为同一主题。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           w.value
    from crm.ticket x
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    -- once a ticket, not for each part and each of what is made of them
    cross join lateral (
        select exists (select from crm.ticket y
                       where y.customer_id = x.customer_id and y.topic is not distinct from x.topic
                         and y.opened_at >= x.opened_at - make_interval(secs => :repeat_within::float8) and y.opened_at <= x.opened_at
                         and (y.opened_at, y.ticket_id collate "C") < (x.opened_at, x.ticket_id collate "C"))::int::numeric as value
        offset 0
    ) w
    cross join lateral (values ('', ''), ('topic', x.topic), ('kind', x.kind), ('tier', v.level), ('channel', x.channel),
                               ('person', x.assignee_id)) d (by, part)
    where x.opened_at >= :from::timestamptz and x.opened_at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
