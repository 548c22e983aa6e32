-- message/trigger/ticket: what there is to tell about a ticket: that it has arrived, that somebody has it, that it moved to
-- another state, that it takes longer than was promised, that it is solved.
--   :tell which of these (received, assigned, moved, late, solved); :kinds of tickets, or null; :life how long news is news;
--   :open_for how long a ticket may be open and still be told about
-- No log of events is asked of the company: what a ticket says now is compared with what the customer was told (the ledger,
-- where the news is part of the name of the occasion). Only the furthest it has come to is told. A story is told from its
-- beginning: of a ticket that was there before the job was, nothing but its end.
-- Indexes: crm.ticket (opened_at) of those not solved, (solved_at), the keys of tend.occasion and tend.job_run.

-- tickets that are open, or were until lately; of one that is over, when it ended
recent as (
    select t.ticket_id, t.customer_id, t.kind, t.topic, t.state, t.assignee_id, t.opened_at,
           case when t.solved_at < :as_of::timestamptz then t.solved_at
                when t.closed_at < :as_of::timestamptz then t.closed_at
                when t.solved_at is null and t.closed_at is null and t.state in ('solved', 'closed') then '-infinity' end as ended_at
    from (
        select * from crm.ticket w where w.solved_at is null and w.opened_at >= :as_of::timestamptz - :open_for::interval
        union all
        select * from crm.ticket s where s.solved_at >= :as_of::timestamptz - :life::interval
    ) t
    where t.opened_at < :as_of::timestamptz and t.opened_at >= :as_of::timestamptz - :open_for::interval
      and (:kinds::text[] is null or t.kind = any (:kinds::text[]))
),
-- the furthest each has come to, of what the file tells
come as (
    select t.*, n.news, n.name, n.since
    from recent t
    -- what a job about deadlines has the customer told
    left join lateral (
        select a.clock, a.cycle, a.state_at from tend.sla_alert a
        where a.customer_id = t.customer_id and a.ticket_id = t.ticket_id and a.recipient = 'customer' and a.state = 'told'
          and a.state_at <= :as_of::timestamptz
        order by a.state_at desc, a.alert_id desc
        limit 1
    ) l on true
    cross join lateral (
        select v.news, 'ticket:' || t.ticket_id || ':' || v.name as name, v.since
        from (values (5, 'solved', 'solved', t.ended_at, t.ended_at is not null),
                     (4, 'late', 'late:' || l.clock || ':' || extract(epoch from l.cycle)::bigint, l.state_at, t.ended_at is null and l.clock is not null),
                     (3, 'moved', 'moved:' || t.state, :as_of::timestamptz,
                      t.ended_at is null and t.state not in ('open', 'new', 'solved', 'closed')),
                     (2, 'assigned', 'assigned:' || t.assignee_id, :as_of::timestamptz, t.ended_at is null and t.assignee_id is not null),
                     (1, 'received', 'received', t.opened_at, t.ended_at is null)) v (rank, news, name, since, holds)
        where v.holds and v.news = any (:tell::text[])
        order by v.rank desc
        limit 1
    ) n
),
-- since when there is the job
began as materialized (
    select least(:as_of::timestamptz, min(r.slot)) as at
    from tend.job_run r
    where r.job = :job::text and r.trigger in ('schedule', 'catchup')
),
fresh as (
    select c.*
    from come c
    where case when c.news in ('received', 'late', 'solved') then c.since > :as_of::timestamptz - :life::interval
               else c.opened_at > (select b.at from began b) - :life::interval
                    or exists (select from tend.occasion o
                               where o.job = :job::text and o.customer_id = c.customer_id
                                 and starts_with(o.occasion, 'ticket:' || c.ticket_id || ':')) end
      and not exists (select from tend.occasion o
                      where o.job = :job::text and o.customer_id = c.customer_id and o.occasion = c.name and o.step = '')
),
due as (
    select h.*, f.name as occasion, 'ticket' as kind, (f.since at time zone h.zone)::date as occurs_on,
           date_trunc('day', f.since at time zone h.zone) as due_on, f.since + :life::interval as not_after,
           jsonb_build_object('news', f.news, 'ticket', f.ticket_id, 'ticket_kind', f.kind, 'state', f.state, 'topic', coalesce(f.topic, '')) as detail
    from fresh f
    -- by key, one at a time: of a few tickets the planner expects many, and would read every customer
    cross join lateral (select * from home c where c.customer_id = f.customer_id limit 1) h
)
