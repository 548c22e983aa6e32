-- Who had a first message, for the steps after it: no longer only those, since a planner that has no statistics of the ledger
-- yet takes so narrow an index for a cheap way to one customer, and reads it whole for each.
drop index tend.occasion_claimed;
create index occasion_claimed on tend.occasion (claimed_at, job);
