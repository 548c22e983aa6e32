-- figure: complaint_surges
-- unit: count; better: less; aggregate: count; by: topic job; of: all
-- en: Surges of complaints | Times in the period when complaints of a type came much more often than usual, by the rule of the early warning.
-- zh-CN: 投诉激增 | 本期某类投诉明显多于平常的次数（按投诉预警的规则）。
with /*{whom}*/
part as (
    select d.by, d.part, 1::numeric as value
    from tend.surge x
    cross join lateral (values ('', ''), ('topic', x.subject), ('job', x.job)) d (by, part)
    where x.began_at >= :from::timestamptz and x.began_at < :until::timestamptz
)
/*{measured}*/
