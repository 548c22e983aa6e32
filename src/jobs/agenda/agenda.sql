-- agenda/agenda: what people $1 have to do on their day $2 and the $3 days after, at most $4 a section, at the instant $5;
-- $6 ladders whose levels are told. Only overdue, today and later ones that are not done.
-- Indexes: tend.task_open, keys of customer, interaction, orders, ticket.
with theirs as (
    select p.staff_id, t.*, c.name, c.phone, c.birthday_month, c.birthday_day, c.birthday_calendar,
           d.day, p.today,
           case when t.due_at < $5 or d.day < p.today then 'overdue' when d.day = p.today then 'today' else 'week' end as section
    from unnest($1::text[], $2::date[]) as p (staff_id, today)
    join tend.task t on t.assignee_id = p.staff_id and t.state in ('planned', 'open') and t.due_at < $5::timestamptz + make_interval(days => $3 + 2)
    left join crm.customer c on c.customer_id = t.customer_id
    cross join lateral (select coalesce(t.on_day, (t.due_at at time zone t.zone)::date) as day) d
    where d.day <= p.today + $3
),
placed as (
    select o.*, row_number() over (partition by o.staff_id, o.section order by o.day, o.starts nulls first, o.due_at, o.task_id) as place,
           count(*) over (partition by o.staff_id, o.section) as of_section
    from theirs o
),
-- what there is to know is asked for those that are told alone; put into words for the one order, contact and answer that are
-- the last: the server would do so for each before it sorts them
told as (
    select p.*, k.levels, q.open_tickets, b.birthday,
           case when w.placed_at is not null
                then jsonb_build_object('on', (w.placed_at at time zone p.zone)::date, 'amount', w.amount::text, 'currency', w.currency) end as last_order,
           case when v.at is not null then jsonb_build_object('on', (v.at at time zone p.zone)::date, 'kind', v.kind) end as last_contact,
           case when a.score is not null
                then jsonb_build_object('survey', a.survey, 'score', a.score, 'on', (a.answered_at at time zone p.zone)::date) end as last_answer
    from placed p
    left join lateral (
        select jsonb_agg(l.level order by l.ladder) as levels from tend.ladder_state l
        where l.customer_id = p.customer_id and l.ladder = any ($6::text[])) k on true
    left join lateral (
        select o.placed_at, o.amount, o.currency
        from crm.orders o where o.customer_id = p.customer_id and o.status = 'paid' and o.placed_at <= $5
        order by o.placed_at desc, o.order_id desc limit 1) w on true
    left join lateral (
        select i.at, i.kind
        from crm.interaction i where i.customer_id = p.customer_id and i.at <= $5 order by i.at desc, i.interaction_id desc limit 1) v on true
    left join lateral (
        select count(*) as open_tickets from crm.ticket k
        where k.customer_id = p.customer_id and k.solved_at is null and k.closed_at is null and k.opened_at <= $5) q on true
    left join lateral (
        select n.survey, n.score, n.answered_at
        from tend.answer n where n.customer_id = p.customer_id and n.score is not null order by n.answered_at desc limit 1) a on true
    left join lateral (
        -- the days from the task on within a week, by month and day; what is counted by the moon is left to the birthday job
        select p.today + g.days as birthday from generate_series(0, 7) as g (days)
        where p.birthday_calendar = 'solar' and p.birthday_month in (extract(month from p.today), extract(month from p.today + 7))
          and p.birthday_month = extract(month from p.today + g.days) and p.birthday_day = extract(day from p.today + g.days)
        limit 1) b on true
    where p.place <= $4
)
select t.staff_id as "staff_id!", t.section as "section!", max(t.of_section) as "count!",
       array_agg(distinct t.customer_id) as "customers!",
       jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
           'id', t.task_id, 'kind', t.kind, 'title', t.title, 'round', nullif(t.round, 1), 'customer', t.customer_id,
           'name', nullif(t.name, ''), 'phone', nullif(t.phone, ''), 'day', t.day, 'days', t.day - t.today,
           'time', case when t.starts is not null then to_char(t.starts, 'HH24:MI')
                        when t.on_day is null then to_char(t.due_at at time zone t.zone, 'HH24:MI') end,
           'begins', extract(epoch from (t.on_day + t.starts) at time zone t.zone)::bigint,
           'ends', case when t.on_day is null then extract(epoch from t.due_at)::bigint end, 'ticket', t.ticket_id, 'score', t.detail -> 'score',
           'levels', t.levels, 'last_order', t.last_order, 'last_contact', t.last_contact,
           'open_tickets', nullif(t.open_tickets, 0), 'last_answer', t.last_answer, 'birthday', t.birthday))
           order by t.place) as "tasks!"
from told t
group by t.staff_id, t.section
