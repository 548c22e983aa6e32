-- message/trigger/schedule: everybody who had none of this job for so long.
--   :between days that must lie between two of them; :life from the day on
-- Index: the key of tend.occasion, and one pass over the customers.

-- what everybody had before: how many, and when last
had as (
    select o.customer_id, count(*) as times, max(o.occurs_on) as last_on
    from tend.occasion o
    where o.job = :job::text and o.step = ''
    group by o.customer_id
),
-- named by how many there were before: a customer who waits for consent waits for the same one
due as (
    select h.*, 'schedule:' || coalesce(m.times, 0) + 1 as occasion, 'schedule' as kind, :business_date::date as occurs_on,
           :business_date::date::timestamp as due_on, (:business_date::date + :life::interval) at time zone h.zone as not_after,
           jsonb_build_object('times', coalesce(m.times, 0) + 1) as detail
    from home h
    left join had m on m.customer_id = h.customer_id
    where m.last_on is null or m.last_on <= :business_date::date - :between::integer
)
