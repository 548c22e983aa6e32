-- visits: whom the job looks after and who visits them; writes what changed. Who was in the audience and is not any more goes.
with
/*{facts}*/
-- who works, and who is there at all in the days that are planned
people as (
    select s.staff_id, s.team,
           s.active and not exists (select from crm.absence a
                                    where a.staff_id = s.staff_id and a.from_day <= :today and a.until_day >= :horizon) as there,
           tend.stand_in(s.staff_id, :today) as stand_in
    from crm.staff s
),
-- an owner who is gone or away for long has a deputy, who has to be there for longer than a day
owners as (
    select p.staff_id, case when p.there then p.staff_id else d.staff_id end as goes
    from people p
    left join people d on d.staff_id = p.stand_in and d.there
),
wanted as (
    select c.customer_id, k.level,
           coalesce(case when :by_owner then o.goes end,
                    -- whoever of the team went before goes again
                    case when kept.there and kept.team = :team then kept.staff_id end) as staff_id,
           v.customer_id is not null as is_known, v.level as was_level, v.staff_id as was_staff_id
    from crm.customer c
    join tend.ladder_state k on k.customer_id = c.customer_id and k.ladder = :ladder and k.level = any (:levels::text[])
    /*{joins}*/
    left join owners o on o.staff_id = c.owner_id
    left join tend.visit_customer v on v.job = :job and v.customer_id = c.customer_id
    left join people kept on kept.staff_id = v.staff_id
    where /*{audience}*/ true
),
gone as (
    delete from tend.visit_customer v
    where v.job = :job and not exists (select from wanted w where w.customer_id = v.customer_id)
    returning 1
),
kept as (
    insert into tend.visit_customer as v (job, customer_id, level, staff_id)
    -- most are as they were; a conflict would lock the row of each of them
    select :job, w.customer_id, w.level, w.staff_id from wanted w
    where not w.is_known or (w.was_level, w.was_staff_id) is distinct from (w.level, w.staff_id)
    on conflict (job, customer_id) do update set level = excluded.level, staff_id = excluded.staff_id
        where (v.level, v.staff_id) is distinct from (excluded.level, excluded.staff_id)
    returning 1
)
select (select count(*) from wanted) as customers, (select count(*) from gone) as gone
