-- sla/people: who is meant by the words $2 (assignee, owner, team, supervisor, role:NAME) of the tickets $1, on the local day $3.
-- Who is away or has left is stood in for by the deputy, a supervisor who has none by the supervisor's; where nobody is found,
-- nobody is meant, and the owner of the job hears of it. Who stands in and who is above are the functions of task/assign. The
-- rest is another rule than there: a task is given to one person, the least loaded of a team; an alert is told to everybody
-- who is meant at once, the whole team or all of a role, and nobody is chosen instead.
with
asked as (
    select a.ticket_id, a.word, t.assignee_id, c.owner_id, coalesce(t.assignee_id, c.owner_id) as has_it
    from unnest($1::text[], $2::text[]) a (ticket_id, word)
    cross join lateral (select * from crm.ticket own where own.ticket_id = a.ticket_id offset 0) t
    left join lateral (select * from crm.customer own where own.customer_id = t.customer_id offset 0) c on true
),
meant as (
    select a.ticket_id, a.word, a.has_it as staff_id from asked a where a.word = 'assignee'
    union all
    select a.ticket_id, a.word, coalesce(a.owner_id, a.assignee_id) from asked a where a.word = 'owner'
    union all
    select a.ticket_id, a.word, tend.supervisor_of(a.has_it, $3) from asked a where a.word = 'supervisor'
    union all
    select a.ticket_id, a.word, m.staff_id
    from asked a join crm.staff s on s.staff_id = a.has_it join crm.staff m on m.team = s.team and m.active
    where a.word = 'team'
    union all
    select a.ticket_id, a.word, m.staff_id
    from asked a join crm.staff m on m.role = substr(a.word, 6) and m.active
    where a.word like 'role:%'
)
select distinct m.ticket_id as "ticket_id!", m.word as "word!", 'staff:' || w.staff_id as "recipient!", s.calendar as "calendar?"
from meant m
cross join lateral (select tend.stand_in(m.staff_id, $3) as staff_id) w
join crm.staff s on s.staff_id = w.staff_id
order by 1, 2, 3
