-- message/history_words: for each channel of a job the customer's newest word on its purpose, and whether the address is
-- suppressed. $1 customer, $2 channels in order, $3 purpose, $4 as-of.
select w.channel as "channel!", n.granted as "granted?", n.recorded_at as "recorded_at?", n.source as "source?",
       n.wording as "wording?", s.reason as "suppressed?", s.recorded_at as "suppressed_at?"
from crm.customer c
cross join unnest($2::text[]) with ordinality as w (channel, place)
left join lateral (
    select k.granted, k.recorded_at, k.source, k.wording
    from crm.consent k
    where k.customer_id = c.customer_id and k.channel = w.channel and k.purpose = $3 and k.recorded_at <= $4
    order by k.recorded_at desc
    limit 1
) n on true
left join tend.suppression s
  on s.channel = w.channel and s.lifted_at is null
 and s.address_key = tend.address_key(w.channel, case w.channel when 'email' then c.email else c.phone end)
where c.customer_id = $1
order by w.place
