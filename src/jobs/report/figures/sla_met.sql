-- figure: sla_met
-- unit: share; better: more; aggregate: mean; by: clock kind urgency channel tier person policy
-- row: ticket concat_ws(' ', k.job, k.clock, k.cycle) || chr(1) || k.ticket_id as ref,
-- en: Deadlines met | Of the deadlines of tickets that were decided in the period (met, or passed without being met), the share that was met. Time stands still while the customer is waited for.
-- zh-CN: 时限达成率 | 本期见分晓的工单时限（已达成，或到期未达成）中达成的比例。等待客户期间不计时。
with /*{whom}*/
decided as (
    select k.*, coalesce(k.breached_at, case when k.state = 'met' then k.stopped_at end) as decided_at from tend.sla_clock k
),
part as (
    select d.by, d.part, /*{row}*/
           (k.breached_at is null = (:which::text is null))::int::numeric as value
    from decided k
    join crm.ticket x on x.ticket_id = k.ticket_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('clock', k.clock), ('kind', x.kind), ('urgency', x.urgency), ('channel', x.channel), ('tier', v.level),
                               ('person', x.assignee_id), ('policy', k.policy)) d (by, part)
    where k.decided_at >= :from::timestamptz and k.decided_at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
