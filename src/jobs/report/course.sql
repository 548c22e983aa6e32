-- What figures came to in earlier periods. $1 job, $2 team, $3 and $4 the first and last days of the periods, $5 the names.
with latest as (
    -- of each period the review that was made last
    select distinct on (r.first_day, r.last_day) r.first_day, r.figures
    from tend.report r
    join unnest($3::date[], $4::date[]) as wanted (first_day, last_day)
      on wanted.first_day = r.first_day and wanted.last_day = r.last_day
    where r.job = $1 and r.team = $2
    order by r.first_day, r.last_day, r.as_of desc, r.run_id desc
)
select l.first_day as "first_day!", s.section -> 'title' ->> 'en' as "en!", s.section -> 'title' ->> 'zh_cn' as "zh_cn!",
       f.figure ->> 'name' as "name!", f.figure -> 'of' ->> 'by' as "part_by?", f.figure -> 'of' ->> 'name' as "part_name?",
       (f.figure -> 'now' ->> 'value')::numeric as "value!", (f.figure ->> 'is_small')::boolean as "is_small!"
from latest l
cross join lateral jsonb_array_elements(l.figures -> 'sections') as s (section)
cross join lateral jsonb_array_elements(s.section -> 'figures') as f (figure)
where f.figure ->> 'name' = any ($5) and f.figure -> 'now' ->> 'value' is not null
order by l.first_day
