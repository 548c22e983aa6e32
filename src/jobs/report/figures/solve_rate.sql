-- figure: solve_rate
-- unit: share; better: more; aggregate: mean; by: kind urgency channel tier person topic
-- row: ticket x.ticket_id as ref,
-- en: Solved | Of the tickets opened in the period, the share that was solved, and not open again, when the review was made; the period before is looked at just as long after its end.
-- zh-CN: 解决率 | 本期创建的工单中，截至出报告时已解决且未重新打开的比例；上期按同样的时间差计算。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           coalesce(s.state in ('solved', 'closed'), least(x.solved_at, x.closed_at) <= :seen::timestamptz, false)::int::numeric as value
    from crm.ticket x
    -- as its log says it stood then; a ticket without one, by its own columns
    left join lateral (
        select e.value as state
        from crm.ticket_event e
        where e.ticket_id = x.ticket_id and e.kind = 'state' and e.at <= :seen::timestamptz
        order by e.at desc, e.event_id collate "C" desc
        limit 1
    ) s on true
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('kind', x.kind), ('urgency', x.urgency), ('channel', x.channel), ('tier', v.level),
                               ('person', x.assignee_id), ('topic', x.topic)) d (by, part)
    where x.opened_at >= :from::timestamptz and x.opened_at < :until::timestamptz and (:which::text is null or x.kind = :which::text)
      and /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
