-- figure: contacts
-- unit: number; better: more; aggregate: mean; by: tier person
-- en: Contacts per customer | Days in the period on which a customer and the company were in touch (a contact on record, or a visit or call that was done), a customer of status active on average. Several contacts on a day are one.
-- zh-CN: 人均接触次数 | 本期客户与公司有接触（记录在案的联系，或已完成的拜访、回访）的天数，按状态为active的客户平均。同一天多次接触计一次。
with /*{whom}*/
day as (
    select t.customer_id, count(*) as days
    from (
        select i.customer_id, (i.at at time zone :zone::text)::date as day
        from crm.interaction i
        where i.at >= :from::timestamptz and i.at < :until::timestamptz
        union
        select k.customer_id, (k.state_at at time zone :zone::text)::date
        from tend.task k
        where k.state = 'done' and k.kind in ('visit', 'callback', 'rescue') and k.state_at >= :from::timestamptz and k.state_at < :until::timestamptz
    ) t
    group by t.customer_id
),
part as (
    select d.by, d.part, coalesce(k.days, 0)::numeric as value
    from crm.customer x
    left join day k on k.customer_id = x.customer_id
    left join tend.levels_at(:ladder::text, :until::timestamptz) v on v.customer_id = x.customer_id
    cross join lateral (values ('', ''), ('tier', v.level), ('person', x.owner_id)) d (by, part)
    where x.status = 'active' and x.created_at < :until::timestamptz
      and /*{whose}*/ true and (:staff::text[] is null or x.owner_id = any (:staff::text[]))
)
/*{measured}*/
