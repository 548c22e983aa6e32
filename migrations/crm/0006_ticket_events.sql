-- Figures of tickets ask what happened in a month, of one kind: without this index they read the log of all years.
create index ticket_event_kind_at on crm.ticket_event (kind, at);
