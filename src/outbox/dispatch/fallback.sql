-- dispatch/fallback: messages that their channel refused for good go by the next one that may step in; never those whose
-- fate is unknown, nor those that an earlier attempt may have brought: another channel would make a second message of it. $1 now. The ledger follows the address, so that an address on two customers still gets one message.
-- Index: tend.outbox_fallback.
with refused as (
    select m.message_id, m.job, m.customer_id, m.occasion, m.step, m.channel as was, m.state_reason, m.not_after, m.attempts, m.fallback,
           f.channel, f.locale, f.offer, f.on_unknown, tend.opens_at(greatest($1::timestamptz, m.not_before), m.zone, m.opens, m.closes) as opens_next
    from tend.outbox m
    cross join lateral jsonb_to_record(m.fallback -> 0) as f (channel text, locale text, offer jsonb, on_unknown text)
    where m.state in ('rejected', 'bounced') and m.fallback is not null
    order by m.message_id
    limit 1000
    for update of m skip locked
),
known as (
    select r.*, o.occurs_on, tend.address_key(r.channel, nullif(btrim(case r.channel when 'email' then c.email else c.phone end), '')) as address_key
    from refused r
    left join crm.customer c on c.customer_id = r.customer_id
    left join tend.occasion o on o.job = r.job and o.customer_id = r.customer_id and o.occasion = r.occasion and o.step = r.step
),
judged as (
    select k.*,
           k.address_key is not null and k.opens_next < k.not_after
               and not exists (select from tend.attempt a
                               where a.message_id = k.message_id and a.attempt < k.attempts and a.outcome = 'in_doubt')
               and row_number() over (partition by k.address_key, k.occurs_on, k.job, k.step order by k.message_id) = 1
               and not exists (select from tend.occasion x
                               where x.address_key = k.address_key and x.occurs_on = k.occurs_on and x.job = k.job and x.step = k.step
                                 and x.customer_id <> k.customer_id) as goes
    from known k
),
ledger as (
    update tend.occasion o
    set address_key = j.address_key
    from judged j
    where j.goes and o.job = j.job and o.customer_id = j.customer_id and o.occasion = j.occasion and o.step = j.step
)
update tend.outbox m
set fallback = nullif(m.fallback - 0, '[]'::jsonb),
    state = case when j.goes then 'planned' else m.state end,
    state_at = case when j.goes then $1 else m.state_at end,
    state_reason = case when j.goes then 'refused by ' || j.was || ', goes by ' || j.channel || '; ' || coalesce(j.state_reason, '')
                        else m.state_reason end,
    channel = case when j.goes then j.channel else m.channel end,
    attempts_before = case when j.goes then m.attempts else m.attempts_before end,
    provider = case when j.goes then null else m.provider end,
    -- the claim wrote down what the channel says that refused it; the next one has its own word, unless the file has one
    on_unknown = case when j.goes then j.on_unknown else m.on_unknown end,
    locale = case when j.goes then coalesce(j.locale, m.locale) else m.locale end,
    -- only the words change: what else was given with the offer stays the customer's
    data = case when j.goes and jsonb_typeof(j.offer) = 'object' and jsonb_typeof(m.data -> 'offer') = 'object'
                then jsonb_set(m.data, '{offer}', (m.data -> 'offer') || j.offer) else m.data end,
    not_before = case when j.goes then j.opens_next else m.not_before end
from judged j
where m.message_id = j.message_id
