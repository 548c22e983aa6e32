-- agenda/staff: whom an agenda may go to, $1 names at a time after $2: everybody at work. $3 the job's zone, $4 the instant.
-- A zone the database does not know is the job's. To ask which it knows takes longer than all the rest: only for other zones.
select s.staff_id, s.name, s.locale, s.calendar, nullif(btrim(s.email), '') is not null as "has_address!",
       (z.now)::date as "today!",
       exists (select from crm.absence a where a.staff_id = s.staff_id and (z.now)::date between a.from_day and a.until_day) as "away!"
from crm.staff s
cross join lateral (
    select $4::timestamptz at time zone
           case when s.timezone <> $3 and exists (select from pg_timezone_names n where n.name = s.timezone) then s.timezone else $3 end as now
) z
where s.active and s.staff_id > $2
order by s.staff_id
limit $1
