-- effects/lift: those who were to have a message of a job against those held out of it, for the occasions of a period.
--   $1 job; $2, $3 the period, first instant and first after it; $4 as of when; $5 seconds an effect may take; $6 the specs
--   with the hold-out that is judged; $7 whether getting in touch is looked at
-- Who is in which group is decided by the draw alone, not by whether the message arrived. The clock of both starts when the
-- message was to go. A customer counts once: the windows of his occasions are laid together, an order in them counts once,
-- whichever job it is credited to.
-- Indexes: job_run_by_day, outbox_run, decision_job, holdout_run, the key of crm.orders.
with
run as materialized (
    select r.run_id
    from tend.job_run r
    where r.job = $1 and r.slot >= $2 and r.slot < $3 and r.spec_hash = any ($6)
      and r.business_date between ($2::timestamptz at time zone 'UTC')::date - 1 and ($3::timestamptz at time zone 'UTC')::date + 1
),
sent as materialized (
    select run.run_id, m.customer_id, coalesce(m.due_at, m.created_at) as due_at,
           m.state in ('planned', 'held', 'claimed', 'handed_off', 'in_doubt', 'accepted', 'delivered', 'bounced', 'complained') as went
    from run
    join tend.outbox m on m.run_id = run.run_id and m.job = $1 and m.step = '' and m.created_at <= $4
),
-- a run of which nothing ever went out (refused by a person, expired) compares nothing: both its groups are left out
void as (
    select s.run_id from sent s group by s.run_id having not bool_or(s.went)
),
-- drawn to have it, and no code was left for them: those held out are not asked for one
without_code as (
    select run.run_id, d.customer_id, d.at
    from run
    join tend.decision d on d.run_id = run.run_id and d.job = $1 and d.reason = 'no_coupon' and d.step = '' and d.last_at >= $2 and d.at <= $4
    where not exists (select from tend.outbox m
                      where m.job = $1 and m.customer_id = d.customer_id and m.occasion = d.occasion and m.step = '')
),
occasion as materialized (
    select s.customer_id, true as is_messaged, s.due_at, s.due_at + make_interval(secs => $5) as until
    from (select run_id, customer_id, due_at from sent union all select run_id, customer_id, at from without_code) s
    where not exists (select from void v where v.run_id = s.run_id)
    union all
    select h.customer_id, false, coalesce(h.due_at, h.held_out_at), coalesce(h.due_at, h.held_out_at) + make_interval(secs => $5)
    from run
    join tend.holdout h on h.run_id = run.run_id and h.job = $1 and h.step = '' and h.held_out_at <= $4
    where not exists (select from void v where v.run_id = run.run_id)
),
person as materialized (
    select is_messaged, customer_id, count(*) as occasions, range_agg(tstzrange(due_at, until, '(]')) as windows,
           min(due_at) as first_at, max(until) as last_until
    from occasion
    where until <= $4
    group by is_messaged, customer_id
),
outcome as (
    select p.is_messaged, p.occasions, o.orders, coalesce(o.money, 0)::float8 as money, i.got_in_touch
    from person p
    cross join lateral (
        select count(*) as orders, sum(o.amount) as money
        from crm.orders o
        where o.customer_id = p.customer_id and o.status = 'paid' and o.placed_at > p.first_at and o.placed_at <= p.last_until
          and p.windows @> o.placed_at
        offset 0
    ) o
    cross join lateral (
        select count(*) > 0 as got_in_touch
        from crm.interaction i
        where $7::boolean and i.customer_id = p.customer_id and i.direction = 'in' and p.windows @> i.at
        offset 0
    ) i
)
select g.is_messaged as "is_messaged!",
       (select count(*) from occasion c where c.is_messaged = g.is_messaged and c.until > $4) as "open!",
       count(o.is_messaged) as "customers!", coalesce(sum(o.occasions), 0)::bigint as "occasions!",
       count(*) filter (where o.orders > 0) as "buyers!", coalesce(sum(o.orders), 0)::bigint as "orders!",
       count(*) filter (where o.got_in_touch) as "in_touch!",
       count(*) filter (where o.money > 0) as "with_money!", coalesce(sum(o.money), 0) as "sum!", coalesce(sum(o.money * o.money), 0) as "squares!",
       coalesce(sum(o.money * o.money * o.money), 0) as "cubes!"
from (values (true), (false)) g (is_messaged)
left join outcome o on o.is_messaged = g.is_messaged
group by g.is_messaged
order by g.is_messaged desc
