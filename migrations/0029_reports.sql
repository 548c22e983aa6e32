-- Reviews (design section 10; src/jobs/report).
create table tend.report (
    run_id    bigint primary key,
    job       text not null,
    period    text not null check (period <> ''),
    first_day date not null,
    last_day  date not null,
    as_of     timestamptz not null,
    figures   jsonb not null check (jsonb_typeof(figures) = 'object'),
    check (last_day >= first_day)
);
comment on table tend.report is 'Reviews that were made: one row a run that made one. Holds no customers.';
comment on column tend.report.run_id is 'The run (tend.job_run).';
comment on column tend.report.job is 'Its job.';
comment on column tend.report.period is 'The period it is about, by name: 2026-05, 2026-W22, 2026-Q2.';
comment on column tend.report.first_day is 'The first day of the period, in the zone of the job.';
comment on column tend.report.last_day is 'The last one.';
comment on column tend.report.as_of is 'As of when it was made.';
comment on column tend.report.figures is 'All its figures (src/jobs/report/review.rs): what the mail is made of, and the archive.';
create index report_job on tend.report (job, first_day);

create function tend.levels_at(of_ladder text, at timestamptz) returns table (customer_id text, level text) language sql stable as $$
    select s.customer_id, coalesce(m.from_level, s.level)
    from tend.ladder_state s
    left join (select distinct on (k.customer_id) k.customer_id, k.from_level
               from tend.ladder_move k
               where k.ladder = $1 and k.at >= $2
               order by k.customer_id, k.at, k.run_id) m on m.customer_id = s.customer_id
    where s.ladder = $1
$$;
comment on function tend.levels_at(text, timestamptz) is 'The level of each customer on a ladder just before an instant: that from which the first move since went. Who came on the ladder later has the first level that is known.';
