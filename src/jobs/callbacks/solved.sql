-- callbacks: requests solved lately, each with the name of that solving, that nobody has been asked to call about.
--   :life how long ago at most
-- Indexes: crm.ticket (solved_at), crm.ticket_event (ticket_id, at), the key of tend.task.
with
fresh as materialized (
    select t.ticket_id, t.customer_id, t.kind, t.topic, t.solved_at as since, s.solving
    from crm.ticket t
    cross join lateral (select tend.solving(t.ticket_id, t.solved_at) as solving) s
    where t.solved_at >= :as_of::timestamptz - :life::interval and t.solved_at <= :as_of::timestamptz
      and not exists (select from tend.task k where k.origin = s.solving || ':1' and k.kind = 'callback')
),
-- the log is asked about few
found as (
    select f.customer_id, f.solving || ':1' as origin, f.ticket_id, f.since,
           jsonb_strip_nulls(jsonb_build_object('ticket', f.ticket_id, 'kind', f.kind, 'topic', f.topic, 'solved_at', f.since)) as detail
    from fresh f
    where not tend.reopened(f.ticket_id, f.since, :as_of::timestamptz)
)
