-- figure: visits_planned
-- unit: count; better: neither; aggregate: count; by: tier person
-- row: task x.task_id::text as ref,
-- en: Visits planned | Visits planned for days of the period and not called off.
-- zh-CN: 计划拜访数 | 计划在本期且未取消的拜访数。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           case when :which::text = 'kept' then (x.state = 'done' and x.state_at <= :seen::timestamptz)::int else 1 end::numeric as value
    from tend.task x
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('tier', coalesce(x.detail ->> 'level', v.level)), ('person', x.assignee_id)) d (by, part)
    where x.kind = 'visit' and x.on_day between :first_day::date and :last_day::date and x.state <> 'cancelled'
      and /*{whose}*/ true and (:staff::text[] is null or x.assignee_id = any (:staff::text[]))
)
/*{measured}*/
