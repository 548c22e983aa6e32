-- person: everything known of a customer ($1), table by table; suppressions also by the addresses known now.
with
customer as (select * from crm.customer where customer_id = $1),
keys as (
    select tend.address_key('email', nullif(btrim(email), '')) as key from customer
    union
    select tend.address_key('sms', nullif(btrim(phone), '')) from customer
),
messages as (select * from tend.outbox where customer_id = $1),
company as (
    select jsonb_build_object(
        'customer', (select to_jsonb(t) from customer t),
        'consent', (select jsonb_agg(t order by recorded_at) from crm.consent t where customer_id = $1),
        'orders', (select jsonb_agg(t order by placed_at) from crm.orders t where customer_id = $1),
        'interaction', (select jsonb_agg(t order by at) from crm.interaction t where customer_id = $1),
        'product_view', (select jsonb_agg(t order by at) from crm.product_view t where customer_id = $1),
        'ticket', (select jsonb_agg(to_jsonb(t) || jsonb_build_object(
                       'event', (select jsonb_agg(to_jsonb(e) - 'ticket_id' order by e.at, e.event_id) from crm.ticket_event e
                                 where e.ticket_id = t.ticket_id)) order by opened_at)
                   from crm.ticket t where customer_id = $1)) as known
),
own as (
    select jsonb_build_object(
        'choice', (select jsonb_agg(to_jsonb(t) || jsonb_build_object('wording', w.body) order by choice_id)
                   from tend.choice t left join tend.wording w on w.version = t.wording
                   where customer_id = $1 or address_key in (select key from keys)),
        'suppression', (select jsonb_agg(t order by recorded_at) from tend.suppression t
                        where customer_id = $1 or address_key in (select key from keys)),
        'message', (select jsonb_agg(to_jsonb(m) || jsonb_build_object(
                        'attempt', (select jsonb_agg(to_jsonb(a) - 'message_id' order by attempt) from tend.attempt a
                                    where a.message_id = m.message_id),
                        'receipt', (select jsonb_agg(to_jsonb(r) - 'message_id' order by receipt_id) from tend.receipt r
                                    where r.message_id = m.message_id)) order by message_id) from messages m),
        'reply', (select jsonb_agg(t order by received_at) from tend.reply t where customer_id = $1),
        'occasion', (select jsonb_agg(t order by claimed_at) from tend.occasion t where customer_id = $1),
        'decision', (select jsonb_agg(t order by at) from tend.decision t where customer_id = $1),
        'holdout', (select jsonb_agg(t order by held_out_at) from tend.holdout t where customer_id = $1),
        'answer', (select jsonb_agg(t order by answered_at) from tend.answer t where customer_id = $1),
        'visit', (select jsonb_agg(t order by job) from tend.visit_customer t where customer_id = $1),
        'task', (select jsonb_agg(to_jsonb(t) || jsonb_build_object(
                     'event', (select jsonb_agg(to_jsonb(e) - 'task_id' order by event_id) from tend.task_event e
                               where e.task_id = t.task_id)) order by created_at, task_id)
                 from tend.task t where customer_id = $1),
        -- what staff were written about the customer speaks of others too: that it was, and when
        'letter', (select jsonb_agg(jsonb_build_object('message_id', o.message_id, 'job', o.job, 'created_at', o.created_at) order by o.message_id)
                   from tend.letter l join tend.outbox o using (message_id) where l.customers @> array[$1]),
        'deadline', (select jsonb_agg(t order by ticket_id, clock, cycle) from tend.sla_clock t where customer_id = $1),
        'alert', (select jsonb_agg(t order by alert_id) from tend.sla_alert t where customer_id = $1),
        'reservation', (select jsonb_agg(t) from tend.reservation t where customer_id = $1),
        'level', (select jsonb_agg(t order by ladder) from tend.ladder_state t where customer_id = $1),
        'level_due', (select jsonb_agg(t order by ladder) from tend.ladder_fall t where customer_id = $1),
        'level_moves', (select jsonb_agg(t order by at) from tend.ladder_move t where customer_id = $1),
        'level_by_hand', (select jsonb_agg(t order by set_at) from tend.ladder_override t where customer_id = $1),
        'fact', (select jsonb_agg(t order by span) from tend.fact t where customer_id = $1)) as known
)
select jsonb_build_object('customer_id', $1::text, 'company', jsonb_strip_nulls(c.known), 'tend', jsonb_strip_nulls(o.known)) as "document!",
       jsonb_strip_nulls(c.known) <> '{}' or jsonb_strip_nulls(o.known) <> '{}' as "anything!"
from company c, own o
