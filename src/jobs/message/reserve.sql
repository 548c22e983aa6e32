-- message/reserve: keeps the places of those who get a message as things stand ("verdict"), for a day ahead; the run is
-- that of the day, and nothing else is written. An occasion that is due for several days keeps the first.
reserved as (
    insert into tend.reservation (job, customer_id, occasion, step, purpose, topic, channel, priority, at, run_id)
    select :job::text, v.customer_id, v.occasion, '', :purpose::text, :topic::text, v.channel, :priority::smallint, v.not_before, :run_id::bigint
    from verdict v
    where v.verdict is null
    on conflict do nothing
    returning customer_id
)
select count(*) as reserved from reserved
