-- outbox/coupon/reserve: from "verdict" to "outcome". Who gets a message whose offer has a coupon gets a code of the pool,
-- reserved with the message; where the pool is empty the file says what happens (on_empty).
--   :coupons [{offer, pool, days, on_empty}]

-- who is to get one, and for how long it must be good; a further message of an occasion carries the code of the first
wish as materialized (
    select v.customer_id, v.occasion, w.pool, w.days, w.on_empty, e.coupon_id as had,
           (v.not_before at time zone v.zone)::date + coalesce(w.days, 0) as until,
           row_number() over (partition by w.pool, e.coupon_id is null
                              order by v.not_before, v.customer_id collate "C", v.occasion) as place
    from verdict v
    join jsonb_to_recordset(:coupons::jsonb) as w (offer text, pool text, days integer, on_empty text) on w.offer = v.offer
    left join lateral (
        select o.coupon_id
        from tend.outbox o
        join tend.coupon c on c.coupon_id = o.coupon_id and c.pool = w.pool and c.reserved_at is not null
        where o.job = :job::text and o.customer_id = v.customer_id and o.occasion = v.occasion
        order by o.message_id
        limit 1
    ) e on true
    where v.verdict is null
),
need as (
    select pool, count(*) as codes, max(until) as until from wish where had is null group by pool
),
-- the code that ends first goes first
picked as materialized (
    select n.pool, f.coupon_id, f.expires_on, f.place
    from need n
    cross join lateral tend.free_coupons(n.pool, n.until, n.codes) with ordinality as f (coupon_id, expires_on, place)
),
given as materialized (
    select w.*, p.coupon_id as taken, p.expires_on, coalesce(w.had, p.coupon_id) as coupon_id
    from wish w
    left join picked p on w.had is null and p.pool = w.pool and p.place = w.place
),
reserved as (
    update tend.coupon c
    set reserved_at = :as_of::timestamptz, told_until = case when g.days is null then g.expires_on else g.until end
    from given g
    where c.coupon_id = g.taken
),
-- denial null: gets the message; lacks: but waits for a code first
outcome as materialized (
    select v.*, coalesce(v.verdict, case when g.coupon_id is null and g.on_empty = 'skip' then 'no_coupon' end) as denial,
           coalesce(g.coupon_id is null and g.on_empty = 'hold', false) as lacks, g.coupon_id,
           case when g.pool is null or g.coupon_id is null and g.on_empty = 'send_without' then '{}'::jsonb
                else jsonb_strip_nulls(jsonb_build_object('pool', g.pool, 'days', g.days)) end as coupon
    from verdict v
    left join given g on g.customer_id = v.customer_id and g.occasion = v.occasion and v.verdict is null
),
