-- visits: the customers of some people ($2; an empty name: of nobody) with what was, what is ahead and what they wish.
-- $1 job, $3 ladder, $4 zone, $5 the day of the run, $6 from when visits count, $7 first run, $8 kinds of contacts that count,
-- $9 from when they do, $10 as-of, $11 and $12 attributes with wishes
with
who as materialized (
    select v.customer_id, v.level, coalesce(v.staff_id, '') as staff_id, v.last_on, v.short, v.short_cycle, v.short_why,
           greatest((c.created_at at time zone $4)::date, (k.since at time zone $4)::date, $7::date) as begin,
           c.attributes -> $11::text as weekday, c.attributes -> $12::text as time
    from tend.visit_customer v
    join crm.customer c on c.customer_id = v.customer_id
    join tend.ladder_state k on k.customer_id = v.customer_id and k.ladder = $3::text
    where v.job = $1::text and coalesce(v.staff_id, '') = any ($2::text[])
),
-- visits of the job in the cycles that are planned: those that were, or that a person called off, count; those the plan took back do
-- not. They are sorted once, before they are gathered: an order of each array would be a sort of its own
near as (
    select t.customer_id,
           array_agg(t.on_day) filter (where t.was) as had,
           array_agg(t.on_day) filter (where t.state = 'missed') as missed,
           max(t.on_day) filter (where t.state = 'done') as last_on,
           array_agg(t.origin) as origins,
           array_agg(t.task_id) filter (where t.ahead) as task_ids,
           array_agg(t.on_day) filter (where t.ahead) as days,
           array_agg(coalesce(t.assignee_id, '')) filter (where t.ahead) as assignees,
           array_agg(t.pinned) filter (where t.ahead) as pinned
    from (select t.customer_id, t.task_id, t.origin, t.on_day, t.state, t.assignee_id,
                 t.state in ('planned', 'open') and t.on_day >= $5::date as ahead,
                 t.state in ('done', 'missed') or t.state in ('planned', 'open') and t.on_day < $5::date
                     or t.state = 'cancelled' and not t.detail ? 'dropped' as was,
                 t.detail ->> 'day' is distinct from t.on_day::text or t.detail ->> 'staff' is distinct from coalesce(t.assignee_id, '') as pinned
          from tend.task t
          where t.job = $1 and t.kind = 'visit' and t.on_day >= $6::date
            and t.customer_id in (select w.customer_id from who w)
          order by t.customer_id, t.on_day, t.task_id) t
    group by t.customer_id
)
select w.customer_id, w.level, w.staff_id as "staff_id!", w.last_on as "was_last_on?", w.short, w.short_cycle, w.short_why,
       w.begin as "begin!", w.weekday as "weekday?", w.time as "time?",
       coalesce(t.had, '{}') as "had!: Vec<NaiveDate>", coalesce(t.missed, '{}') as "missed!: Vec<NaiveDate>",
       coalesce(n.days, '{}') as "contacts!: Vec<NaiveDate>",
       greatest(coalesce(t.last_on, (
           -- asked only for those who have had none since. By customer: without statistics the index of visits has the same
           -- promise, and reads all of them
           select max(o.on_day) from tend.task o
           where o.customer_id = w.customer_id and o.job = $1 and o.kind || '' = 'visit' and o.state = 'done' and o.on_day < $6)), n.last_on) as "last_on?",
       coalesce(t.origins, '{}') as "origins!: Vec<String>", coalesce(t.task_ids, '{}') as "task_ids!: Vec<i64>",
       coalesce(t.days, '{}') as "days!: Vec<NaiveDate>", coalesce(t.assignees, '{}') as "assignees!: Vec<String>",
       coalesce(t.pinned, '{}') as "pinned!: Vec<bool>"
from who w
left join near t on t.customer_id = w.customer_id
left join lateral (
    select array_agg((i.at at time zone $4)::date) filter (where i.at >= $9::timestamptz) as days,
           max((i.at at time zone $4)::date) as last_on
    from crm.interaction i
    where i.customer_id = w.customer_id and i.kind = any ($8::text[]) and i.at <= $10::timestamptz
) n on true
order by w.staff_id, w.customer_id collate "C"
