-- Deadlines and callbacks that were not looked after in every case (design section 9; src/jobs/sla/settle.rs, src/jobs/callbacks).

-- What happens to a ticket between the instant a run is for and the moment it looks is not in that run: the ticket is looked at
-- again when that instant has come.
alter table tend.sla_change add column not_before timestamptz not null default '-infinity';
comment on column tend.sla_change.not_before is 'Not looked at by runs for an earlier instant: something happened, or will happen, to the ticket then. -infinity: the next run looks.';
create index sla_change_due on tend.sla_change (job, not_before);

-- Callbacks that answers to surveys ask for belong to the job that asked, which runs once a day or once a quarter: a job of kind
-- callbacks looks after them (answers = true).
create index task_unhappy_answer on tend.task (state_at)
    where state = 'done' and result = 'not_satisfied' and kind = 'callback' and origin like 'answer:%';
create index task_answer on tend.task (job) where state in ('planned', 'open') and kind = 'callback' and origin like 'answer:%';
comment on column tend.task.origin is 'What it comes from: answer:123 (tend.answer of message 123; answer:123:2 the second round after it), ticket:T1:20260601T080000.000000:2 (second round after that solving of ticket T1), level:churn-risk:17:C1 (the move of customer C1 in run 17), visit:visits:2026-06:C1:2 (the second visit to C1 in June by the job visits).';
comment on column tend.task.kind is 'callback (phone somebody whose request is solved, or who said something), visit, or rescue (phone somebody who may leave). complaint is not made by anything: complaints are tickets, and their deadlines are kept by tend.sla_clock.';
