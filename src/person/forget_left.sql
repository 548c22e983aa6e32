-- person: what the company's own tables still hold of a customer ($1).
select jsonb_build_object(
    'crm.customer', (select count(*) from crm.customer where customer_id = $1),
    'crm.consent', (select count(*) from crm.consent where customer_id = $1),
    'crm.orders', (select count(*) from crm.orders where customer_id = $1),
    'crm.interaction', (select count(*) from crm.interaction where customer_id = $1),
    'crm.product_view', (select count(*) from crm.product_view where customer_id = $1),
    'crm.ticket', (select count(*) from crm.ticket where customer_id = $1),
    'crm.ticket_event', (select count(*) from crm.ticket_event e join crm.ticket t using (ticket_id) where t.customer_id = $1)) as "left!"
