-- What customers look at (mission M16), and indexes by which triggers find what happened lately.
create table crm.product_view (
    customer_id text not null,
    view_id     text not null check (view_id <> ''),
    at          timestamptz not null,
    product_id  text not null,
    channel     text,
    primary key (customer_id, view_id)
);
comment on table crm.product_view is 'One row each time a customer looked at a product.';
comment on column crm.product_view.customer_id is 'Who looked.';
comment on column crm.product_view.view_id is 'The company''s own key.';
comment on column crm.product_view.at is 'When.';
comment on column crm.product_view.product_id is 'At what; the same word as in crm.orders.product_id.';
comment on column crm.product_view.channel is 'Where: app, web, shop …';
create index product_view_at on crm.product_view (at);

create index ticket_opened_at on crm.ticket (opened_at);
create index ticket_solved_at on crm.ticket (solved_at) where solved_at is not null;
