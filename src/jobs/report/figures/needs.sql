-- figure: needs
-- unit: count; better: neither; aggregate: count; by: product strength tier person
-- en: Needs unmet | Customers who looked at a product at least three times in the period and did not buy it by its end; one for each product. Strength: how often they looked.
-- zh-CN: 未满足的需求 | 本期至少三次浏览某商品而到期末仍未购买的客户数，每个商品计一次。强度：浏览次数。
with /*{whom}*/
looked as (
    select p.customer_id, p.product_id, count(*) as times, min(p.at) as first_at
    from crm.product_view p
    where p.at >= :from::timestamptz and p.at < :until::timestamptz
    group by p.customer_id, p.product_id
    having count(*) >= 3
),
part as (
    select d.by, d.part, 1::numeric as value
    from looked x
    left join crm.customer c on c.customer_id = x.customer_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('product', x.product_id), ('tier', v.level), ('person', c.owner_id),
                               ('strength', case when x.times >= 10 then '10+' when x.times >= 5 then '5-9' else '3-4' end)) d (by, part)
    where not exists (select from crm.orders o
                      where o.customer_id = x.customer_id and o.status = 'paid' and o.product_id = x.product_id
                        and o.placed_at >= x.first_at and o.placed_at < :until::timestamptz)
      and /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
