-- web: what a customer gets as things stand, of each purpose ($2), topic ($3) and channel ($4), where there is an
-- address; the same rules as at planning (outbox/policy) and sending (outbox/dispatch). $1 the customer.
select i.purpose as "purpose!", i.topic as "topic!", i.channel as "channel!",
       case when u.granted is false or v.granted is false then false
            when u.granted and coalesce(n.recorded_at < u.at, true) then true
            else coalesce(n.granted, i.purpose = 'service') end as "sent!"
from crm.customer c
cross join unnest($2::text[], $3::text[], $4::text[]) with ordinality as i (purpose, topic, channel, place)
cross join lateral (
    select nullif(btrim(case i.channel when 'email' then c.email else c.phone end), '') as address
) a
left join lateral (
    select h.granted, h.at from tend.choice h
    where h.customer_id = c.customer_id and h.channel = i.channel and h.purpose = i.purpose and h.topic in ('', i.topic)
    order by h.choice_id desc limit 1
) u on true
left join lateral (
    select h.granted from tend.choice h
    where h.address_key = tend.address_key(i.channel, a.address) and h.channel = i.channel and h.purpose = i.purpose
      and h.topic in ('', i.topic)
    order by h.choice_id desc limit 1
) v on true
left join lateral (
    select w.granted, w.recorded_at from crm.consent w
    where w.customer_id = c.customer_id and w.channel = i.channel and w.purpose = i.purpose
    order by w.recorded_at desc limit 1
) n on true
where c.customer_id = $1 and a.address is not null
order by i.place
