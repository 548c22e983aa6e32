-- message/queue: writes what "outcome" says. Only a queued message claims its occasion, in the same statement.
--   :languages of the templates by channel, :locale language of the file, :offers by name and language,
--   :on_unknown what happens to a message whose fate is unknown, or null; :step of the message, '' for the first;
--   :hold why its messages wait at first, or null; :canary_share of those that go first, :canary_wait, :stop_if, or null;
--   :keeps_detail whether later steps will ask what the occasion was

-- the ledger; a second claim of the same occasion or address is an error and rolls the step back
claim as (
    insert into tend.occasion (job, customer_id, occasion, step, occurs_on, address_key, apart, run_id, claimed_at, detail)
    select :job::text, v.customer_id, v.occasion, :step::text, v.occurs_on, v.address_key,
           case when :each::boolean then v.occasion else '' end, :run_id::bigint, :as_of::timestamptz,
           case when :keeps_detail::boolean then v.detail || jsonb_build_object('kind', v.kind) end
    from outcome v
    where v.denial is null
),
-- the language of the message, which the words of the offer follow, and those of the channels that may step in: worked out
-- once for each way of asking, of which there are few, however many customers ask
asked as (
    select v.*, jsonb_build_array(v.channel, v.open_channels, coalesce(v.locale, ''), v.offer)::text as way_of_asking
    from outcome v
    where v.denial is null
),
answer as materialized (
    select jsonb_object_agg(q.way_of_asking, jsonb_build_object(
               'locale', l.locale, 'offer', :offers::jsonb -> q.offer -> l.locale, 'fallback', f.fallback)) as answers
    from (select distinct a.way_of_asking, a.channel, a.open_channels, coalesce(a.locale, '') as locale, a.offer from asked a) q
    cross join lateral (
        select tend.nearest_locale(q.locale, array(select jsonb_array_elements_text(:languages::jsonb -> q.channel)), :locale::text) as locale
    ) l
    cross join lateral (
        select jsonb_agg(jsonb_build_object('channel', c.channel, 'locale', n.locale, 'offer', :offers::jsonb -> q.offer -> n.locale,
                                            'on_unknown', :on_unknown::text)
                         order by c.place) as fallback
        from unnest(q.open_channels) with ordinality as c (channel, place)
        cross join lateral (
            select tend.nearest_locale(q.locale, array(select jsonb_array_elements_text(:languages::jsonb -> c.channel)),
                                       :locale::text) as locale
        ) n
        where c.channel <> q.channel
    ) f
),
worded as (
    select a.*, n.answer ->> 'locale' as message_locale, n.answer -> 'offer' as offered, nullif(n.answer -> 'fallback', 'null') as fallback
    from asked a
    cross join answer k
    cross join lateral (select k.answers -> a.way_of_asking as answer offset 0) n -- looked up once, not for each part of it
),
-- what templates get of the occasion: as the trigger gave it, a title in the language of the message or else in English
worded_occasion as (
    select w.*,
           case when w.detail ? 'titles' then (w.detail - 'titles') || jsonb_build_object('title', coalesce(
               w.detail -> 'titles' ->> w.message_locale, w.detail -> 'titles' ->> split_part(w.message_locale, '-', 1),
               w.detail -> 'titles' ->> 'en')) else w.detail end as told
    from worded w
),
message as (
    insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, step, purpose, consent, topic, channel, template, locale, data,
                             priority, not_before, not_after, zone, opens, closes, on_unknown, allowed_by, fallback, state, state_reason, coupon_id, state_at, created_at, due_at)
    select :run_id::bigint, :job::text, :spec_hash::text, w.customer_id, w.occasion, :step::text, :purpose::text, :consent::text, :topic::text, w.channel, :template::text, w.message_locale,
           jsonb_build_object(
               'offer', w.offered,
               'occasion', w.told || jsonb_build_object('kind', w.kind, 'date', w.occurs_on, 'year', extract(year from w.occurs_on)::integer))
               || case when w.coupon is null then '{}'::jsonb else jsonb_build_object('coupon', w.coupon) end || :limits::jsonb,
           :priority::smallint, w.not_before,
           -- what is dropped outside its hours dies when they end
           case when :drop::boolean then least(w.not_after, tend.closes_at(w.not_before, w.zone, :opens::time, :closes::time)) else w.not_after end,
           case when :opens::time is not null then w.zone end, :opens::time, :closes::time,
           :on_unknown::text,
           case when w.granted then jsonb_build_object('recorded_at', w.recorded_at, 'source', w.source, 'wording', w.wording) end,
           w.fallback,
           case when h.waits or w.lacks then 'held' else 'planned' end,
           case when h.waits then :hold::text when w.lacks then 'coupon' end, w.coupon_id,
           :as_of::timestamptz, :as_of::timestamptz, w.not_before
    from worded_occasion w
    -- a share goes first: by the hash of run and customer, and the first customer in any case
    cross join lateral (
        select case :hold::text
                   when 'approval' then true
                   when 'limit' then true
                   when 'canary' then tend.dealt(:run_id::bigint::text, w.customer_id, 10000) >= :canary_share::numeric * 10000
                                      and w.customer_id collate "C" <> (select min(f.customer_id collate "C") from worded f)
                   else false end as waits
    ) h
    order by w.not_before, w.customer_id collate "C"
    returning customer_id, state, state_reason
),
hold as (
    insert into tend.hold (run_id, reason, job, spec_hash, messages, held_at, canary_share, wait_secs, stop_if)
    select :run_id::bigint, :hold::text, :job::text, :spec_hash::text, count(*), :as_of::timestamptz, :canary_share::numeric,
           :canary_wait::bigint, :stop_if::jsonb
    from message m
    where m.state = 'held' and m.state_reason = :hold::text
    having count(*) > 0
    on conflict (run_id, reason) do update set messages = hold.messages + excluded.messages
),
held_out as (
    insert into tend.holdout (job, customer_id, occasion, step, control, share, occurs_on, channel, offer, run_id, held_out_at, due_at)
    select :job::text, v.customer_id, v.occasion, :step::text, :control::text, greatest(:holdout::bigint, 1) / 10000.0, v.occurs_on, v.channel, v.offer,
           :run_id::bigint, :as_of::timestamptz, v.not_before
    from verdict v
    where v.verdict = 'holdout'
    on conflict do nothing
),
-- a reason that held before is made to hold until now, not written twice
decision as (
    insert into tend.decision (job, customer_id, occasion, step, reason, run_id, at, last_at, detail)
    select :job::text, v.customer_id, v.occasion, :step::text, v.denial, :run_id::bigint, :as_of::timestamptz, :as_of::timestamptz,
           jsonb_build_object('occurs_on', v.occurs_on) || case v.denial
               when 'already_had' then jsonb_build_object('had', v.had_occasion, 'had_on', v.had_on)
               when 'same_address' then jsonb_build_object('channel', v.channel, 'sent_to', v.winner)
               when 'expired' then jsonb_build_object('opens', v.opens_next, 'ends', v.not_after)
               when 'conflict' then jsonb_build_object('yields_to', v.rival)
               when 'capped' then jsonb_build_object('cap', coalesce(v.full_now, v.cap), 'channels', v.objections)
               when 'outside_window' then jsonb_build_object('opens', v.opens_next)
               when 'holdout' then jsonb_build_object('group', :control::text, 'channel', v.channel, 'offer', v.offer)
               when 'no_offer' then '{}'::jsonb
               when 'no_coupon' then '{}'::jsonb
               else jsonb_build_object('channels', v.objections) end
    from outcome v
    where v.denial is not null
    on conflict (job, customer_id, occasion, step, reason) do update
        set at = least(decision.at, excluded.at), last_at = greatest(decision.last_at, excluded.last_at), detail = excluded.detail
        where excluded.at < decision.at or excluded.last_at > decision.last_at
    returning customer_id
),
outside as (
    insert into tend.audience_count (run_id, reason, customers)
    select :run_id::bigint, u.refusal, count(*)
    from remembered u
    where not u.served and u.refusal is not null
    group by u.refusal
    on conflict (run_id, reason) do update set customers = audience_count.customers + excluded.customers
    returning customers
)
select (select count(*) from candidate) as candidates,
       (select count(*) from remembered where served) as served,
       (select count(*) from message) as queued,
       (select count(*) from outcome where denial is not null) as refused,
       (select count(*) from remembered where not served and refusal is not null) as outside
