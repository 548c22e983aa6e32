-- figure: nps
-- unit: points; better: more; aggregate: mean; by: tier person job
-- row: answer x.message_id::text as ref,
-- en: Net promoter score (NPS) | Of the answers to "would you recommend us?" given in the period: the percentage with 9 or 10 less the percentage with 0 to 6; from -100 to 100.
-- zh-CN: 净推荐值（NPS） | 本期收到的推荐意愿评分中，9至10分的百分比减去0至6分的百分比，介于-100与100之间。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           case when x.score >= 9 then 100 when x.score <= 6 then -100 else 0 end::numeric as value
    from tend.answer x
    left join crm.customer c on c.customer_id = x.customer_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('tier', v.level), ('person', c.owner_id), ('job', x.job)) d (by, part)
    where x.survey = 'nps' and x.answered_at >= :from::timestamptz and x.answered_at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
