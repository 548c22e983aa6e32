-- outbox/policy: from "weighed" (see ways.sql) to "verdict" (who gets a message, when and by which channel, and why the
-- others do not), in the order of design section 8.
--   :drop whether what comes outside the hours of its day is dropped; :holdout how many of 10,000 are held out, of the
--   group :control

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
                when :drop::boolean and (s.not_before at time zone s.zone)::date > (s.wanted_at at time zone s.zone)::date then 'outside_window'
                else s.objection
           end as reason
    from settled s
),
-- one message a day and address: it is the one who had it in an earlier run, else the smallest customer id
shared as (
    select j.*,
           case when j.reason is null then coalesce(
               (select o.customer_id from tend.occasion o
                where o.job = :job::text and o.step = :step::text and o.occurs_on = j.occurs_on and o.address_key = j.address_key),
               first_value(j.customer_id) over (partition by j.occurs_on, j.address_key, j.reason is null
                                                order by j.customer_id collate "C")) end as winner
    from judged j
),
-- Who is held out is decided last, of those who would have had the message: so that they are like those who get it. The
-- draw depends on customer and group only; who was held out of this occasion before stays so whatever the file says now.
drawn as materialized (
    select s.*, coalesce(s.reason, case when s.winner <> s.customer_id then 'same_address' end) as refused,
           h.customer_id is not null
               or (:holdout::bigint > 0 and tend.dealt(:control::text, s.customer_id, 10000) < :holdout::bigint) as held_out
    from shared s
    left join tend.holdout h
      on h.job = :job::text and h.customer_id = s.customer_id and h.occasion = s.occasion and h.step = ''
),
-- verdict null: gets the message
verdict as materialized (
    select d.*, coalesce(d.refused, case when d.held_out then 'holdout' end) as verdict
    from drawn d
),
