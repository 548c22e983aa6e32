-- What tend owns, part two: ladders (design section 7).
create table tend.ladder (
    ladder     text primary key,
    as_of      timestamptz not null,
    run_id     bigint not null,
    spec_hash  text not null
);
comment on table tend.ladder is 'How far each ladder is: a run for an earlier as-of is refused.';
comment on column tend.ladder.ladder is 'The job that keeps it.';
comment on column tend.ladder.as_of is 'The newest as-of it was evaluated for.';
comment on column tend.ladder.run_id is 'By which run.';
comment on column tend.ladder.spec_hash is 'With which spec.';

create table tend.ladder_state (
    customer_id text not null,
    ladder      text not null,
    level       text not null,
    since       timestamptz not null,
    run_id      bigint not null,
    reason      jsonb not null,
    primary key (customer_id, ladder)
) with (fillfactor = 90);
comment on table tend.ladder_state is 'The level each customer is on.';
comment on column tend.ladder_state.customer_id is 'Whose.';
comment on column tend.ladder_state.ladder is 'On which ladder.';
comment on column tend.ladder_state.level is 'Which level.';
comment on column tend.ladder_state.since is 'As-of of the run that put the customer there.';
comment on column tend.ladder_state.run_id is 'That run.';
comment on column tend.ladder_state.reason is 'facts: the figures it was decided on; held: whether each comparison of the ladder held, from the top, null where a value was missing. The cuts are in tend.ladder_run.';
create index ladder_state_level on tend.ladder_state (ladder, level);

create table tend.ladder_move (
    customer_id text not null,
    ladder      text not null,
    run_id      bigint not null,
    at          timestamptz not null,
    from_level  text not null,
    to_level    text not null,
    direction   text not null check (direction in ('rose', 'fell')),
    reason      jsonb not null,
    primary key (customer_id, ladder, run_id)
);
comment on table tend.ladder_move is 'Every move with its reason. A first level is an assignment, not a move: it stands in ladder_state alone.';
comment on column tend.ladder_move.customer_id is 'Who moved.';
comment on column tend.ladder_move.ladder is 'On which ladder.';
comment on column tend.ladder_move.run_id is 'By which run.';
comment on column tend.ladder_move.at is 'As-of of that run.';
comment on column tend.ladder_move.from_level is 'From.';
comment on column tend.ladder_move.to_level is 'To.';
comment on column tend.ladder_move.direction is 'rose or fell.';
comment on column tend.ladder_move.reason is 'As in tend.ladder_state.';
create index ladder_move_run on tend.ladder_move (run_id);
create index ladder_move_at on tend.ladder_move (ladder, at);

create table tend.ladder_run (
    run_id       bigint primary key,
    ladder       text not null,
    as_of        timestamptz not null,
    cuts         jsonb not null,
    distribution jsonb not null,
    moves        jsonb not null,
    missing      jsonb not null
);
comment on table tend.ladder_run is 'What an evaluation of a ladder found.';
comment on column tend.ladder_run.run_id is 'The run.';
comment on column tend.ladder_run.ladder is 'The ladder.';
comment on column tend.ladder_run.as_of is 'The as-of.';
comment on column tend.ladder_run.cuts is 'Figure → share → the lowest value that is still in, null when nobody is, e.g. {"spend": {"20%": "2059.45"}}.';
comment on column tend.ladder_run.distribution is 'Level → customers after the run.';
comment on column tend.ladder_run.moves is 'List of {from, to, customers}, also of those who stayed; from is null for first assignments, to for customers that no longer exist.';
comment on column tend.ladder_run.missing is 'Condition → customers for whom a value was missing, so that it was false.';
