-- task/assign: who does which task. $1 tasks, $2 now. Indexes: keys of tend.task, crm.customer, crm.ticket, crm.staff; task_open.
with
-- the tasks with those who come into question, on the day the task begins or, once it has begun, today
asked as materialized (
    select t.task_id, t.assignee_id as had, t.team as whose, t.due_at,
           (greatest(t.opens_at, $2) at time zone t.zone)::date as day, c.owner_id, coalesce(k.assignee_id, t.detail ->> 'staff') as holder_id,
           coalesce(t.backup, (select s.team from crm.staff s where s.staff_id = coalesce(k.assignee_id, t.detail ->> 'staff')),
                    (select s.team from crm.staff s where s.staff_id = c.owner_id)) as backup
    from tend.task t
    left join crm.customer c on c.customer_id = t.customer_id
    left join crm.ticket k on k.ticket_id = t.ticket_id
    where t.task_id = any ($1::bigint[]) and t.state in ('planned', 'open')
),
-- by name: the person or who stands in
named as materialized (
    select a.*, coalesce(a.whose, '') = 'supervisor' as for_boss,
           case when a.whose in ('assignee', 'owner', 'supervisor') then a.backup else a.whose end as crew,
           case when a.whose = 'supervisor' then coalesce(tend.supervisor_of(a.owner_id, a.day), tend.supervisor_of(a.holder_id, a.day))
                when a.whose is null then tend.stand_in(a.had, a.day)
                else coalesce(case when a.whose = 'assignee' then tend.stand_in(a.holder_id, a.day) end,
                              case when a.whose in ('assignee', 'owner') then tend.stand_in(a.owner_id, a.day) end) end as person
    from asked a
),
-- the others in the order in which they are dealt out, for each team and day
waiting as (
    select n.task_id, n.day, n.crew, n.for_boss,
           row_number() over (partition by n.day, n.crew, n.for_boss order by n.due_at, n.task_id) as place
    from named n
    where n.person is null
),
pile as (
    select day, crew, for_boss, max(place) as tasks from waiting group by day, crew, for_boss
),
-- who is there on that day, with what lies open, counting what has just been given by name
member as (
    select p.day, p.crew, p.for_boss, p.tasks, s.staff_id,
           (select count(*) from tend.task o where o.assignee_id = s.staff_id and o.state = 'open' and o.task_id <> all ($1::bigint[]))
           + (select count(*) from named n where n.person = s.staff_id) as load
    from pile p
    join crm.staff s on case when p.for_boss then s.role in ('supervisor', 'manager') and (p.crew is null or s.team = p.crew)
                             else s.team = p.crew end
    where tend.stand_in(s.staff_id, p.day) = s.staff_id
),
-- the least loaded first, each as often as there are tasks
dealt as (
    select m.day, m.crew, m.for_boss, m.staff_id,
           row_number() over (partition by m.day, m.crew, m.for_boss order by m.load + n.already, m.staff_id collate "C") as place
    from member m
    cross join lateral generate_series(0, m.tasks - 1) n (already)
),
found as (
    select n.task_id, n.had, n.due_at,
           coalesce(n.person, d.staff_id, tend.supervisor_of(n.holder_id, n.day), tend.supervisor_of(n.owner_id, n.day),
                    (select b.boss
                     from crm.staff s
                     cross join lateral (select tend.supervisor_of(s.staff_id, n.day) as boss) b
                     where s.team = n.crew and b.boss is not null
                     order by s.staff_id collate "C"
                     limit 1)) as finds
    from named n
    left join waiting w on w.task_id = n.task_id
    left join dealt d on d.day = w.day and d.crew is not distinct from w.crew and d.for_boss = w.for_boss and d.place = w.place
),
given as (
    update tend.task t
    set assignee_id = f.finds
    from found f
    where t.task_id = f.task_id and f.finds is distinct from f.had
    returning t.task_id, t.state, t.assignee_id
),
noted as (
    insert into tend.task_event (task_id, at, what, from_state, staff_id)
    select task_id, $2, 'assigned', state, assignee_id from given order by task_id
)
select count(*) as "given!" from given
