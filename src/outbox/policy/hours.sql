-- outbox/policy/hours: from "candidate" (who has an occasion) to "timed" (who is still to be served, and the first instant
-- within the customer's hours). Every trigger provides the same candidate.
--   :step of the message, '' for the first of an occasion; :at local time to send at, or null; :opens, :closes delivery window, or null;
--   :apart days within which a customer has had the same occasion already (a corrected birthday)
-- Index: the key of tend.occasion, one look-up a candidate.

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
    select w.*, tend.opens_at(w.wanted_at, w.zone, :opens::time, :closes::time) as opens_next
    from wanted w
),
