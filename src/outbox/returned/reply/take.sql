-- outbox/returned/reply: a text message of a customer, written down once, and what it says done.
--   $1 number, $2 channel, $3 kind, $4 when, $5 now, $6 the provider's id, $7 text; $8 whether a stop stops everything;
--   $9 no second confirmation since then; $10 whether there is one at all
-- Indexes: tend.occasion_address (customers by the hash of their number), tend.outbox_customer, tend.choice_address,
-- tend.reply_address, the keys of customer and suppression.
with number as materialized (
    select tend.address_key('sms', $1::text) as address_key
),
-- who had a message at that number, and still has it
customer as materialized (
    select distinct c.customer_id, c.locale
    from number n
    join tend.occasion x on x.address_key = n.address_key
    join crm.customer c on c.customer_id = x.customer_id and tend.address_key('sms', nullif(btrim(c.phone), '')) = n.address_key
),
-- what it most likely answers
last as materialized (
    select m.message_id, m.public_id, m.customer_id
    from customer c
    cross join lateral (
        select message_id, public_id, customer_id, state_at from tend.outbox
        where customer_id = c.customer_id and channel = 'sms' and state in ('accepted', 'delivered', 'in_doubt')
        order by created_at desc limit 1
    ) m
    order by m.state_at desc
    limit 1
),
who as materialized (
    select coalesce((select customer_id from last), (select min(customer_id) from customer)) as customer_id
),
seen as materialized (
    select exists (select from tend.reply r where r.provider = $2 and r.reference = $6) as already
),
said as materialized (
    -- the newest word about each purpose, at this number
    select p.purpose,
           (select h.granted from tend.choice h
            where h.address_key = n.address_key and h.channel = 'sms' and h.purpose = p.purpose and h.topic = ''
            order by h.choice_id desc limit 1) as granted,
           (select h.source from tend.choice h
            where h.address_key = n.address_key and h.channel = 'sms' and h.purpose = p.purpose
            order by h.choice_id desc limit 1) as source
    from number n
    cross join (values ('marketing'), ('service')) p (purpose)
),
-- stop: unless it is the last word already; start: only what a stop did
chosen as (
    insert into tend.choice (customer_id, channel, address_key, purpose, topic, granted, at, source, message)
    select coalesce(c.customer_id, ''), 'sms', n.address_key, s.purpose, '', $3 = 'start', $5, 'sms', (select public_id from last)
    from said s
    cross join number n
    left join customer c on true
    where not (select already from seen)
      and ($3 = 'stop' and s.granted is distinct from false or $3 = 'start' and s.granted is false and s.source = 'sms')
    returning choice_id
),
suppressed as (
    insert into tend.suppression (channel, address_key, reason, customer_id, recorded_at)
    select 'sms', n.address_key, 'unsubscribed', w.customer_id, $5
    from number n cross join who w
    where $3 = 'stop' and $8 and not (select already from seen)
    on conflict (channel, address_key) do update
        set reason = 'unsubscribed', customer_id = excluded.customer_id, recorded_at = excluded.recorded_at, lifted_at = null
        where tend.suppression.lifted_at is not null
    returning 1
),
lifted as (
    update tend.suppression l
    set lifted_at = $5
    from number n
    where $3 = 'start' and l.channel = 'sms' and l.address_key = n.address_key and l.reason = 'unsubscribed' and l.lifted_at is null
      and not (select already from seen)
    returning 1
),
outcome as materialized (
    select exists (select from chosen) or exists (select from suppressed) or exists (select from lifted) as changed
),
written as (
    insert into tend.reply (customer_id, channel, provider, address_key, kind, message_id, at, received_at, reference, text, confirmed)
    select w.customer_id, 'sms', $2, n.address_key, $3, (select message_id from last), $4, $5, $6,
           case when $3 = 'other' and w.customer_id is not null then nullif($7::text, '') end,
           $10 and o.changed
               and not exists (select from tend.reply r where r.address_key = n.address_key and r.received_at > $9 and r.confirmed)
    from number n cross join who w cross join outcome o
    where not (select already from seen)
    returning confirmed
)
select o.changed as "changed!", exists (select from written) as "written!",
       coalesce((select confirmed from written), false) as "confirms!",
       (select c.locale from customer c join who w on w.customer_id = c.customer_id) as locale
from outcome o
