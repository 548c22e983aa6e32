-- outbox/policy: from "way" (see hours, contacts, ways, caps) to "verdict" (who gets a message, when and by which channel,
-- and why the others do not), in the order of design section 8.
--   :drop whether what comes outside the hours of its day is dropped; :holdout how many of 10,000 are held out, of the
--   group :control; :each whether each occasion is told though several are of one day
-- Indexes: the keys of tend.suppression and tend.holdout.

-- what speaks against each of them
weighed as materialized (
    select w.*, f.cap, f.room,
           case when w.address is null then 'no_address'
                when w.address !~ case w.channel when 'email' then '^[^@[:space:]]+@[^@[:space:]]+$'
                                                 else '^\+[1-9][0-9]{5,14}$' end then 'bad_address'
                when exists (select from tend.suppression s
                             where s.channel = w.channel and s.address_key = w.address_key and s.lifted_at is null) then 'suppressed'
                when w.unsubscribed then 'unsubscribed'
                when w.granted is false then 'consent_withdrawn'
                when w.granted is null and :consent::text = 'granted' then 'no_consent'
                when f.room <= 0 then 'capped'
           end as objection
    from way w
    left join filled f on f.customer_id = w.customer_id and f.occasion = w.occasion and f.channel = w.channel
),
-- the channel to use: the first without objection; where all have one, the first with an address says why not
settled as (
    select distinct on (w.customer_id, w.occasion) w.*,
           jsonb_object_agg(w.channel, w.objection) over whole as objections,
           -- those behind it may step in when it is refused for good
           array_agg(w.channel) filter (where w.objection is null) over whole as open_channels
    from weighed w
    window whole as (partition by w.customer_id, w.occasion
                     order by w.objection is null desc, coalesce(w.objection = 'no_address', false),
                              coalesce(w.objection = 'bad_address', false), w.preferred desc, w.place
                     rows between unbounded preceding and unbounded following)
    order by w.customer_id, w.occasion, w.objection is null desc,
             coalesce(w.objection = 'no_address', false), coalesce(w.objection = 'bad_address', false), w.preferred desc, w.place
),
-- everything but the address shared with somebody else
judged as (
    select s.*,
           case when s.had_occasion is not null then 'already_had'
                when s.status is distinct from 'active' then 'inactive'
                when s.offer is null then 'no_offer'
                when s.opens_next >= s.not_after then 'expired'
                when :drop::boolean and (s.opens_next at time zone s.zone)::date > (s.wanted_at at time zone s.zone)::date then 'outside_window'
                when s.objection is not null then s.objection
                when s.rival is not null and (not :shift::boolean or s.not_before >= s.not_after) then 'conflict'
           end as reason
    from settled s
),
-- one message a day and address: it is the one who had it in an earlier run, else the smallest customer id
shared as (
    select j.*,
           case when j.reason is null then coalesce(
               (select o.customer_id from tend.occasion o
                -- by address: statistics know neither the day nor a new job, and the planner would walk through all of it for each
                where o.address_key = j.address_key and o.job || '' = :job::text and o.step = :step::text and o.occurs_on + 0 = j.occurs_on
                  and o.apart = case when :each::boolean then j.occasion else '' end),
               first_value(j.customer_id) over (partition by j.occurs_on, j.address_key, j.reason is null,
                                                             case when :each::boolean then j.occasion else '' end
                                                order by j.customer_id collate "C")) end as winner
    from judged j
),
-- several messages of this run to one customer take their places one after the other
queuing as (
    select s.*, coalesce(s.reason, case when s.winner <> s.customer_id then 'same_address' end) as ruled_out,
           row_number() over (partition by s.customer_id, s.reason is null and s.winner = s.customer_id
                              order by s.not_before, s.occasion) as turn
    from shared s
),
placed as (
    select q.*,
           case when q.ruled_out is null and q.turn > 1
                then case when q.turn > q.room then q.cap
                          else (select k.name
                                from cap k
                                where q.turn > k.at_most and (k.channels is null or q.channel = any (k.channels))
                                  and (not k.conditional
                                       or exists (select from limited l where l.customer_id = q.customer_id
                                                                          and l.occasion = q.occasion and k.name = any (l.names)))
                                order by k.at_most, k.place limit 1) end end as full_now
    from queuing q
),
-- Who is held out is decided last, of those who would have had the message: so that they are like those who get it. The
-- draw depends on customer and group only, and whoever had the first message has those after it; who was held out of this
-- occasion before stays so whatever the file says now.
drawn as materialized (
    select p.*, h.customer_id is not null
               or (:holdout::bigint > 0 and :step::text = '' and tend.dealt(:control::text, p.customer_id, 10000) < :holdout::bigint) as held_out
    from placed p
    left join tend.holdout h
      on h.job = :job::text and h.customer_id = p.customer_id and h.occasion = p.occasion and h.step = :step::text
),
-- verdict null: gets the message
verdict as materialized (
    select d.*, coalesce(d.ruled_out, case when d.full_now is not null then 'capped' when d.held_out then 'holdout' end) as verdict
    from drawn d
),
