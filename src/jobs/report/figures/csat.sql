-- figure: csat
-- unit: share; better: more; aggregate: mean; by: person kind topic tier job
-- row: answer x.message_id::text as ref,
-- en: Satisfied customers (CSAT) | Of the answers to "how was it?" given in the period, the share with 4 or 5 of 5.
-- zh-CN: 满意度（CSAT） | 本期收到的满意度评价中，打4分或5分（满分5分）的比例。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           case when :which::text is null then (x.score >= 4)::int else x.score end::numeric as value
    from tend.answer x
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('person', x.about ->> 'staff'), ('kind', x.about ->> 'kind'), ('topic', x.about ->> 'topic'),
                               ('tier', v.level), ('job', x.job)) d (by, part)
    where x.survey = 'csat' and x.answered_at >= :from::timestamptz and x.answered_at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or x.about ->> 'staff' = any (:staff::text[]))
)
/*{measured}*/
