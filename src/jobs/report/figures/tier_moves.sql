-- figure: tier_moves
-- unit: count; better: neither; aggregate: count; by: move direction person
-- en: Moves between tiers | Moves of customers from one tier to another in the period; who moves twice counts twice. A first tier is no move.
-- zh-CN: 等级变动 | 本期客户在等级之间的变动次数；变动两次计两次，首次定级不算变动。
with /*{whom}*/
part as (
    select d.by, d.part, 1::numeric as value
    from tend.ladder_move x
    left join crm.customer c on c.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('move', x.from_level || ' → ' || x.to_level), ('direction', x.direction), ('person', c.owner_id)) d (by, part)
    where x.ladder = :ladder::text and x.at >= :from::timestamptz and x.at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or c.owner_id = any (:staff::text[]))
)
/*{measured}*/
