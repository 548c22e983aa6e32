-- effects/customer: orders of a customer ($1) until $2 and the message each is credited to, whichever job's.
--   $3, $4 jobs and the seconds within which orders are credited to each (null: it is credited with none), $5 the seconds for
--   marketing of jobs not named there. The rule is that of credit.sql.
-- Indexes: outbox_customer, the keys of tend.attempt and crm.orders.
with
crediting as (
    select g.job, g.secs from unnest($3::text[], $4::float8[]) as g (job, secs)
),
contact as materialized (
    select m.message_id, t.reached_at,
           make_interval(secs => case when g.job is not null then g.secs when m.purpose = 'marketing' then $5::float8 end) as within
    from tend.outbox m
    left join crediting g on g.job = m.job
    cross join lateral (select tend.reached_at(m.message_id, m.state, m.state_at) as reached_at offset 0) t
    where m.customer_id = $1
)
select distinct on (o.placed_at, o.order_id) c.message_id as "message_id!", o.order_id as "order_id!", o.placed_at as "placed_at!", o.amount as "amount!",
       o.currency as "currency!"
from contact c
join crm.orders o on o.placed_at > c.reached_at and o.placed_at <= c.reached_at + c.within
where o.customer_id = $1 and o.status = 'paid' and o.placed_at <= $2
order by o.placed_at, o.order_id, c.reached_at desc, c.message_id desc
