-- A customer's orders are counted by the index of their key alone, without a visit to the table.
alter table crm.orders drop constraint orders_pkey;
alter table crm.orders add primary key (customer_id, order_id) include (placed_at, amount, status);
-- who became known on certain days
create index customer_created_at on crm.customer (created_at);
-- whose consent was recorded at a certain time
create index consent_recorded_at on crm.consent (recorded_at);
