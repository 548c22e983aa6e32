-- sla/people: who is meant by the words $2 (assignee, owner, team, supervisor, role:NAME) of the tickets $1, on the local day $3.
-- Who is away is stood in for by the deputy, at most five times over; who has left, or has nobody standing in, is not meant.
with recursive
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
    select a.ticket_id, a.word, s.manager_id from asked a join crm.staff s on s.staff_id = a.has_it where a.word = 'supervisor'
    union all
    select a.ticket_id, a.word, m.staff_id
    from asked a join crm.staff s on s.staff_id = a.has_it join crm.staff m on m.team = s.team and m.active
    where a.word = 'team'
    union all
    select a.ticket_id, a.word, m.staff_id
    from asked a join crm.staff m on m.role = substr(a.word, 6) and m.active
    where a.word like 'role:%'
),
standing_in as (
    select m.ticket_id, m.word, m.staff_id, array[m.staff_id] as way from meant m where m.staff_id is not null
    union all
    select w.ticket_id, w.word, s.deputy_id, w.way || s.deputy_id
    from standing_in w
    join crm.staff s on s.staff_id = w.staff_id
    where s.deputy_id is not null and s.deputy_id <> all (w.way) and cardinality(w.way) <= 5
      and (not s.active or exists (select from crm.absence x where x.staff_id = s.staff_id and $3 between x.from_day and x.until_day))
)
select distinct w.ticket_id as "ticket_id!", w.word as "word!", 'staff:' || w.staff_id as "recipient!", s.calendar as "calendar?"
from standing_in w
join crm.staff s on s.staff_id = w.staff_id
where s.active and not exists (select from crm.absence x where x.staff_id = s.staff_id and $3 between x.from_day and x.until_day)
order by 1, 2, 3
