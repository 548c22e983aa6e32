-- Messages of several steps: what an occasion was is kept with the first message, and those that are due for the next
-- are found by when they had it.
alter table tend.occasion add column detail jsonb;
comment on column tend.occasion.detail is 'What the occasion was, for the messages of later steps; null when the job has none.';
-- the instant first: see occasion_address
create index occasion_claimed on tend.occasion (claimed_at, job) where step = '';
