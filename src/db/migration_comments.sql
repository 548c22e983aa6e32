-- What sqlx's own tables hold; said once they are there (the second only where tend owns the crm tables).
do $$
declare
    series regclass;
begin
    foreach series in array array[to_regclass('tend.migration'), to_regclass('tend.migration_crm')] loop
        continue when series is null or obj_description(series, 'pg_class') is not null;
        execute format('comment on table %s is %L', series, 'Migrations that were applied; kept by sqlx, compared at start-up.');
        execute format('comment on column %s.version is %L', series, 'Number of the file.');
        execute format('comment on column %s.description is %L', series, 'Rest of the file''s name.');
        execute format('comment on column %s.installed_on is %L', series, 'When it was applied.');
        execute format('comment on column %s.success is %L', series, 'False only while a migration without transaction is under way or broken.');
        execute format('comment on column %s.checksum is %L', series, 'SHA-384 of the file as it was applied.');
        execute format('comment on column %s.execution_time is %L', series, 'Nanoseconds it took.');
    end loop;
end $$;
