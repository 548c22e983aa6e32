-- outbox/policy: from "candidate" (who has an occasion) to "verdict" (who gets a message, when and by which channel,
-- and why the others do not), in the order of design section 8. Every trigger provides the same candidate.
--   :at local time to send at, or null; :opens, :closes delivery window, or null; :channels in order;
--   :preferred_first whether the customer's preferred one goes first; :consent rule: granted, not_withdrawn, not_needed;
--   :apart days within which a customer has had the same occasion already (a corrected birthday)
-- Indexes: the keys of tend.occasion, tend.suppression and crm.consent, one look-up a candidate.

-- what the ledger holds for the candidate: this very occasion, or one so near that it must have been the same
remembered as materialized (
    select k.*, h.occasion as had_occasion, h.occurs_on as had_on,
           coalesce(h.occasion = k.occasion and h.occurs_on = k.occurs_on, false) as served
    from candidate k
    left join lateral (
        select o.occasion, o.occurs_on
        from tend.occasion o
        where o.job = :job::text and o.customer_id = k.customer_id and o.step = ''
          and (o.occasion = k.occasion or abs(o.occurs_on - k.occurs_on) < :apart::integer)
        order by o.occasion = k.occasion desc, abs(o.occurs_on - k.occurs_on)
        limit 1
    ) h on true
),
-- each channel of the file for each customer still to be served: its address, the customer's word on it, and the first
-- instant at which it may be sent: at the wanted time on the day it is due, or today when that is over, within the window
way as (
    select r.*, w.channel, w.place, coalesce(w.channel = r.preferred_channel and :preferred_first::boolean, false) as preferred,
           a.address, tend.address_key(w.channel, a.address) as address_key, n.granted,
           tend.opens_at(greatest(:as_of::timestamptz, (d.day + coalesce(:at::time, time '00:00')) at time zone r.zone),
                         r.zone, :opens::time, :closes::time) as not_before
    from remembered r
    cross join unnest(:channels::text[]) with ordinality as w (channel, place)
    cross join lateral (
        select greatest(r.due_on, date_trunc('day', :as_of::timestamptz at time zone r.zone)) as day
    ) d
    cross join lateral (
        select nullif(btrim(case w.channel when 'email' then r.email else r.phone end), '') as address
    ) a
    left join lateral (
        select c.granted
        from crm.consent c
        where c.customer_id = r.customer_id and c.channel = w.channel and c.purpose = :purpose::text
        order by c.recorded_at desc
        limit 1
    ) n on :consent::text <> 'not_needed'
    where not r.served and r.refusal is null
),
-- what speaks against each of them
weighed as materialized (
    select w.*,
           case when w.address is null then 'no_address'
                when w.address !~ case w.channel when 'email' then '^[^@[:space:]]+@[^@[:space:]]+$'
                                                 else '^\+[1-9][0-9]{5,14}$' end then 'bad_address'
                when exists (select from tend.suppression s
                             where s.channel = w.channel and s.address_key = w.address_key and s.lifted_at is null) then 'suppressed'
                when w.granted is false then 'consent_withdrawn'
                when w.granted is null and :consent::text = 'granted' then 'no_consent'
           end as objection
    from way w
),
-- the channel to use: the first without objection; where all have one, the first with an address says why not
settled as (
    select distinct on (w.customer_id, w.occasion) w.*,
           jsonb_object_agg(w.channel, w.objection) over (partition by w.customer_id, w.occasion) as objections
    from weighed w
    order by w.customer_id, w.occasion, w.objection is null desc,
             coalesce(w.objection = 'no_address', false), coalesce(w.objection = 'bad_address', false), w.preferred desc, w.place
),
-- everything but the address shared with somebody else
judged as (
    select s.*,
           case when s.had_occasion is not null then 'already_had'
                when s.status <> 'active' then 'inactive'
                when s.offer is null then 'no_offer'
                when s.not_before >= s.not_after then 'expired'
                else s.objection
           end as reason
    from settled s
),
-- one message a day and address: it is the one who had it in an earlier run, else the smallest customer id
shared as (
    select j.*,
           case when j.reason is null then coalesce(
               (select o.customer_id from tend.occasion o
                where o.job = :job::text and o.step = '' and o.occurs_on = j.occurs_on and o.address_key = j.address_key),
               first_value(j.customer_id) over (partition by j.occurs_on, j.address_key, j.reason is null
                                                order by j.customer_id collate "C")) end as winner
    from judged j
),
-- reason null: gets the message
verdict as materialized (
    select s.*, coalesce(s.reason, case when s.winner <> s.customer_id then 'same_address' end) as verdict
    from shared s
),
