-- figure: handover
-- unit: seconds; better: less; aggregate: median; by: kind topic person tier channel
-- row: ticket g.at || chr(1) || g.ticket_id as ref,
-- en: Hand-over, median | Working time (of the review's calendar) from the moment a ticket is given to somebody else until that person does something about it; of hand-overs taken up in the period, within two months.
-- zh-CN: 交接时长（中位数） | 工单转交给他人后到接手人首次处理之间的工作时间（按本报告的日历）；统计本期被接手（两个月内）的转交。
with /*{whom}*/
open_time as (
    select range_agg(tstzrange(w.opens, w.closes)) as hours from unnest(:opens::timestamptz[], :closes::timestamptz[]) w (opens, closes)
),
given as (
    select e.ticket_id, e.at, e.value as to_id, t.taken_at
    from crm.ticket_event e
    cross join lateral (
        select min(n.at) as taken_at
        from crm.ticket_event n
        where n.ticket_id = e.ticket_id and n.at > e.at and n.kind in ('agent_message', 'state', 'acknowledged') and n.by_id = e.value
    ) t
    where e.kind = 'assigned' and e.value is not null and e.at >= :from::timestamptz - interval '62 days' and e.at < :until::timestamptz
      and t.taken_at >= :from::timestamptz and t.taken_at < :until::timestamptz
      -- it was somebody else's before, and nobody else's in between
      and coalesce((select b.value
                    from crm.ticket_event b
                    where b.ticket_id = e.ticket_id and b.kind = 'assigned' and (b.at, b.event_id collate "C") < (e.at, e.event_id collate "C")
                    order by b.at desc, b.event_id collate "C" desc
                    limit 1), e.value) <> e.value
      and not exists (select from crm.ticket_event b
                      where b.ticket_id = e.ticket_id and b.kind = 'assigned' and b.at > e.at and b.at < t.taken_at and b.value is distinct from e.value)
),
part as (
    select d.by, d.part, /*{row}*/
           w.value
    from given g
    join crm.ticket x on x.ticket_id = g.ticket_id
    cross join lateral (
        select coalesce(sum(extract(epoch from upper(r.r) - lower(r.r))), 0) as value
        from open_time o
        cross join lateral unnest(o.hours * tstzmultirange(tstzrange(g.at, g.taken_at))) r (r)
    ) w
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('kind', x.kind), ('topic', x.topic), ('person', g.to_id), ('tier', v.level),
                               ('channel', x.channel)) d (by, part)
    where /*{whose}*/ true and (:staff::text[] is null or g.to_id = any (:staff::text[]))
)
/*{measured}*/
