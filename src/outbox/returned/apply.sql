-- outbox/returned: makes messages ($1) what all that came back about them says, now ($2). Those in the network wait.
with known as (
    select m.message_id, m.state, m.attempts,
           -- handed over at some time, and nobody knew whether it was taken: it may have been sent again since
           exists (select from tend.attempt a
                   where a.message_id = m.message_id and a.attempt <= m.attempts and a.outcome = 'in_doubt') as doubted,
           coalesce((select x.address_key from tend.occasion x
                     where x.job = m.job and x.customer_id = m.customer_id and x.occasion = m.occasion and x.step = m.step),
                    tend.address_key(m.channel, nullif(btrim(case m.channel when 'email' then c.email else c.phone end), ''))) as address_key
    from tend.outbox m
    left join crm.customer c on c.customer_id = m.customer_id
    where m.message_id = any ($1) and m.state not in ('claimed', 'handed_off')
    for update of m
),
-- what was said about the address it went to last: another channel may have stepped in since
verdict as (
    select distinct on (k.message_id) k.message_id, k.state, k.doubted, r.said, r.source, r.code, r.detail
    from known k
    join tend.receipt r on r.message_id = k.message_id and r.said <> 'delayed' and r.address_key is not distinct from k.address_key
    order by k.message_id, r.said = 'complained' desc, r.said = 'bounced' desc, r.at desc, r.said = 'delivered' desc, r.receipt_id desc
),
becomes as (
    select v.message_id, v.state as was,
           case v.said when 'delivered' then 'delivered' when 'complained' then 'complained' else 'bounced' end as state,
           case when v.said = 'delivered' and v.doubted and v.state <> 'accepted' then 'settled by its receipt: delivered'
                when v.said = 'delivered' then null
                else concat_ws(' ', case v.said when 'complained' then 'called spam by the customer'
                                                when 'bounced' then 'came back, there is no such address:'
                                                when 'refused' then 'came back, refused:'
                                                else 'came back:' end, nullif(v.code, ''), v.detail) end as state_reason
    from verdict v
    where v.state in ('accepted', 'delivered', 'bounced', 'complained', 'in_doubt')
       or v.state in ('planned', 'held', 'dead', 'expired') and v.doubted
),
moved as (
    update tend.outbox m
    set state = b.state, state_at = $2, state_reason = b.state_reason
    from becomes b
    where m.message_id = b.message_id and m.state <> b.state
    returning m.message_id
),
answered as (
    update tend.inquiry i
    set said = 'settled by its receipt', ended_at = $2
    from becomes b
    where i.message_id = b.message_id and i.ended_at is null
)
update tend.receipt r
set applied_at = $2
from known k
where r.message_id = k.message_id and r.applied_at is null
