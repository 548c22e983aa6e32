-- sla/changed: takes up to $2 changes noted for the job $1 that runs for $3 look at; their tickets. Index: sla_change_due.
with
taken as (
    delete from tend.sla_change
    where ctid = any (array(select n.ctid from tend.sla_change n where n.job = $1 and n.not_before <= $3 limit $2))
    returning ticket_id
)
select distinct ticket_id as "ticket_id!" from taken order by 1
