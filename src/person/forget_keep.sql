-- person: what has to outlive a customer ($1) who is forgotten at $2: the addresses stay suppressed, by their hash only, and
-- what is still owed is not sent.
with
addresses as (
    select w.channel, tend.address_key(w.channel, w.address) as address_key
    from crm.customer c
    cross join lateral (values ('email', nullif(btrim(c.email), '')), ('sms', nullif(btrim(c.phone), ''))) w (channel, address)
    where c.customer_id = $1 and w.address is not null
),
suppressed as (
    insert into tend.suppression (channel, address_key, reason, recorded_at)
    select channel, address_key, 'forgotten', $2 from addresses
    on conflict (channel, address_key) do update
        set reason = 'forgotten', customer_id = null, recorded_at = excluded.recorded_at, lifted_at = null
    returning 1
),
cancelled as (
    update tend.outbox set state = 'cancelled', state_at = $2, state_reason = 'the customer is forgotten'
    where customer_id = $1 and state in ('planned', 'held', 'in_doubt')
    returning 1
)
select (select count(*) from suppressed) as "suppressed!", (select count(*) from cancelled) as "cancelled!"
