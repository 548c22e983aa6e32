-- figure: visits_late
-- unit: share; better: less; aggregate: mean; by: tier person
-- row: task x.task_id::text as ref,
-- en: Visits late | Of the visits reported as made in the period, the share reported on a later day than planned.
-- zh-CN: 拜访延迟率 | 本期报告完成的拜访中，完成日晚于计划日的比例。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           ((x.state_at at time zone x.zone)::date > x.on_day)::int::numeric as value
    from tend.task x
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('tier', coalesce(x.detail ->> 'level', v.level)), ('person', x.assignee_id)) d (by, part)
    where x.kind = 'visit' and x.on_day is not null and x.state = 'done' and x.state_at >= :from::timestamptz and x.state_at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
