-- web/answer/record: an answer, the first or a changed one. $1 message, $2 kind of the question, $3 score, $4 choice,
-- $5 comment, $6 language, $7 now.
-- What it is about is looked up by the name of the occasion, which carries the company's own key: the ticket and who had it,
-- the visit and who received the customer, the order.
-- Indexes: the keys of tend.outbox, tend.answer, crm.ticket, crm.interaction, crm.orders.
insert into tend.answer (message_id, job, customer_id, occasion, step, survey, score, choice, comment, about, locale, answered_at)
select o.message_id, o.job, o.customer_id, o.occasion, o.step, $2, $3, $4, $5,
       jsonb_strip_nulls(jsonb_build_object('offer', o.data -> 'offer' -> 'name') || coalesce(t.about, i.about, b.about, '{}')), $6, $7
from tend.outbox o
cross join lateral (select split_part(o.occasion, ':', 1) as what, substr(o.occasion, strpos(o.occasion, ':') + 1) as key) k
left join lateral (
    select jsonb_build_object('ticket', n.ticket_id, 'staff', n.assignee_id, 'kind', n.kind, 'topic', n.topic) as about
    from crm.ticket n
    where k.what in ('ticket_solved', 'ticket_opened', 'ticket')
      -- word about a ticket: the name goes on behind the key, and the message carries the key by itself
      and n.ticket_id = case k.what when 'ticket' then o.data #>> '{occasion,ticket}' else k.key end
) t on true
left join lateral (
    select jsonb_build_object('interaction', n.interaction_id, 'staff', n.staff_id, 'kind', n.kind, 'channel', n.channel) as about
    from crm.interaction n
    where k.what = 'interaction' and n.customer_id = o.customer_id and n.interaction_id = k.key
) i on true
left join lateral (
    select jsonb_build_object('order', n.order_id, 'product', n.product_id) as about
    from crm.orders n
    where k.what = 'order' and n.customer_id = o.customer_id and n.order_id = k.key
) b on true
where o.message_id = $1
on conflict (message_id) do update
    set score = excluded.score, choice = excluded.choice, comment = excluded.comment, locale = excluded.locale,
        changed_at = greatest(excluded.answered_at, answer.answered_at)
