
-- message/trigger/candidate: from "due", which every head ends in, to "candidate", which the policy takes.
-- due: the columns of "home", and occasion (its name in the ledger: the same for the same occasion, whatever is corrected),
-- kind, occurs_on (its day), due_on (from when it may be sent, on the customer's clock), not_after (its end of life, an
-- instant), detail (what templates get as `occasion` beyond kind, date and year)
, candidate as materialized (
    select c.customer_id, c.zone, c.occasion, c.kind, c.occurs_on, c.due_on, c.not_after, c.detail,
           c.status, c.email, c.phone, c.locale, c.preferred_channel, r.refusal,
           -- nobody asks what a customer would be offered who is not in the audience
           case when r.refusal is null then /*{offer}*/ null::text end as offer
    from /*{due}*/ due c
    /*{facts}*/
    cross join lateral (select /*{refusal}*/ null::text as refusal offset 0) r
),
