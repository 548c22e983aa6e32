-- figure: active_customers
-- unit: count; better: more; aggregate: count; by: tier person
-- en: Customers who bought | Customers with a paid order in the period.
-- zh-CN: 购买客户数 | 本期有已付款订单的客户数。
with /*{whom}*/
bought as (
    select distinct o.customer_id
    from crm.orders o
    where o.status = 'paid' and o.placed_at >= :from::timestamptz and o.placed_at < :until::timestamptz
),
part as (
    select d.by, d.part, 1::numeric as value
    from bought x
    left join crm.customer c on c.customer_id = x.customer_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('tier', v.level), ('person', c.owner_id)) d (by, part)
    where /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
