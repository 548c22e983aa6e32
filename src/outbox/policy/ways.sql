-- outbox/policy/ways: from "paced" to "way" (each customer by each channel of the file).
--   :channels in order; :preferred_first whether the customer's preferred one goes first; :consent rule: granted,
--   not_withdrawn, not_needed; :purpose of the message; :topic what the customer can unsubscribe from
-- Indexes: the keys of crm.consent and tend.choice, one look-up a way each.

-- the address, and the customer's word on it
way as materialized (
    select p.*, w.channel, w.place, coalesce(w.channel = p.preferred_channel and :preferred_first::boolean, false) as preferred,
           a.address, y.address_key, g.granted, g.recorded_at, g.source, g.wording,
           u.granted is false or v.granted is false as unsubscribed
    from paced p
    cross join unnest(:channels::text[]) with ordinality as w (channel, place)
    cross join lateral (
        select nullif(btrim(case w.channel when 'email' then p.email else p.phone end), '') as address
    ) a
    cross join lateral (select tend.address_key(w.channel, a.address) as address_key) y
    left join lateral (
        select c.granted, c.recorded_at, c.source, c.wording
        from crm.consent c
        where c.customer_id = p.customer_id and c.channel = w.channel and c.purpose = :purpose::text
        order by c.recorded_at desc
        limit 1
    ) n on :consent::text <> 'not_needed'
    -- what the customer said to tend, and what whoever has the address said (nobody can about transactional messages)
    left join lateral (
        select h.granted, h.at, h.source, h.wording
        from tend.choice h
        where h.customer_id = p.customer_id and h.channel = w.channel and h.purpose = :purpose::text and h.topic in ('', :topic::text)
        order by h.choice_id desc
        limit 1
    ) u on true
    left join lateral (
        select h.granted
        from tend.choice h
        where h.address_key = y.address_key and h.channel = w.channel and h.purpose = :purpose::text and h.topic in ('', :topic::text)
        order by h.choice_id desc
        limit 1
    ) v on true
    -- a yes said to tend is consent until the company records a newer word
    cross join lateral (
        select u.granted, u.at as recorded_at, 'tend: ' || u.source as source, coalesce(u.wording, '') as wording
        where u.granted and coalesce(n.recorded_at < u.at, true)
        union all
        select n.granted, n.recorded_at, n.source, n.wording
        where (u.granted and coalesce(n.recorded_at < u.at, true)) is not true
    ) g
),
