-- outbox/sample: messages of a run as they would be rendered. $1 run, $2 only this customer, $3 only this channel, $4 at most
-- so many, those to the longest names first.
select o.public_id, o.customer_id, o.step, o.channel, o.template, o.locale, o.purpose, coalesce(c.name, '') as "name!",
       c.locale as reads, c.country, nullif(btrim(case o.channel when 'email' then c.email else c.phone end), '') as address,
       case when u.code is null then o.data
            else jsonb_set(o.data, '{coupon}', (o.data -> 'coupon') || jsonb_build_object('code', u.code, 'expires', u.told_until)) end as "data!"
from tend.outbox o
left join crm.customer c on c.customer_id = o.customer_id
left join tend.coupon u on u.coupon_id = o.coupon_id
where o.run_id = $1 and ($2::text is null or o.customer_id = $2) and ($3::text is null or o.channel = $3)
order by length(coalesce(c.name, '')) desc, o.message_id
limit $4
