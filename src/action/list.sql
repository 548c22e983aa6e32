-- action/list: actions as they stood at an instant, with the names people know, those that are open first. $1 the instant, $2 job,
-- $3 team, $4 whose, $5 figure, $6 and $7 its part, $8 number, $9 only those open, $10 closed ones from then on, $11 of reviews
-- whose last day is before, $12 how many. Indexes: key, action_once, action_open.
select a.action_id, a.job, a.team, a.run_id, a.period, a.last_day, a.zone, a.figure, a.part_by, a.part_name, a.unit, a.value,
       a.target, a.what, a.owner_id, coalesce(s.name, '') as "owner!", a.due_on, l.state as "state!",
       (l.state = 'open' and a.due_on < ($1::timestamptz at time zone a.zone)::date) as "overdue!",
       case when l.state <> 'open' then a.note end as note, a.created_at, a.created_by, a.created_from,
       case when l.state <> 'open' then a.closed_at end as closed_at, case when l.state <> 'open' then a.closed_by end as closed_by
from tend.action a
left join crm.staff s on s.staff_id = a.owner_id
cross join lateral (select case when a.closed_at > $1 then 'open' else a.state end as state) l
where a.created_at <= $1
  and ($2::text is null or a.job = $2)
  and ($3::text is null or a.team = $3)
  and ($4::text is null or a.owner_id = $4)
  and ($5::text is null or (a.figure, a.part_by, a.part_name) = ($5, coalesce($6::text, ''), coalesce($7::text, '')))
  and ($8::bigint is null or a.action_id = $8)
  and (not $9::boolean or l.state = 'open')
  and ($10::timestamptz is null or l.state = 'open' or a.closed_at >= $10)
  and ($11::date is null or a.last_day < $11)
order by l.state <> 'open', a.due_on, a.action_id
limit $12
