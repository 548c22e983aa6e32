-- company: what a review is about besides customers and orders: people, tickets with their logs and deadlines, answers, visits,
-- contacts and levels, over the two years up to 2026-06-01, the same rows every time. {customers} and {tickets} are put in by the driver.
insert into crm.staff (staff_id, name, team, role, active)
select 'S' || lpad(i::text, 3, '0'), 'Person ' || i, 'team ' || i % 2, case when i <= 2 then 'supervisor' else 'agent' end, true
from generate_series(1, 200) i;
insert into crm.staff (staff_id, name, role, email, locale) values ('M1', 'The manager', 'manager', 'm@shop.example', 'en');
update crm.customer set owner_id = 'S' || lpad((1 + abs(hashtext(customer_id)) % 200)::text, 3, '0');

insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason)
select customer_id, 'value-tiers', (array['high', 'mid', 'mid', 'normal', 'normal'])[1 + abs(hashtext(customer_id)) % 5], '2024-01-01Z', 1, '{}'
from crm.customer;
insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason)
select customer_id, 'value-tiers', 1, timestamptz '2026-04-01Z' + abs(hashtext(customer_id)) % 86400 * interval '1 minute', 'mid', 'high', 'rose', '{}'
from crm.customer where abs(hashtext(customer_id)) % 10 = 0;

-- two years of tickets, opened evenly; most answered within hours, solved within days, some opened again
with dice as (
    select i, hashint8extended(i, 1) & 2147483647 as whose, hashint8extended(i, 2) & 2147483647 as moment, hashint8extended(i, 3) & 2147483647 as what,
           hashint8extended(i, 4) & 2147483647 as pace
    from generate_series(1::bigint, {tickets}) i
)
insert into crm.ticket (ticket_id, customer_id, opened_at, kind, topic, urgency, channel, state, assignee_id, solved_at)
select 'T' || lpad(i::text, 8, '0'), 'C' || lpad((1 + whose % {customers})::text, 8, '0'),
       timestamptz '2024-06-01Z' + (moment % 63072000) * interval '1 second',
       (array['request', 'request', 'consultation', 'complaint'])[1 + what % 4], 'topic ' || what % 23, (array['normal', 'urgent'])[1 + what % 2],
       (array['mail', 'phone', 'chat'])[1 + what % 3], case when pace % 20 = 0 then 'open' else 'solved' end, 'S' || lpad((1 + whose % 200)::text, 3, '0'),
       case when pace % 20 > 0 then timestamptz '2024-06-01Z' + (moment % 63072000 + 3600 + pace % 400000) * interval '1 second' end
from dice;
insert into crm.ticket_event (ticket_id, event_id, at, kind, value, by_id)
select ticket_id, 'e1', opened_at, 'opened', null, null from crm.ticket
union all
select ticket_id, 'e2', opened_at + interval '5 minutes', 'assigned', assignee_id, null from crm.ticket
union all
select ticket_id, 'e3', opened_at + (300 + abs(hashtext(ticket_id)) % 20000) * interval '1 second', 'agent_message', null, assignee_id from crm.ticket
union all
select ticket_id, 'e4', solved_at, 'state', 'solved', assignee_id from crm.ticket where solved_at is not null
union all
select ticket_id, 'e5', solved_at + interval '1 day', 'state', 'open', null from crm.ticket where solved_at is not null and abs(hashtext(ticket_id)) % 25 = 0;
insert into tend.sla_clock (job, ticket_id, clock, cycle, customer_id, policy, started_at, counted, target_secs, due_at, by_hand, state, stopped_at,
                            breached_at, used_secs)
select 'sla', ticket_id, c.clock, opened_at, customer_id, 'all', opened_at, 'elapsed', c.secs, opened_at + c.secs * interval '1 second', false,
       case when c.late then 'missed' else 'met' end, c.done,
       case when c.late then opened_at + c.secs * interval '1 second' end, extract(epoch from c.done - opened_at)::bigint
from crm.ticket
cross join lateral (
    select v.clock, v.secs, v.done, v.done > opened_at + v.secs * interval '1 second' as late
    from (values ('first_response', 14400, opened_at + (300 + abs(hashtext(ticket_id)) % 20000) * interval '1 second'),
                 ('solution', 259200, solved_at)) v (clock, secs, done)
    where v.done is not null) c;

insert into tend.answer (message_id, job, customer_id, occasion, survey, score, about, locale, answered_at)
select row_number() over (), 'csat', customer_id, ticket_id, 'csat', 1 + abs(hashtext(ticket_id)) % 5,
       jsonb_build_object('staff', assignee_id, 'kind', kind, 'topic', topic), 'en', solved_at + interval '1 day'
from crm.ticket where solved_at is not null and abs(hashtext(ticket_id)) % 5 = 0
union all
select 10000000 + row_number() over (), 'nps', customer_id, 'q', 'nps', abs(hashtext(customer_id)) % 11, '{}', 'en',
       timestamptz '2026-04-01Z' + abs(hashtext(customer_id)) % 86400 * interval '1 minute'
from crm.customer where abs(hashtext(customer_id)) % 30 = 0;
insert into tend.task (kind, origin, job, customer_id, title, assignee_id, opens_at, due_at, state, state_at, created_at, on_day, zone, detail)
select 'visit', 'v' || c.customer_id || k, 'visits', c.customer_id, 'Visit', c.owner_id, d.at, d.at + interval '9 hours',
       case when abs(hashtext(c.customer_id)) % 7 = 0 then 'missed' else 'done' end, d.at + interval '10 hours', d.at - interval '30 days',
       (d.at at time zone 'Asia/Shanghai')::date, 'Asia/Shanghai', '{}'
from crm.customer c
cross join generate_series(0, 1) k
cross join lateral (select timestamptz '2026-04-01Z' + (k * 30 + abs(hashtext(c.customer_id)) % 30) * interval '1 day' as at) d
where abs(hashtext(c.customer_id)) % 5 = 0;
insert into crm.interaction (customer_id, interaction_id, at, kind)
select customer_id, 'i' || k, timestamptz '2024-06-01Z' + (abs(hashtext(customer_id || k)) % 1051200) * interval '1 minute', 'call'
from crm.customer cross join generate_series(1, 2) k;
analyze;
