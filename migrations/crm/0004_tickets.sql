-- Tickets somebody waits for, which are looked at every few minutes: few, however many there ever were.
create index ticket_unsolved on crm.ticket (opened_at) where solved_at is null;
