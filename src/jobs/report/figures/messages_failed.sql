-- figure: messages_failed
-- unit: share; better: less; aggregate: mean; by: channel job
-- row: message x.message_id::text as ref,
-- en: Messages that failed | Of the messages to customers planned in the period whose fate is known, the share refused, returned, expired or given up.
-- zh-CN: 消息失败率 | 本期计划且结果已明的客户消息中，被拒、退回、过期或放弃的比例。
with /*{whom}*/
run as (
    select r.run_id
    from tend.job_run r
    where r.slot >= :from::timestamptz and r.slot < :until::timestamptz
),
part as (
    select d.by, d.part, /*{row}*/
           case when :which::text is null then (x.state in ('rejected', 'bounced', 'expired', 'dead'))::int else 1 end::numeric as value
    from run
    join tend.outbox x on x.run_id = run.run_id and x.recipient is null
    left join crm.customer c on c.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('channel', x.channel), ('job', x.job)) d (by, part)
    where case when :which::text is null then x.state in ('accepted', 'delivered', 'complained', 'rejected', 'bounced', 'expired', 'dead')
               else x.state = :which::text end
      and /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
