-- person: what has to outlive a customer ($1) who is forgotten at $2: the addresses stay suppressed, by their hash only, and
-- what is still owed is not sent, not even what a dispatcher is about to hand off; what people still had to do is cancelled.
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
-- locked as they are now: nobody claims or gives back any of them meanwhile
owed as materialized (
    select message_id, state, attempts, owner from tend.outbox
    where customer_id = $1 and state in ('planned', 'held', 'in_doubt', 'claimed', 'handed_off')
    for update
),
-- what a dispatcher has claimed it cannot hand off any more when there is an attempt of that number; no row here: it was
-- quicker, and the message is in the network
barred as (
    insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes)
    select message_id, attempts + 1, owner, $2, $2, 'not_sent', 'cancelled' from owed where state in ('claimed', 'handed_off')
    on conflict do nothing
    returning message_id
),
cancelled as (
    update tend.outbox m
    set state = 'cancelled', state_at = $2, state_reason = 'the customer is forgotten', owner = null,
        attempts = m.attempts + case when o.state in ('claimed', 'handed_off') then 1 else 0 end
    from owed o
    where m.message_id = o.message_id and (o.state not in ('claimed', 'handed_off') or exists (select from barred b where b.message_id = o.message_id))
    returning 1
),
-- nobody phones them any more either
to_do as materialized (
    select task_id, state from tend.task where customer_id = $1 and state in ('planned', 'open') for update
),
dropped as (
    update tend.task t set state = 'cancelled', state_at = greatest($2, t.created_at)
    from to_do d
    where t.task_id = d.task_id
    returning t.task_id, d.state, t.state_at, t.assignee_id
),
dropped_noted as (
    insert into tend.task_event (task_id, at, what, from_state, staff_id)
    select task_id, state_at, 'cancelled', state, assignee_id from dropped
)
select (select count(*) from suppressed) as "suppressed!", (select count(*) from cancelled) as "cancelled!", (select count(*) from dropped) as "dropped!"
