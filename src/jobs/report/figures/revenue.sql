-- figure: revenue
-- unit: money; better: more; aggregate: sum; by: tier channel person
-- row: order x.customer_id || chr(1) || x.order_id as ref,
-- en: Revenue | The amounts of paid orders placed in the period. Amounts of several currencies are added up as they are.
-- zh-CN: 销售额 | 本期下单且已付款订单的金额合计；多种货币按数值直接相加。
with /*{whom}*/
part as (
    select d.by, d.part, /*{row}*/
           x.amount as value
    from crm.orders x
    left join crm.customer c on c.customer_id = x.customer_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('tier', v.level), ('channel', x.channel), ('person', c.owner_id)) d (by, part)
    where x.status = 'paid' and x.placed_at >= :from::timestamptz and x.placed_at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
