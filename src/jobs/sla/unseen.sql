-- sla/unseen: changes of tickets are noted since the job $1 is there. Who began to change one before, and has not committed yet, has
-- noted nothing and is not seen by this run either: then the next run computes everything once more.
update tend.sla_job set basis = 'unseen changes'
where job = $1
  and exists (select from pg_locks l
              where l.relation in (to_regclass('crm.ticket'), to_regclass('crm.ticket_event'))
                and l.database = (select d.oid from pg_database d where d.datname = current_database())
                and l.mode = 'RowExclusiveLock' and l.pid <> pg_backend_pid())
