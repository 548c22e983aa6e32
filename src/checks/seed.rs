//! Writes the customers of a check.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use crate::jobfile::checks::Check;

/// Writes all customers of a check with everything that belongs to them.
pub(super) async fn write(check: &Check, conn: &mut PgConnection) -> sqlx::Result<()> {
    for relation in ["customer", "orders", "interaction", "ticket", "product_view", "consent"] {
        let rows = check.customers.iter().flat_map(|customer| &customer.rows).filter(|row| row.relation == relation);
        let rows: Vec<Value> = rows.map(|row| Value::Object(row.columns.clone())).collect();
        if !rows.is_empty() {
            insert(relation, Value::Array(rows), conn).await?;
        }
    }
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
    }
    Ok(())
}

async fn insert(relation: &str, rows: Value, conn: &mut PgConnection) -> sqlx::Result<()> {
    let statement = match relation {
        "customer" => "insert into crm.customer select * from jsonb_populate_recordset(null::crm.customer, $1)",
        "orders" => "insert into crm.orders select * from jsonb_populate_recordset(null::crm.orders, $1)",
        "interaction" => {
            "insert into crm.interaction select * from jsonb_populate_recordset(null::crm.interaction, $1)"
        }
        "ticket" => "insert into crm.ticket select * from jsonb_populate_recordset(null::crm.ticket, $1)",
        "product_view" => {
            "insert into crm.product_view select * from jsonb_populate_recordset(null::crm.product_view, $1)"
        }
        _ => "insert into crm.consent select * from jsonb_populate_recordset(null::crm.consent, $1)",
    };
    sqlx::query(statement).bind(rows).execute(conn).await.map(drop)
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
