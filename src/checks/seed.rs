//! Writes the customers of a check.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use crate::jobfile::checks::Check;

/// Writes all customers of a check with everything that belongs to them; `job` is the one it is about, or a segment.
pub(super) async fn write(check: &Check, job: &str, conn: &mut PgConnection) -> sqlx::Result<()> {
    for relation in [
        "customer",
        "orders",
        "interaction",
        "ticket",
        "ticket_event",
        "product_view",
        "consent",
        "outbox",
        "answer",
        "task",
    ] {
        let rows = check.customers.iter().flat_map(|customer| &customer.rows).filter(|row| row.relation == relation);
        let rows: Vec<Value> = rows.map(|row| Value::Object(row.columns.clone())).collect();
        if !rows.is_empty() {
            insert(relation, job, Value::Array(rows), conn).await?;
        }
    }
    // whoever is said to look after one of them, or to do something, works here
    sqlx::query!(
        "insert into crm.staff (staff_id, email)
         select staff_id, staff_id || '@example.com'
         from (select owner_id from crm.customer union select assignee_id from tend.task) s (staff_id) where staff_id <> ''
         on conflict do nothing"
    )
    .execute(&mut *conn)
    .await?;
    for customer in &check.customers {
        for standing in &customer.standings {
            sqlx::query!(
                "insert into tend.ladder_state (customer_id, ladder, level, since, run_id, reason) values ($1, $2, $3, $4, 0, '{}')",
                customer.id,
                standing.ladder,
                standing.level,
                standing.since
            )
            .execute(&mut *conn)
            .await?;
        }
        for (moved, run_id) in customer.moves.iter().zip(1_i64..) {
            sqlx::query!(
                "insert into tend.ladder_move (customer_id, ladder, run_id, at, from_level, to_level, direction, reason)
                 values ($1, $2, $3, $4, $5, $6, $7, '{}')",
                customer.id,
                moved.ladder,
                -run_id,
                moved.at,
                moved.from,
                moved.to,
                moved.direction
            )
            .execute(&mut *conn)
            .await?;
        }
    }
    Ok(())
}

/// Writes codes of the coupon pools of a job: as many as the check says, else enough for all.
pub(super) async fn coupons(check: &Check, pools: &[String], conn: &mut PgConnection) -> sqlx::Result<()> {
    let enough = i64::try_from(check.customers.len() * check.on.len()).unwrap_or(i64::MAX);
    for pool in pools {
        let codes = check.coupons.get(pool).copied().unwrap_or(enough);
        sqlx::query!(
            "with pool as (insert into tend.coupon_pool (pool, low_water, created_at) values ($1, 0, 'epoch') returning pool)
             insert into tend.coupon (pool, code, imported_at)
             select pool, pool || '-' || n, 'epoch' from pool, generate_series(1, $2::bigint) n",
            pool,
            codes
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

async fn insert(relation: &str, job: &str, rows: Value, conn: &mut PgConnection) -> sqlx::Result<()> {
    let statement = match relation {
        "customer" => "insert into crm.customer select * from jsonb_populate_recordset(null::crm.customer, $1)",
        "orders" => "insert into crm.orders select * from jsonb_populate_recordset(null::crm.orders, $1)",
        "interaction" => {
            "insert into crm.interaction select * from jsonb_populate_recordset(null::crm.interaction, $1)"
        }
        "ticket" => "insert into crm.ticket select * from jsonb_populate_recordset(null::crm.ticket, $1)",
        "ticket_event" => "insert into crm.ticket_event select * from jsonb_populate_recordset(null::crm.ticket_event, $1)",
        "product_view" => {
            "insert into crm.product_view select * from jsonb_populate_recordset(null::crm.product_view, $1)"
        }
        "outbox" => {
            "insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale,
                                      data, not_before, not_after, state, state_at, created_at)
             select 0, job, '', customer_id, 'before:' || row_number() over (), purpose, topic, channel, '', 'en',
                    '{}', at, at + interval '1 day', 'accepted', at, at
             from jsonb_to_recordset($1)
                 as m (customer_id text, job text, purpose text, topic text, channel text, at timestamptz)"
        }
        "answer" => {
            "insert into tend.answer (message_id, job, customer_id, occasion, survey, score, choice, locale, answered_at)
             select -row_number() over (), job, customer_id, 'before', survey, score, choice, 'en', answered_at
             from jsonb_to_recordset($1)
                 as m (customer_id text, job text, survey text, score smallint, choice text, answered_at timestamptz)
"
        }
        "task" => return tasks(job, rows, conn).await,
        _ => "insert into crm.consent select * from jsonb_populate_recordset(null::crm.consent, $1)",
    };
    sqlx::query(statement).bind(rows).execute(conn).await.map(drop)
}

/// A task of the job is about that solving of its ticket that there is; without a result it is open.
async fn tasks(job: &str, rows: Value, conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tend.task (kind, origin, job, customer_id, ticket_id, title, assignee_id, opens_at, due_at, round, state, state_at, result, run_id, created_at)
         select n.kind, coalesce(tend.solving(t.ticket_id, t.solved_at) || ':' || n.round, 'before:' || n.customer_id || ':' || row_number() over ()),
                coalesce(n.job, $2), n.customer_id, n.ticket_id, 'before', n.assignee_id, n.at, n.at + interval '1 day', n.round,
                case when n.result is null then 'open' else 'done' end, n.at, n.result, 0, n.at
         from jsonb_to_recordset($1::jsonb)
             as n (customer_id text, job text, kind text, ticket_id text, round smallint, result text, assignee_id text, at timestamptz)
         left join crm.ticket t on t.ticket_id = n.ticket_id",
        rows,
        job
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Between the days of a check the dispatcher pays what is owed, and all of it arrives.
pub(super) async fn pay(conn: &mut PgConnection, until: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update tend.outbox
         set state = case when not_before < not_after then 'accepted' else 'expired' end, state_at = not_before
         where state = 'planned' and not_before <= $1",
        until
    )
    .execute(conn)
    .await?;
    Ok(())
}
