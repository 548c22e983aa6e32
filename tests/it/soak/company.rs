//! Customers for the soaks, made by SQL.

use chrono::NaiveDate;
use sqlx::PgPool;

/// `count` customers with an address of their own, consent to mail, one order and a birthday on `day`.
pub async fn with_birthday_on(pool: &PgPool, count: i32, day: NaiveDate) {
    for statement in [
        "insert into crm.customer (customer_id, name, email, locale, timezone, birthday_month, birthday_day)
         select 'c' || n, '客户 ' || n, 'c' || n || '@customers.example', case when n % 2 = 0 then 'zh-CN' else 'en' end,
                'Asia/Shanghai', extract(month from $2::date)::int, extract(day from $2::date)::int
         from generate_series(1, $1) n",
        "insert into crm.consent (customer_id, channel, purpose, recorded_at, granted, source)
         select 'c' || n, 'email', 'marketing', $2::date - interval '1 year', true, 'test' from generate_series(1, $1) n",
        "insert into crm.orders (customer_id, order_id, placed_at, amount)
         select 'c' || n, 'o' || n, $2::date - interval '40 days', 10 + n from generate_series(1, $1) n",
    ] {
        sqlx::query(statement).bind(count).bind(day).execute(pool).await.expect("the company is made");
    }
}
