-- outbox/policy/caps: which ways are full: "filled" says, for customers who have had much, how many messages each cap still
-- leaves them. Counted as if the message went at "not_before": no stretch of a rolling cap's length that holds it may hold
-- more than the cap, before or behind it.
--   :conditional whether any cap is for some customers only; the slots say for whom

-- who has had so few that no cap can be full, even with all messages of this run, is not looked at any further
crowded as (
    select x.customer_id
    from contact x
    join (select p.customer_id, count(*) as messages from paced p group by p.customer_id) r on r.customer_id = x.customer_id
    where x.counts
    group by x.customer_id, r.messages
    having count(*) + r.messages > (select min(k.at_most) from cap k)
),
-- the caps with a condition that hold for the customer; nobody asks about one who has no message near, nor several now
limited as (
    select p.customer_id, p.occasion, /*{limits}*/ null::text[] as names
    from paced p
    join crm.customer c on c.customer_id = p.customer_id
    /*{limit_facts}*/
    where :conditional::boolean
      and (p.customer_id in (select z.customer_id from crowded z)
           or p.customer_id in (select s.customer_id from paced s group by s.customer_id having count(*) > 1))
),
-- their ways, each with its conditional caps. They are found before the ways are multiplied by what the customers had: what comes of
-- that the planner takes for one row, and would walk through all of "limited" for each
busy as materialized (
    select w.customer_id, w.occasion, w.channel, w.not_before, w.zone, l.names
    from way w
    left join limited l on l.customer_id = w.customer_id and l.occasion = w.occasion
    where w.customer_id in (select z.customer_id from crowded z)
),
-- what each cap counts near each way; within null: on the same day where the customer lives
near as (
    select b.customer_id, b.occasion, b.channel, b.not_before, k.place, k.name, k.at_most, k.within, array_agg(x.at) as instants
    from busy b
    join contact x on x.customer_id = b.customer_id and x.counts
    join cap k
      on (k.purposes is null or x.purpose = any (k.purposes)) and (k.topics is null or x.topic = any (k.topics))
     and (k.channels is null or b.channel = any (k.channels) and x.channels && k.channels)
     and case when k.within is null then (x.at at time zone b.zone)::date = (b.not_before at time zone b.zone)::date
              else x.at > b.not_before - k.within and x.at < b.not_before + k.within end
    where not k.conditional or k.name = any (b.names)
    group by b.customer_id, b.occasion, b.channel, b.not_before, k.place, k.name, k.at_most, k.within
),
-- the fullest stretch that holds this message begins with it or with one of those before it
filled as materialized (
    select distinct on (n.customer_id, n.occasion, n.channel) n.customer_id, n.occasion, n.channel, n.name as cap,
           n.at_most - f.most as room
    from near n
    cross join lateral (
        select case when n.within is null then cardinality(n.instants)
                    else (select max((select count(*) from unnest(n.instants) i (at) where i.at >= s.at and i.at < s.at + n.within))
                          from unnest(n.instants || n.not_before) s (at)
                          where s.at <= n.not_before) end as most
    ) f
    order by n.customer_id, n.occasion, n.channel, n.at_most - f.most, n.place
),
