-- Reviews of teams, beside those of everybody (mission M33; src/jobs/report/mail).
alter table tend.report add column team text not null default '';
alter table tend.report drop constraint report_pkey;
alter table tend.report add primary key (run_id, team);
comment on column tend.report.team is 'Whose people the figures are about (crm.staff.team); empty: everybody''s.';
comment on table tend.report is 'Reviews that were made: one row a run that made one, and one for each team that gets its own. Holds no customers.';
