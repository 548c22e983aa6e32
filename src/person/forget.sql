-- person: takes a customer ($1) out of tend's tables. What only serves to look after the customer is deleted; what the books
-- rest on (what was sent, decided, said) is kept under a made-up name, without what it said.
with
made_up as materialized (
    select 'forgotten-' || replace(gen_random_uuid()::text, '-', '') as name
),
change as (delete from tend.change where customer_id = $1 returning 1),
touched as (delete from tend.touched where customer_id = $1 returning 1),
fact as (delete from tend.fact where customer_id = $1 returning 1),
fact_difference as (delete from tend.fact_difference where customer_id = $1 returning 1),
ladder_state as (delete from tend.ladder_state where customer_id = $1 returning 1),
ladder_fall as (delete from tend.ladder_fall where customer_id = $1 returning 1),
ladder_override as (delete from tend.ladder_override where customer_id = $1 returning 1),
ladder_move as (update tend.ladder_move set customer_id = m.name, reason = '{}' from made_up m where customer_id = $1 returning 1),
occasion as (update tend.occasion set customer_id = m.name, detail = '{}' from made_up m where customer_id = $1 returning 1),
decision as (update tend.decision set customer_id = m.name, detail = '{}' from made_up m where customer_id = $1 returning 1),
reservation as (delete from tend.reservation where customer_id = $1 returning 1),
visit_customer as (delete from tend.visit_customer where customer_id = $1 returning 1),
holdout as (update tend.holdout set customer_id = m.name from made_up m where customer_id = $1 returning 1),
outbox as (
    update tend.outbox set customer_id = m.name, data = '{}', allowed_by = null, provider_ref = null from made_up m where customer_id = $1 returning message_id
),
attempt as (
    update tend.attempt set detail = null, reference = null where message_id in (select message_id from tend.outbox where customer_id = $1)
    returning 1
),
receipt as (
    update tend.receipt set detail = null where message_id in (select message_id from tend.outbox where customer_id = $1)
    returning 1
),
reply as (update tend.reply set customer_id = m.name, text = null from made_up m where customer_id = $1 returning 1),
choice as (update tend.choice set customer_id = m.name from made_up m where customer_id = $1 returning 1),
answer as (
    update tend.answer set customer_id = m.name, comment = null, about = '{}' from made_up m where customer_id = $1 returning 1
),
task as (
    update tend.task t
    set customer_id = m.name, origin = 'forgotten:' || t.task_id, ticket_id = null, result = null, note = null, detail = '{}'
    from made_up m
    where customer_id = $1
    returning 1
),
task_event as (
    update tend.task_event set note = null where task_id in (select task_id from tend.task where customer_id = $1) returning 1
),
letter as (delete from tend.letter where customers @> array[$1] returning 1),
sla_ack as (
    delete from tend.sla_ack
    where ticket_id in (select ticket_id from tend.sla_clock where customer_id = $1 union select ticket_id from tend.sla_alert where customer_id = $1)
    returning 1
),
sla_clock as (delete from tend.sla_clock where customer_id = $1 returning 1),
sla_alert as (update tend.sla_alert set customer_id = m.name from made_up m where customer_id = $1 returning 1),
suppression as (update tend.suppression set customer_id = null where customer_id = $1 returning 1)
select jsonb_build_object(
           'tend.change', (select count(*) from change), 'tend.touched', (select count(*) from touched),
           'tend.fact', (select count(*) from fact), 'tend.fact_difference', (select count(*) from fact_difference),
           'tend.ladder_state', (select count(*) from ladder_state), 'tend.ladder_fall', (select count(*) from ladder_fall),
           'tend.reservation', (select count(*) from reservation), 'tend.visit_customer', (select count(*) from visit_customer), 'tend.ladder_override', (select count(*) from ladder_override),
           'tend.letter', (select count(*) from letter), 'tend.sla_clock', (select count(*) from sla_clock),
           'tend.sla_ack', (select count(*) from sla_ack)) as "deleted!",
       jsonb_build_object(
           'tend.ladder_move', (select count(*) from ladder_move), 'tend.occasion', (select count(*) from occasion),
           'tend.decision', (select count(*) from decision), 'tend.holdout', (select count(*) from holdout),
           'tend.outbox', (select count(*) from outbox), 'tend.attempt', (select count(*) from attempt),
           'tend.receipt', (select count(*) from receipt), 'tend.reply', (select count(*) from reply),
           'tend.choice', (select count(*) from choice), 'tend.answer', (select count(*) from answer),
           'tend.task', (select count(*) from task), 'tend.task_event', (select count(*) from task_event), 'tend.suppression', (select count(*) from suppression),
           'tend.sla_alert', (select count(*) from sla_alert)) as "renamed!"
