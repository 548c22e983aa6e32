-- outbox/policy/ways: from "candidate" (who has an occasion) to "weighed" (each customer still to be served, by each
-- channel of the file, with what speaks against it). Every trigger provides the same candidate. See policy.sql.
--   :at local time to send at, or null; :opens, :closes delivery window, or null; :channels in order;
--   :preferred_first whether the customer's preferred one goes first; :consent rule: granted, not_withdrawn, not_needed;
--   :step of the message, '' for the first of an occasion;
--   :apart days within which a customer has had the same occasion already (a corrected birthday)
--   :topic what the customer can unsubscribe from
-- Indexes: the keys of tend.occasion, tend.suppression, tend.choice and crm.consent, one look-up a candidate.

-- what the ledger holds for the candidate: this very occasion, or one so near that it must have been the same
remembered as materialized (
    select k.*, h.occasion as had_occasion, h.occurs_on as had_on,
           coalesce(h.occasion = k.occasion and h.occurs_on = k.occurs_on, false) as served
    from candidate k
    left join lateral (
        select o.occasion, o.occurs_on
        from tend.occasion o
        where o.job = :job::text and o.customer_id = k.customer_id and o.step = :step::text
          and (o.occasion = k.occasion or abs(o.occurs_on - k.occurs_on) < :apart::integer)
        order by o.occasion = k.occasion desc, abs(o.occurs_on - k.occurs_on)
        limit 1
    ) h on true
),
-- the wanted instant of each customer still to be served: the wanted time on the day it is due, or today when that is over
wanted as materialized (
    select r.*,
           greatest(:as_of::timestamptz,
                    (greatest(r.due_on, date_trunc('day', :as_of::timestamptz at time zone r.zone))
                     + coalesce(:at::time, time '00:00')) at time zone r.zone) as wanted_at
    from remembered r
    where not r.served and r.refusal is null
),
-- the first instant within the customer's hours; they are the same for every channel
timed as materialized (
    select w.*, tend.opens_at(w.wanted_at, w.zone, :opens::time, :closes::time) as not_before
    from wanted w
),
-- each channel of the file for each of them: its address, and the customer's word on it
way as (
    select t.*, w.channel, w.place, coalesce(w.channel = t.preferred_channel and :preferred_first::boolean, false) as preferred,
           a.address, y.address_key, g.granted, g.recorded_at, g.source, g.wording,
           u.granted is false or v.granted is false as unsubscribed
    from timed t
    cross join unnest(:channels::text[]) with ordinality as w (channel, place)
    cross join lateral (
        select nullif(btrim(case w.channel when 'email' then t.email else t.phone end), '') as address
    ) a
    cross join lateral (select tend.address_key(w.channel, a.address) as address_key) y
    left join lateral (
        select c.granted, c.recorded_at, c.source, c.wording
        from crm.consent c
        where c.customer_id = t.customer_id and c.channel = w.channel and c.purpose = :purpose::text
        order by c.recorded_at desc
        limit 1
    ) n on :consent::text <> 'not_needed'
    -- what the customer said to tend, and what whoever has the address said (nobody can about transactional messages)
    left join lateral (
        select h.granted, h.at, h.source, h.wording
        from tend.choice h
        where h.customer_id = t.customer_id and h.channel = w.channel and h.purpose = :purpose::text and h.topic in ('', :topic::text)
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
-- what speaks against each of them
weighed as materialized (
    select w.*,
           case when w.address is null then 'no_address'
                when w.address !~ case w.channel when 'email' then '^[^@[:space:]]+@[^@[:space:]]+$'
                                                 else '^\+[1-9][0-9]{5,14}$' end then 'bad_address'
                when exists (select from tend.suppression s
                             where s.channel = w.channel and s.address_key = w.address_key and s.lifted_at is null) then 'suppressed'
                when w.unsubscribed then 'unsubscribed'
                when w.granted is false then 'consent_withdrawn'
                when w.granted is null and :consent::text = 'granted' then 'no_consent'
           end as objection
    from way w
),
