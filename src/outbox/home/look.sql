-- outbox/home: whether this is the database on record. The timeline is that of the WAL now being written: the control file
-- learns it only with the next checkpoint.
select case when h.system is null then 'new'
            when h.system <> n.system or h.database <> n.database then 'moved'
            when h.timeline <> n.timeline then 'promoted'
            else 'home' end as "place!"
from (select c.system_identifier as system, d.oid::bigint as database, left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline
      from pg_control_system() c, pg_database d where d.datname = current_database()) n
left join tend.home h on true
