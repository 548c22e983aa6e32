-- message/reserve: keeps the places of those who get a message as things stand ("verdict"), for a day ahead; the run is
-- that of the day, and nothing else is written. An occasion that is due for several days keeps the first. Who
-- cannot be reached by any channel, whatever the day, has a row without one: the days looked at next ask no more about them, and
-- the last of them takes it back.
reserved as (
    insert into tend.reservation (job, customer_id, occasion, step, purpose, topic, channel, priority, at, run_id)
    select :job::text, v.customer_id, v.occasion, '', :purpose::text, :topic::text, case when v.verdict is null then v.channel else '' end,
           :priority::smallint, coalesce(v.not_before, :as_of::timestamptz), :run_id::bigint
    from verdict v
    where case when v.verdict is null then true
               else not exists (select from jsonb_each_text(v.objections) o
                                where o.value is null
                                   or o.value not in ('no_address', 'bad_address', 'suppressed', 'unsubscribed', 'consent_withdrawn', 'no_consent')) end
    on conflict do nothing
    returning customer_id
)
select count(*) as reserved from reserved
