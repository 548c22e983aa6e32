-- A company on an ordinary day, 2 June 2026: {customers} customers of three years, five orders each on average, a third
-- of them looking at products lately. Everything follows from the number of the customer: every run is the same.
insert into crm.customer (customer_id, name, email, phone, locale, timezone, birthday_month, birthday_day, created_at)
select 'C' || lpad(i::text, 8, '0'), 'Customer ' || i, 'c' || i || '@example.com',
       case when i % 2 = 0 then '+86138' || lpad(i::text, 8, '0') end, case when i % 3 = 0 then 'en' else 'zh-CN' end,
       case when i % 10 = 0 then 'America/New_York' else 'Asia/Shanghai' end,
       case when i % 4 > 0 then 1 + (i / 7) % 12 end, case when i % 4 > 0 then 1 + (i / 91) % 28 end,
       timestamptz '2026-06-01Z' - (i::bigint * 7919) % 1200 * interval '1 day'
from generate_series(1, {customers}) i;

insert into crm.consent (customer_id, channel, recorded_at, granted, source, wording)
select customer_id, c.channel, '2023-01-01Z', true, 'form', 'v1'
from crm.customer cross join (values ('email'), ('sms')) c (channel)
where substr(customer_id, 2)::integer % 10 <> 0;

insert into crm.orders (customer_id, order_id, placed_at, amount, product_id)
select 'C' || lpad(i::text, 8, '0'), 'O' || i || '-' || k,
       timestamptz '2026-06-01 03:00Z' - ((i::bigint * 104729 + k * 15485863) % 900 + i % 97 * 3) * interval '1 day'
           + (i::bigint * k) % 600 * interval '1 minute',
       10 + (i::bigint * k) % 300, 'P' || (i + k) % 500
from generate_series(1, {customers}) i cross join lateral generate_series(1, i % 11) k;

insert into crm.product_view (customer_id, view_id, at, product_id)
select 'C' || lpad(i::text, 8, '0'), 'V' || i || '-' || k,
       timestamptz '2026-06-01 10:00Z' - (i::bigint * 31 + k * 7) % 60 * interval '12 hours' + k * interval '1 minute',
       'P' || i % 7 + k / 3
from generate_series(3, {customers}, 3) i cross join lateral generate_series(1, 6) k;

insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason)
select customer_id, 'value-tiers', (array['high', 'mid', 'mid', 'normal', 'normal', 'normal'])[1 + substr(customer_id, 2)::integer % 6],
       '2025-01-01Z', 1, '{}'
from crm.customer;
truncate tend.change;
