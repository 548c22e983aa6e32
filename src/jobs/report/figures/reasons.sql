-- figure: reasons
-- unit: count; better: neither; aggregate: count; by: reason job tier
-- row: answer x.message_id::text as ref,
-- en: Reasons given | Answers in the period to a question for reasons: why somebody stays away, what somebody looks for.
-- zh-CN: 客户给出的原因 | 本期客户对“原因”类问题（为何不再来、在找什么）的回答数。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           1::numeric as value
    from tend.answer x
    left join crm.customer c on c.customer_id = x.customer_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('reason', x.choice), ('job', x.job), ('tier', v.level)) d (by, part)
    where x.survey = 'choice' and x.answered_at >= :from::timestamptz and x.answered_at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
