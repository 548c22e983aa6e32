-- figure: retention
-- unit: share; better: more; aggregate: mean; by: tier person
-- en: Customers kept | Of the customers who were active when the period began (a paid order in the 180 days before, if the file does not say otherwise), the share still active at its end. By the tier at the beginning, and the owner of now.
-- zh-CN: 客户留存率 | 期初活跃客户（此前180天内有已付款订单，文件可另行规定）中期末仍活跃的比例。等级按期初、归属按当前负责人计。
with /*{whom}*/
bought as (
    select o.customer_id, max(o.placed_at) >= :until::timestamptz - make_interval(secs => :inactive_after::float8) as is_active
    from crm.orders o
    where o.status = 'paid' and o.placed_at >= :from::timestamptz - make_interval(secs => :inactive_after::float8) and o.placed_at < :until::timestamptz
    group by o.customer_id
    having min(o.placed_at) < :from::timestamptz
),
part as (
    select d.by, d.part, (x.is_active = (:which::text is null))::int::numeric as value
    from bought x
    left join crm.customer c on c.customer_id = x.customer_id
    left join tend.levels_at(:ladder::text, :from::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('tier', v.level), ('person', c.owner_id)) d (by, part)
    where /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
