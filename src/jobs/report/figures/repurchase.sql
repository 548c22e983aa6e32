-- figure: repurchase
-- unit: share; better: more; aggregate: mean; by: tier person
-- en: Bought again | Of the customers who bought in the period, the share whose last purchase in it was not their first ever.
-- zh-CN: 复购率 | 本期购买客户中，本期最后一次购买并非其首次购买的比例。
with /*{whom}*/
bought as (
    select o.customer_id, count(*) as orders
    from crm.orders o
    where o.status = 'paid' and o.placed_at >= :from::timestamptz and o.placed_at < :until::timestamptz
    group by o.customer_id
),
part as (
    select d.by, d.part, w.value
    from bought x
    left join crm.customer c on c.customer_id = x.customer_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    -- once a customer, not for each part and each of what is made of them
    cross join lateral (
        select (x.orders > 1 or exists (select from crm.orders o
                                        where o.customer_id = x.customer_id and o.status = 'paid' and o.placed_at < :from::timestamptz))::int::numeric as value
        offset 0
    ) w
    cross join lateral (values ('', ''), ('tier', v.level), ('person', c.owner_id)) d (by, part)
    where /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
