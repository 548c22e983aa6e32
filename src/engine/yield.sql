-- yield: terminates the preview that backend $1 waits for, if it does. The backend of a preview is known by the
-- advisory lock it holds; a bigint key is shown by pg_locks as its two halves.
select pg_terminate_backend(preview.pid) as "terminated!"
from pg_locks as preview
where preview.locktype = 'advisory'
  and preview.granted
  and preview.objsubid = 1
  and preview.database = (select oid from pg_database where datname = current_database())
  and ((preview.classid::bigint << 32) | preview.objid::bigint) = hashtextextended('tend:preview', 0)
  and preview.pid = any (pg_blocking_pids($1))
