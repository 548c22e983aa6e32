-- What tend owns: falls that wait, and levels given by hand (design section 7, "Stability").
create table tend.ladder_fall (
    customer_id text not null,
    ladder      text not null,
    due_level   text not null,
    since       timestamptz not null,
    run_id      bigint not null,
    primary key (customer_id, ladder)
);
comment on table tend.ladder_fall is 'Customers for whom a lower level than theirs was due at the last evaluation and who have not fallen, or not that far: by hold, one_level_a_run, or a level given by hand. No row: none is due.';
comment on column tend.ladder_fall.customer_id is 'Who would fall.';
comment on column tend.ladder_fall.ladder is 'On which ladder.';
comment on column tend.ladder_fall.due_level is 'The level the conditions ask for, as of the last evaluation that looked at the customer.';
comment on column tend.ladder_fall.since is 'As-of of the first of the evaluations in a row at which a level below the present one was due; every change of level begins it anew. A changed file leaves it alone.';
comment on column tend.ladder_fall.run_id is 'The run that wrote the row.';
-- whose hold is over
create index ladder_fall_since on tend.ladder_fall (ladder, since);

create table tend.ladder_override (
    override_id bigint generated always as identity primary key,
    customer_id text not null,
    ladder      text not null,
    level       text not null,
    until       timestamptz not null,
    note        text not null default '',
    set_by      text not null,
    set_at      timestamptz not null,
    ended_by    text,
    ended_at    timestamptz,
    settled_by  bigint,
    check (set_at < until),
    check ((ended_at is null) = (ended_by is null)),
    check (ended_at is null or ended_at >= set_at)
);
comment on table tend.ladder_override is 'Levels given by hand, also past ones: rows are never deleted. In force: not ended and the as-of before `until`.';
comment on column tend.ladder_override.override_id is 'Reasons name it.';
comment on column tend.ladder_override.customer_id is 'Who was given the level.';
comment on column tend.ladder_override.ladder is 'On which ladder.';
comment on column tend.ladder_override.level is 'Which level. One that the file no longer has is not in force.';
comment on column tend.ladder_override.until is 'Not in force from this instant on.';
comment on column tend.ladder_override.note is 'Why, in the words of whoever set it.';
comment on column tend.ladder_override.set_by is 'Who set it.';
comment on column tend.ladder_override.set_at is 'When.';
comment on column tend.ladder_override.ended_by is 'Who took it back or replaced it before its end; null: nobody did.';
comment on column tend.ladder_override.ended_at is 'When that was.';
comment on column tend.ladder_override.settled_by is 'The run that judged the customer by the conditions again after its end; null: in force, or no run since. Until then every run looks at the customer.';
-- one that stands for a customer and ladder; whom a run must look at
create unique index ladder_override_standing on tend.ladder_override (customer_id, ladder) where ended_at is null and settled_by is null;
create index ladder_override_unsettled on tend.ladder_override (ladder) where settled_by is null;

alter table tend.ladder_run add column held bigint not null default 0;
alter table tend.ladder_run add column kept jsonb not null default '{}';
comment on column tend.ladder_run.held is 'Customers for whom a lower level is due after the run and who have not fallen, or not that far (tend.ladder_fall).';
comment on column tend.ladder_run.kept is 'What decided beside the conditions of `when` → customers, of those the run looked at: keep and margin (they have their level by that), hold (fell after waiting that long), one_level (fell one level although a lower one is due), override (have their level by hand).';
comment on column tend.ladder_state.reason is 'facts: the figures it was decided on; held: whether each comparison of the ladder held, from the top, null where a value was missing. The cuts are in tend.ladder_run. Where more than the conditions of `when` decided, stability: {"by": "keep" | "margin": the level is kept by that, "due": the level the conditions ask for where the customer did not get it, "since": a lower level was due from then on until the customer fell, "one_level": true: a further fall is due, "override": number in tend.ladder_override, "until": its end}.';
