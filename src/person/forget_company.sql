-- person: takes a customer ($1) out of the company's tables, where tend made them.
with
customer as (delete from crm.customer where customer_id = $1 returning 1),
consent as (delete from crm.consent where customer_id = $1 returning 1),
orders as (delete from crm.orders where customer_id = $1 returning 1),
interaction as (delete from crm.interaction where customer_id = $1 returning 1),
views as (delete from crm.product_view where customer_id = $1 returning 1),
ticket_event as (
    delete from crm.ticket_event where ticket_id in (select ticket_id from crm.ticket where customer_id = $1) returning 1
),
ticket as (delete from crm.ticket where customer_id = $1 returning 1)
select jsonb_build_object(
    'crm.customer', (select count(*) from customer), 'crm.consent', (select count(*) from consent),
    'crm.orders', (select count(*) from orders), 'crm.interaction', (select count(*) from interaction),
    'crm.product_view', (select count(*) from views), 'crm.ticket', (select count(*) from ticket),
    'crm.ticket_event', (select count(*) from ticket_event)) as "done!"
