-- web: one word of a customer, unless the last one about it was the same: $1 customer, $2 channel, $3 the address it is
-- about as a key (null: the one known now), $4 purpose, $5 topic, $6 granted, $7 when, $8 source, $9 message, $10 wording.
with who as (
    select coalesce(c.customer_id, '') as customer_id,
           coalesce($3::text, tend.address_key($2::text, nullif(btrim(case $2::text when 'email' then c.email else c.phone end), ''))) as address_key
    from (values (1)) one (row)
    left join crm.customer c on c.customer_id = $1::text
),
-- what was said last about this purpose on this channel, of this topic or of all
last as (
    select h.topic, h.granted, h.address_key
    from who w
    join tend.choice h on h.customer_id = w.customer_id and h.channel = $2::text and h.purpose = $4::text
     and (w.customer_id <> '' or h.address_key = w.address_key) and (h.topic in ('', $5::text) or $5::text = '')
    order by h.choice_id desc
    limit 1
)
insert into tend.choice (customer_id, channel, address_key, purpose, topic, granted, at, source, message, wording)
select w.customer_id, $2, w.address_key, $4, $5, $6, $7, $8, $9, $10
from who w
where not exists (
    select from last l
    where l.topic = $5::text and l.granted = $6::boolean and l.address_key is not distinct from w.address_key)
