-- What is decided in reviews (mission M44; src/action): a figure that missed its target gets actions, each with somebody who sees
-- to it and a day.
create table tend.action (
    action_id    bigint generated always as identity primary key,
    job          text not null check (job <> ''),
    team         text not null,
    run_id       bigint not null,
    period       text not null check (period <> ''),
    last_day     date not null,
    zone         text not null check (zone <> ''),
    figure       text not null check (figure <> ''),
    part_by      text not null,
    part_name    text not null,
    unit         text not null check (unit in ('share', 'seconds', 'count', 'money', 'score', 'points', 'number')),
    value        numeric not null,
    target       text check (target <> ''),
    what         text not null check (char_length(what) between 1 and 500),
    owner_id     text not null check (owner_id <> ''),
    due_on       date not null,
    state        text not null default 'open' check (state in ('open', 'done', 'dropped')),
    note         text check (char_length(note) between 1 and 500),
    created_at   timestamptz not null,
    created_by   text not null check (created_by <> ''),
    created_from text check (created_from <> ''),
    closed_at    timestamptz check (closed_at >= created_at),
    closed_by    text check (closed_by <> ''),
    closed_from  text check (closed_from <> ''),
    constraint action_part_check check (part_by <> '' or part_name = ''),
    constraint action_closed_check check ((state = 'open') = (closed_at is null) and (closed_at is null) = (closed_by is null)),
    constraint action_dropped_check check (state <> 'dropped' or note is not null)
);
comment on table tend.action is 'Actions: what is to be done about a figure of a review, by whom and until when. The next review opens with them. Holds no customers: whoever writes one is asked not to name any.';
comment on column tend.action.action_id is 'Its number, for people.';
comment on column tend.action.job is 'The job whose review it was decided on.';
comment on column tend.action.team is 'Whose review that was (tend.report.team); empty: everybody''s.';
comment on column tend.action.run_id is 'The run that made the review (tend.report); the figure as it was then stands there.';
comment on column tend.action.period is 'The period of that review, by name.';
comment on column tend.action.last_day is 'The last day of that period: reviews of later ones open with the action.';
comment on column tend.action.zone is 'Zone of the review, in which due_on is a day.';
comment on column tend.action.figure is 'Which figure (docs/figures.md).';
comment on column tend.action.part_by is 'Where the figure is that of a part: by what (tier, person, …); empty: it is that of all.';
comment on column tend.action.part_name is 'Which part; empty: all, or the part of those without.';
comment on column tend.action.unit is 'In what its value is counted (src/figures/unit.rs).';
comment on column tend.action.value is 'What the figure was in that review.';
comment on column tend.action.target is 'What it should have been, in words; null: nobody had said.';
comment on column tend.action.what is 'What is to be done, one line. Names no customer, is never logged.';
comment on column tend.action.owner_id is 'Who sees to it (crm.staff).';
comment on column tend.action.due_on is 'By which day.';
comment on column tend.action.state is 'open, done, or dropped (it is no longer wanted).';
comment on column tend.action.note is 'What came of it, or why it was dropped. Names no customer, is never logged.';
comment on column tend.action.created_at is 'When it was decided.';
comment on column tend.action.created_by is 'Who decided it: staff_id of whom the mail with the link went to, or what the command line was told, else the login name there.';
comment on column tend.action.created_from is 'Of the command line: account and machine, whatever it was told. Null: by link.';
comment on column tend.action.closed_at is 'When it was done or dropped; null: it is open.';
comment on column tend.action.closed_by is 'Who said so, as created_by; null: it is open.';
comment on column tend.action.closed_from is 'From where, as created_from; null: by link, or it is open.';
-- the same form sent twice is one action
create unique index action_once on tend.action (job, team, figure, part_by, part_name, period, owner_id, due_on, md5(what));
create index action_open on tend.action (due_on) where state = 'open';
