-- action/create: an action, unless there is the same already. $1 to $18 are columns of tend.action. Index: action_once.
insert into tend.action (job, team, run_id, period, last_day, zone, figure, part_by, part_name, unit, value, target, what, owner_id,
                         due_on, created_at, created_by, created_from)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict do nothing
returning action_id
