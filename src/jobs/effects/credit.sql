-- effects/credit: what came of the messages of a job that were planned in a period.
--   $1 job; $2, $3 the period, first instant and first after it; $4 as of when; $5 seconds an effect may take; $6 whether
--   the job is credited with orders; $7, $8 jobs and the seconds within which orders are credited to each (null: it is
--   credited with none), $9 the seconds for marketing of jobs not named there; $10 what a contact counts as: order,
--   interaction, answer
-- Contact: see tend.reached_at. An effect counts when it is later than the contact and not later than its window.
-- Indexes: job_run_by_day, outbox_run, the keys of tend.attempt, tend.answer and crm.orders, outbox_customer, reply_customer.
with
run as materialized (
    select r.run_id
    from tend.job_run r
    where r.job = $1 and r.slot >= $2 and r.slot < $3
      -- the same in days of any zone: by its index
      and r.business_date between ($2::timestamptz at time zone 'UTC')::date - 1 and ($3::timestamptz at time zone 'UTC')::date + 1
),
message as materialized (
    select m.message_id, m.customer_id, m.step, coalesce(m.data -> 'offer' ->> 'name', '') as offer, m.channel, m.locale, m.state,
           case when t.reached_at <= $4 then t.reached_at end as reached_at,
           least(t.reached_at + make_interval(secs => $5), $4) as until,
           t.reached_at + make_interval(secs => $5) > $4 as is_open
    from run
    join tend.outbox m on m.run_id = run.run_id and m.job = $1 and m.created_at <= $4
    cross join lateral (select tend.reached_at(m.message_id, m.state, m.state_at) as reached_at offset 0) t
),
-- paid orders in the window of each message; a customer at a time
bought as materialized (
    select m.message_id, m.customer_id, m.reached_at, o.order_id, o.placed_at, o.amount
    from message m
    cross join lateral (
        select o.order_id, o.placed_at, o.amount
        from crm.orders o
        where o.customer_id = m.customer_id and o.status = 'paid' and o.placed_at > m.reached_at and o.placed_at <= m.until
        offset 0
    ) o
),
crediting as materialized (
    select g.job, g.secs from unnest($7::text[], $8::float8[]) as g (job, secs)
),
-- every contact of these customers that may be credited, whichever job's: none is of a message that was over before the
-- period, or planned after the last window
contact as materialized (
    select b.customer_id, m.message_id, t.reached_at, make_interval(secs => m.secs) as within
    from (select distinct customer_id from bought where $6) b
    cross join lateral (
        select m.message_id, m.state, m.state_at, case when g.job is not null then g.secs when m.purpose = 'marketing' then $9::float8 end as secs
        from tend.outbox m
        left join crediting g on g.job = m.job
        where m.customer_id = b.customer_id and m.not_after > $2 and m.created_at <= (select max(until) from message)
        offset 0
    ) m
    cross join lateral (select tend.reached_at(m.message_id, m.state, m.state_at) as reached_at offset 0) t
    where m.secs is not null and t.reached_at is not null
),
-- an order is credited once over all jobs: to the last contact before it among those whose window holds it; of two at the
-- same moment to the message with the higher number
credited as materialized (
    select distinct on (o.customer_id, o.order_id) o.customer_id, o.order_id, o.amount, c.message_id
    from (select distinct customer_id, order_id, placed_at, amount from bought) o
    join contact c on c.customer_id = o.customer_id and c.reached_at < o.placed_at and o.placed_at <= c.reached_at + c.within
    order by o.customer_id, o.order_id, c.reached_at desc, c.message_id desc
),
purchase as (
    select b.message_id, true as has_bought from bought b group by b.message_id
),
credit as (
    select c.message_id, count(*) as orders, sum(c.amount) as money from credited c group by c.message_id
),
done as materialized (
    select m.*, coalesce(p.has_bought, false) as has_bought, coalesce(c.orders, 0) as orders, coalesce(c.money, 0) as money,
           a.survey is not null as has_answered,
           coalesce(a.survey is not null and (a.survey <> 'invitation' or a.choice = 'accepted'), false) as has_said_yes,
           r.has_replied, i.took_part, i.got_in_touch
    from message m
    left join purchase p on p.message_id = m.message_id
    left join credit c on c.message_id = m.message_id
    left join tend.answer a on a.message_id = m.message_id and a.answered_at > m.reached_at and a.answered_at <= m.until
    cross join lateral (
        select count(*) > 0 as has_replied
        from tend.reply r
        where r.customer_id = m.customer_id and r.message_id = m.message_id and r.kind <> 'stop' and r.at > m.reached_at and r.at <= m.until
        offset 0
    ) r
    cross join lateral (
        select coalesce(bool_or(i.kind in ('participation', 'visit')), false) as took_part, count(*) > 0 as got_in_touch
        from crm.interaction i
        where i.customer_id = m.customer_id and i.direction = 'in' and i.at > m.reached_at and i.at <= m.until
        offset 0
    ) i
),
judged as (
    select d.*,
           d.reached_at is not null
               and (d.has_said_yes or d.has_replied or d.took_part
                    or $10 = 'order' and d.has_bought or $10 = 'interaction' and d.got_in_touch) as participated,
           $10 = 'order' and d.has_bought or $10 = 'interaction' and d.got_in_touch
               or $10 = 'answer' and (d.has_said_yes or d.has_replied or d.took_part) as reached_goal
    from done d
)
select grouping(is_open) = 1 as "is_total!", grouping(step) = 1 as "is_whole!",
       is_open as "is_open?", step as "step?", offer as "offer?", channel as "channel?", locale as "locale?",
       count(*) as "planned!",
       count(*) filter (where state in ('planned', 'held', 'claimed', 'handed_off')) as "waiting!",
       count(*) filter (where state = 'in_doubt') as "in_doubt!",
       count(*) filter (where state in ('rejected', 'bounced', 'expired', 'suppressed', 'cancelled', 'dead')) as "failed!",
       count(*) filter (where state = 'complained') as "complained!",
       count(reached_at) as "arrived!",
       count(distinct customer_id) filter (where reached_at is not null) as "customers!",
       count(*) filter (where has_answered) as "answered!",
       count(*) filter (where has_replied) as "replied!",
       count(*) filter (where took_part) as "took_part!",
       count(*) filter (where has_bought) as "bought!",
       count(*) filter (where participated) as "participated!",
       count(*) filter (where reached_goal) as "reached_goal!",
       count(*) filter (where orders > 0) as "credited!",
       count(distinct customer_id) filter (where orders > 0) as "buyers!",
       coalesce(sum(orders), 0)::bigint as "orders!",
       coalesce(sum(money), 0) as "money!",
       max(reached_at + make_interval(secs => $5)) filter (where is_open) as "open_until?",
       (select array_agg(distinct o.currency)
        from credited c
        join message m on m.message_id = c.message_id
        join crm.orders o on o.customer_id = c.customer_id and o.order_id = c.order_id) as "currencies?"
from judged
group by grouping sets ((), (is_open), (is_open, step, offer, channel, locale))
