-- Claims what a channel owes now and judges it once more: $1 owner, $2 channel, $3 its lanes, $4 now, $5 at most so many,
-- $6 what happens to unknown ones unless the message says it, $7 sort.
-- Index: tend.outbox_owed, one descent per lane and priority; keys of customer, suppression, consent, provider_state.
with recursive
-- this process still holds its lease; recovery waits for the lock or has deleted the row
alive as materialized (
    select owner from tend.dispatcher where owner = $1 for key share
),
-- the priorities there are, one index descent each
levels as (
    (select coalesce(o.provider, '*' || o.channel) as lane, o.priority
     from unnest($3::text[]) l (lane)
     cross join lateral (
         select provider, channel, priority from tend.outbox
         where coalesce(provider, '*' || channel) = l.lane and state = 'planned'
         order by priority desc limit 1) o)
    union all
    select v.lane, n.priority
    from levels v
    cross join lateral (
        select priority from tend.outbox
        where coalesce(provider, '*' || channel) = v.lane and state = 'planned' and priority < v.priority
        order by priority desc limit 1) n
),
picked as (
    select o.*
    from (select lane, priority from levels order by priority desc) v
    cross join lateral (
        select message_id, public_id, spec_hash, customer_id, purpose, topic, consent, template, locale, data, not_before, not_after, zone,
               opens, closes, attempts, attempts_before, priority, coalesce(on_unknown, $6) as on_unknown, coupon_id, recipient
        from tend.outbox
        where coalesce(provider, '*' || channel) = v.lane and state = 'planned' and priority = v.priority and not_before <= $4
        order by not_before, message_id
        limit $5
        for update skip locked) o
    where exists (select from alive)
    order by o.priority desc, o.not_before, o.message_id
    limit $5
),
-- what is known of the customer now, not when the message was planned
known as (
    select p.*, case when p.recipient is null then c.customer_id is null else h.gone end as gone,
           case when p.recipient is null then c.status else 'active' end as status,
           coalesce(c.name, h.name, '') as name, coalesce(c.locale, h.locale) as reads, c.country,
           a.address, y.address_key, lower(split_part(a.address, '@', 2)) as domain, s.reason as suppressed,
           -- where the customer's word is needed, a row that is gone is as good as a no
           case coalesce(p.consent, case p.purpose when 'transactional' then 'not_needed' else 'not_withdrawn' end)
               when 'granted' then g.granted is not true
               when 'not_withdrawn' then g.granted is false
               else false end as withdrawn,
           u.granted is false or v.granted is false as unsubscribed,
           case when p.recipient is not null then jsonb_build_object('occasion', h.data)
                when k.code is null then p.data
                else jsonb_set(p.data, '{coupon}', (p.data -> 'coupon') || jsonb_build_object('code', k.code, 'expires', k.told_until)) end as content,
           p.data -> 'coupon' ? 'pool' and k.code is null as lacks_code
    from picked p
    -- each by its key, one at a time: joined, statistics from when a table was empty have it read whole for every message
    left join lateral (
        select k.code, k.told_until from tend.coupon k where k.coupon_id = p.coupon_id limit 1) k on true
    left join lateral (
        select c.customer_id, c.status, c.name, c.locale, c.country, c.email, c.phone
        from crm.customer c where c.customer_id = p.customer_id limit 1) c on true
    -- who of the house it is for, and what it says: only asked for the few that are for nobody of the customers
    left join lateral (
        select l.data, s.name, s.locale, l.data is null or p.recipient like 'staff:%' and s.active is not true as gone,
               case when p.recipient like 'robot:%' then p.recipient when p.recipient = 'address' then l.address
                    when $7 = 'email' then s.email else s.phone end as address
        from (select 1) one
        left join tend.letter l on l.message_id = p.message_id
        left join lateral (
            select s.name, s.locale, s.active, s.email, s.phone
            from crm.staff s where s.staff_id = substr(p.recipient, 7) and p.recipient like 'staff:%' limit 1) s on true
        where p.recipient is not null
        limit 1) h on true
    cross join lateral (
        select nullif(btrim(case when p.recipient is not null then h.address when $7 = 'email' then c.email else c.phone end), '') as address) a
    cross join lateral (select tend.address_key($7, a.address) as address_key) y
    -- tend.consent, written out: a function with a query in it is parsed anew at every call
    left join lateral (
        select n.granted, n.recorded_at from crm.consent n
        where n.customer_id = p.customer_id and n.channel = $7 and n.purpose = p.purpose
        -- the newest by a sum, so that an index by time alone is never walked through for it
        order by n.recorded_at + interval '0' desc limit 1) w on true
    -- what the customer said to tend, and what whoever has the address said; by key, one at a time
    left join lateral (
        select h.granted, h.at from tend.choice h
        where h.customer_id = p.customer_id and h.channel = $7 and h.purpose = p.purpose and h.topic in ('', p.topic)
        order by h.choice_id + 0 desc limit 1) u on true
    left join lateral (
        select h.granted from tend.choice h
        where h.address_key = y.address_key and h.channel = $7 and h.purpose = p.purpose and h.topic in ('', p.topic)
        order by h.choice_id + 0 desc limit 1) v on true
    -- a yes said to tend counts as consent until the company records a newer word
    cross join lateral (
        select case when u.granted and coalesce(w.recorded_at < u.at, true) then true else w.granted end as granted) g
    -- by its key, one at a time: joined, young statistics make it every suppression for every message
    left join lateral (
        select l.reason from tend.suppression l
        where l.channel = $7 and l.address_key = y.address_key and l.lifted_at is null limit 1) s on true
),
judged as (
    select k.*, tend.opens_at(greatest($4, coalesce(b.open_until, $4)), k.zone, k.opens, k.closes) as opens_next,
           b.failures is not null and b.failures > 0 as domain_failing
    from known k
    left join lateral (
        select d.open_until, d.failures from tend.provider_state d
        where $7 = 'email' and d.provider = 'domain:' || $2 || ':' || k.domain limit 1) b on true
),
verdict as (
    select j.*,
           case when j.not_after <= $4 then 'expired'
                when j.gone or j.status is distinct from 'active' or j.unsubscribed or j.withdrawn then 'cancelled'
                when j.address is null then 'rejected'
                when j.suppressed is not null then 'suppressed'
                when j.opens_next >= j.not_after then 'expired'
                when j.lacks_code then 'held'
                when j.opens_next > $4 then 'planned'
                else 'claimed' end as becomes,
           case when j.not_after <= $4 then 'its end of life came before its turn'
                when j.gone and j.recipient is not null then 'its reader has left, or what it said is gone'
                when j.gone then 'the customer is gone'
                when j.status is distinct from 'active' then 'the customer''s status is ' || coalesce(j.status, 'unknown')
                when j.unsubscribed then 'the customer unsubscribed'
                when j.withdrawn then 'consent was withdrawn'
                when j.address is null then 'no address'
                when j.suppressed is not null then 'the address is suppressed: ' || j.suppressed
                when j.opens_next >= j.not_after then 'its end of life comes before it may be sent'
                when j.lacks_code then 'coupon'
                when j.opens_next > $4 then 'waits for its hours or its domain' end as why
    from judged j
),
-- only what the update needs: it keeps a copy of each row it joins
move as materialized (
    select message_id, becomes, why, on_unknown, opens_next from verdict
),
-- every row of the verdict: they are locked
moved as (
    update tend.outbox o
    set state = v.becomes, state_at = $4, state_reason = v.why, provider = coalesce(o.provider, $2), on_unknown = v.on_unknown,
        owner = case when v.becomes = 'claimed' then $1 end,
        not_before = case when v.becomes = 'planned' then v.opens_next else o.not_before end
    from move v
    where o.message_id = v.message_id
)
select v.message_id as "message_id!", v.public_id as "public_id!", v.spec_hash as "spec_hash!", v.customer_id as "customer_id!",
       v.template as "template!", v.locale as "locale!", v.content as "data!",
       -- from then on it is not handed off: its life is over, or its hours are
       least(v.not_after, tend.closes_at($4, v.zone, v.opens, v.closes)) as "not_after!", v.attempts as "attempts!", v.attempts_before as "attempts_before!",
       v.on_unknown as "on_unknown!", v.becomes as "becomes!", v.name as "name!", v.reads, v.country, v.address, v.domain,
       decode(v.address_key, 'hex') as address_hash,
       v.domain_failing as "domain_failing!", v.purpose as "purpose!", v.topic as "topic!", v.recipient
from verdict v
order by v.priority desc, v.not_before, v.message_id
