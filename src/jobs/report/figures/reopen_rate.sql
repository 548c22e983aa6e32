-- figure: reopen_rate
-- unit: share; better: less; aggregate: mean; by: kind topic person tier channel
-- row: ticket s.at || chr(1) || s.ticket_id as ref,
-- en: Opened again | Of the solvings of tickets in the period, the share after which the ticket was open again by the time of the review. A ticket solved twice counts twice; closing what is solved is no second solving.
-- zh-CN: 重开率 | 本期每次“解决”之后、截至出报告时工单又被打开的比例。解决两次计两次；解决后的关闭不算再次解决。
with /*{whom}*/
solving as (
    select e.ticket_id, e.at
    from crm.ticket_event e
    where e.kind = 'state' and e.value in ('solved', 'closed') and e.at >= :from::timestamptz and e.at < :until::timestamptz
      and coalesce((select b.value
                    from crm.ticket_event b
                    where b.ticket_id = e.ticket_id and b.kind = 'state' and (b.at, b.event_id collate "C") < (e.at, e.event_id collate "C")
                    order by b.at desc, b.event_id collate "C" desc
                    limit 1), '') not in ('solved', 'closed')
    union all
    -- without a log of its states: as it stands; asked of each ticket, not of the log of all years
    select t.ticket_id, t.solved_at
    from crm.ticket t
    where t.solved_at >= :from::timestamptz and t.solved_at < :until::timestamptz
      and (select e.ticket_id from crm.ticket_event e where e.ticket_id = t.ticket_id and e.kind = 'state' limit 1) is null
),
part as (
    select d.by, d.part, /*{row}*/
           w.value
    from solving s
    join crm.ticket x on x.ticket_id = s.ticket_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    -- once a solving, not for each part and each of what is made of them
    cross join lateral (
        select exists (select from crm.ticket_event e
                       where e.ticket_id = s.ticket_id and e.kind = 'state' and e.at > s.at and e.at <= :seen::timestamptz
                         and e.value not in ('solved', 'closed'))::int::numeric as value
        offset 0
    ) w
    cross join lateral (values ('', ''), ('kind', x.kind), ('topic', x.topic), ('person', x.assignee_id), ('tier', v.level),
                               ('channel', x.channel)) d (by, part)
    where /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
