-- coupon/fill: gives messages that wait for a code one, highest priority and longest due first, pool by pool, so that those
-- who wait for an empty one keep nobody from another. $1 now, $2 at most so many of a pool.
-- Index: tend.outbox_without_code.
with
waiting as materialized (
    select m.message_id, m.priority, m.not_before, p.pool, m.days, m.today
    from tend.coupon_pool p
    cross join lateral (
        select o.message_id, o.priority, o.not_before, (o.data -> 'coupon' ->> 'days')::integer as days,
               ($1::timestamptz at time zone coalesce(o.zone, 'UTC'))::date as today
        from tend.outbox o
        where o.state = 'held' and o.state_reason = 'coupon' and o.data -> 'coupon' ->> 'pool' = p.pool and o.not_after > $1
          -- a run that was stopped or refused stays so
          and not exists (select from tend.hold h where h.run_id = o.run_id and h.state in ('stopped', 'refused'))
        order by o.priority desc, o.not_before, o.message_id
        limit $2
        for update skip locked
    ) m
    where exists (select from tend.coupon c where c.pool = p.pool and c.reserved_at is null)
),
wish as (
    select w.*, w.today + coalesce(w.days, 0) as until,
           row_number() over (partition by w.pool order by w.priority desc, w.not_before, w.message_id) as place
    from waiting w
),
need as (
    select pool, count(*) as codes, max(until) as until from wish group by pool
),
picked as materialized (
    select n.pool, f.coupon_id, f.expires_on, f.place
    from need n
    cross join lateral tend.free_coupons(n.pool, n.until, n.codes) with ordinality as f (coupon_id, expires_on, place)
),
given as materialized (
    select w.message_id, p.coupon_id, case when w.days is null then p.expires_on else w.until end as told_until
    from wish w
    join picked p on p.pool = w.pool and p.place = w.place
),
reserved as (
    update tend.coupon c set reserved_at = $1, told_until = g.told_until from given g where c.coupon_id = g.coupon_id
),
released as (
    update tend.outbox o
    set coupon_id = g.coupon_id, state = 'planned', state_at = $1, state_reason = null
    from given g
    where o.message_id = g.message_id
    returning o.message_id
)
select count(*) as "filled!" from released
