-- outbox/home: puts this database on record: $1 now, $2 who says so.
insert into tend.home (system, database, timeline, since, confirmed_by)
select c.system_identifier, d.oid::bigint, left(pg_walfile_name(pg_current_wal_lsn()), 8), $1, $2
from pg_control_system() c, pg_database d
where d.datname = current_database()
on conflict (only_one) do update
    set system = excluded.system, database = excluded.database, timeline = excluded.timeline, since = excluded.since,
        confirmed_by = excluded.confirmed_by
