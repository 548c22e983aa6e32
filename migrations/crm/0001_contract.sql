-- The contract with the company's data (design section 4). A company that already has a CRM skips this folder
-- (`tend migrate --without-crm`) and provides views with the same columns; keys are the company's own, as text.
create schema if not exists crm;
comment on schema crm is 'The company''s data as tend reads it. tend writes here only by `tend import`, `tend demo` and `tend forget`.';

create table crm.staff (
    staff_id   text primary key check (staff_id <> ''),
    name       text not null default '',
    email      text,
    phone      text,
    role       text not null default 'agent',
    manager_id text,
    timezone   text,
    active     boolean not null default true
);
comment on table crm.staff is 'People who look after customers.';
comment on column crm.staff.staff_id is 'The company''s own key.';
comment on column crm.staff.name is 'Name as colleagues write it.';
comment on column crm.staff.email is 'Work address; null when there is none.';
comment on column crm.staff.phone is 'Work phone, E.164.';
comment on column crm.staff.role is 'agent, supervisor, manager or a word of the company.';
comment on column crm.staff.manager_id is 'staff_id of the person this one reports to.';
comment on column crm.staff.timezone is 'IANA zone the person works in; null means the job''s zone.';
comment on column crm.staff.active is 'False once the person has left.';

create table crm.customer (
    customer_id         text primary key check (customer_id <> ''),
    name                text not null default '',
    email               text,
    phone               text,
    locale              text,
    timezone            text,
    country             text,
    birthday_year       smallint check (birthday_year between 1850 and 2200),
    birthday_month      smallint check (birthday_month between 1 and 12),
    birthday_day        smallint check (birthday_day between 1 and 31),
    birthday_calendar   text not null default 'solar' check (birthday_calendar in ('solar', 'lunar')),
    birthday_leap_month boolean not null default false,
    status              text not null default 'active',
    owner_id            text,
    preferred_channel   text,
    tags                text[] not null default '{}',
    attributes          jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
    created_at          timestamptz not null default now(),
    check ((birthday_month is null) = (birthday_day is null)),
    check (birthday_month is not null or birthday_year is null),
    check (birthday_calendar = 'lunar' or not birthday_leap_month)
);
comment on table crm.customer is 'One row per customer.';
comment on column crm.customer.customer_id is 'The company''s own key.';
comment on column crm.customer.name is 'Name as the customer writes it.';
comment on column crm.customer.email is 'Address; null when there is none.';
comment on column crm.customer.phone is 'Phone, E.164 (+8613800138000); null when there is none.';
comment on column crm.customer.locale is 'BCP 47 tag of the language to write in (zh-CN, en).';
comment on column crm.customer.timezone is 'IANA zone the customer lives in; null means the job''s zone.';
comment on column crm.customer.country is 'ISO 3166 alpha-2.';
comment on column crm.customer.birthday_year is 'Year of birth in the birthday''s calendar; null when unknown.';
comment on column crm.customer.birthday_month is 'Month of birth, 1 to 12, in the birthday''s calendar.';
comment on column crm.customer.birthday_day is 'Day of birth in the birthday''s calendar.';
comment on column crm.customer.birthday_calendar is 'solar (Gregorian) or lunar (Chinese lunisolar).';
comment on column crm.customer.birthday_leap_month is 'Lunar only: born in the leap month of that number.';
comment on column crm.customer.status is 'active, or a word of the company for customers nobody should contact (closed, deceased).';
comment on column crm.customer.owner_id is 'staff_id of the customer''s own agent.';
comment on column crm.customer.preferred_channel is 'Channel the customer prefers: email, sms or null.';
comment on column crm.customer.tags is 'Free labels of the company.';
comment on column crm.customer.attributes is 'Anything else the company knows, one JSON object.';
comment on column crm.customer.created_at is 'When the customer became known.';
-- the birthday job looks up the days ahead by calendar, month and day
create index customer_birthday on crm.customer (birthday_calendar, birthday_month, birthday_day) where birthday_month is not null;

create table crm.orders (
    customer_id text not null,
    order_id    text not null check (order_id <> ''),
    placed_at   timestamptz not null,
    amount      numeric(14, 2) not null,
    currency    text not null default 'CNY',
    status      text not null default 'paid' check (status in ('paid', 'cancelled', 'refunded')),
    channel     text,
    product_id  text,
    primary key (customer_id, order_id)
);
comment on table crm.orders is 'One row per order. An order that changes hands is deleted and inserted (the key carries the customer, for Citus).';
comment on column crm.orders.customer_id is 'Who bought.';
comment on column crm.orders.order_id is 'The company''s own key; unique over all customers.';
comment on column crm.orders.placed_at is 'When the order was placed.';
comment on column crm.orders.amount is 'What was paid, in units of the currency.';
comment on column crm.orders.currency is 'ISO 4217.';
comment on column crm.orders.status is 'paid counts; cancelled and refunded do not.';
comment on column crm.orders.channel is 'Where it was bought: shop, app, web …';
comment on column crm.orders.product_id is 'Main product, when the company records one.';
create index orders_placed_at on crm.orders (placed_at);
create index orders_order_id on crm.orders (order_id);

create table crm.interaction (
    customer_id    text not null,
    interaction_id text not null check (interaction_id <> ''),
    at             timestamptz not null,
    kind           text not null,
    direction      text not null default 'in' check (direction in ('in', 'out')),
    channel        text,
    staff_id       text,
    note           text,
    primary key (customer_id, interaction_id)
);
comment on table crm.interaction is 'A contact in either direction (enquiry, complaint, visit, reply, participation); an order is not one.';
comment on column crm.interaction.customer_id is 'With whom.';
comment on column crm.interaction.interaction_id is 'The company''s own key.';
comment on column crm.interaction.at is 'When it happened.';
comment on column crm.interaction.kind is 'enquiry, complaint, visit, reply, participation …';
comment on column crm.interaction.direction is 'in: the customer contacted us; out: we contacted the customer.';
comment on column crm.interaction.channel is 'phone, chat, app, email, shop …';
comment on column crm.interaction.staff_id is 'Who dealt with it.';
comment on column crm.interaction.note is 'Free text of the company.';
create index interaction_at on crm.interaction (at);

create table crm.ticket (
    ticket_id   text primary key check (ticket_id <> ''),
    customer_id text not null,
    opened_at   timestamptz not null,
    kind        text not null default 'request',
    topic       text,
    urgency     text not null default 'normal' check (urgency in ('urgent', 'normal')),
    channel     text,
    state       text not null default 'open',
    assignee_id text,
    solved_at   timestamptz,
    closed_at   timestamptz,
    subject     text
);
comment on table crm.ticket is 'A request or complaint somebody must answer and solve.';
comment on column crm.ticket.ticket_id is 'The company''s own key.';
comment on column crm.ticket.customer_id is 'Who asked.';
comment on column crm.ticket.opened_at is 'When it arrived.';
comment on column crm.ticket.kind is 'request or complaint.';
comment on column crm.ticket.topic is 'What it is about: product, service, delivery …';
comment on column crm.ticket.urgency is 'urgent or normal.';
comment on column crm.ticket.channel is 'chat, phone, app, social, email.';
comment on column crm.ticket.state is 'open, pending, solved, closed or a word of the company.';
comment on column crm.ticket.assignee_id is 'staff_id of who has it.';
comment on column crm.ticket.solved_at is 'When it was solved.';
comment on column crm.ticket.closed_at is 'When it was closed.';
comment on column crm.ticket.subject is 'One line in the customer''s words.';
create index ticket_customer on crm.ticket (customer_id, opened_at);

create table crm.consent (
    customer_id text not null,
    channel     text not null,
    purpose     text not null default 'marketing',
    recorded_at timestamptz not null,
    granted     boolean not null,
    source      text not null default '',
    wording     text not null default '',
    primary key (customer_id, channel, purpose, recorded_at)
);
comment on table crm.consent is 'What the customer allowed and when; the newest row per customer, channel and purpose counts.';
comment on column crm.consent.customer_id is 'Whose consent.';
comment on column crm.consent.channel is 'email or sms.';
comment on column crm.consent.purpose is 'marketing or service.';
comment on column crm.consent.recorded_at is 'When it was given or withdrawn.';
comment on column crm.consent.granted is 'True: allowed; false: withdrawn.';
comment on column crm.consent.source is 'Where the evidence lies: a form, a call, an import.';
comment on column crm.consent.wording is 'Version of the text the customer agreed to.';
