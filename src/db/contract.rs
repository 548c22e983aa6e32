//! The columns of `crm` that tend reads, whether they are tables of ours or views of the company's.

use std::collections::BTreeMap;
use std::fmt;

use sqlx::PgConnection;

const TEXT: &str = "text";
const INSTANT: &str = "timestamp with time zone";

/// Relation → its columns with their types, as Postgres names them. `text` may also be `character varying`.
pub const CONTRACT: &[(&str, &[(&str, &str)])] = &[
    (
        "customer",
        &[
            ("customer_id", TEXT),
            ("name", TEXT),
            ("email", TEXT),
            ("phone", TEXT),
            ("locale", TEXT),
            ("timezone", TEXT),
            ("country", TEXT),
            ("birthday_year", "smallint"),
            ("birthday_month", "smallint"),
            ("birthday_day", "smallint"),
            ("birthday_calendar", TEXT),
            ("birthday_leap_month", "boolean"),
            ("status", TEXT),
            ("owner_id", TEXT),
            ("preferred_channel", TEXT),
            ("tags", "text[]"),
            ("attributes", "jsonb"),
            ("created_at", INSTANT),
        ],
    ),
    (
        "orders",
        &[
            ("customer_id", TEXT),
            ("order_id", TEXT),
            ("placed_at", INSTANT),
            ("amount", "numeric"),
            ("currency", TEXT),
            ("status", TEXT),
            ("channel", TEXT),
            ("product_id", TEXT),
        ],
    ),
    (
        "interaction",
        &[
            ("customer_id", TEXT),
            ("interaction_id", TEXT),
            ("at", INSTANT),
            ("kind", TEXT),
            ("direction", TEXT),
            ("channel", TEXT),
            ("staff_id", TEXT),
            ("note", TEXT),
        ],
    ),
    (
        "ticket",
        &[
            ("ticket_id", TEXT),
            ("customer_id", TEXT),
            ("opened_at", INSTANT),
            ("kind", TEXT),
            ("topic", TEXT),
            ("urgency", TEXT),
            ("channel", TEXT),
            ("state", TEXT),
            ("assignee_id", TEXT),
            ("solved_at", INSTANT),
            ("closed_at", INSTANT),
            ("subject", TEXT),
        ],
    ),
    (
        "product_view",
        &[("customer_id", TEXT), ("view_id", TEXT), ("at", INSTANT), ("product_id", TEXT), ("channel", TEXT)],
    ),
    (
        "staff",
        &[
            ("staff_id", TEXT),
            ("name", TEXT),
            ("email", TEXT),
            ("phone", TEXT),
            ("role", TEXT),
            ("manager_id", TEXT),
            ("timezone", TEXT),
            ("active", "boolean"),
            ("locale", TEXT),
            ("team", TEXT),
            ("deputy_id", TEXT),
            ("calendar", TEXT),
            ("daily_visits", "smallint"),
        ],
    ),
    ("absence", &[("staff_id", TEXT), ("from_day", "date"), ("until_day", "date")]),
    (
        "ticket_event",
        &[("ticket_id", TEXT), ("event_id", TEXT), ("at", INSTANT), ("kind", TEXT), ("value", TEXT), ("by_id", TEXT)],
    ),
    (
        "consent",
        &[
            ("customer_id", TEXT),
            ("channel", TEXT),
            ("purpose", TEXT),
            ("recorded_at", INSTANT),
            ("granted", "boolean"),
            ("source", TEXT),
            ("wording", TEXT),
        ],
    ),
];

/// Everything that is missing or has another type, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(pub Vec<String>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.0.iter().enumerate() {
            write!(f, "{}  {line}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// Compares the contract with what this user can read.
///
/// # Errors
/// The outer one when the database cannot be asked; the inner one lists all that is missing at once.
pub async fn check(connection: &mut PgConnection) -> sqlx::Result<Result<(), Missing>> {
    // pg_catalog rather than information_schema: that one hides materialized views.
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select c.relname::text, a.attname::text, format_type(a.atttypid, null),
                has_column_privilege(c.oid, a.attnum, 'select')
         from pg_catalog.pg_class c
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where n.nspname = 'crm' and c.relkind in ('r', 'p', 'v', 'm', 'f')",
    )
    .fetch_all(connection)
    .await?;
    let mut found: BTreeMap<String, BTreeMap<String, (String, bool)>> = BTreeMap::new();
    for (relation, column, kind, readable) in rows {
        found.entry(relation).or_default().insert(column, (kind, readable));
    }
    let missing: Vec<String> =
        CONTRACT.iter().flat_map(|(name, columns)| lacks(name, columns, found.get(*name))).collect();
    Ok(if missing.is_empty() { Ok(()) } else { Err(Missing(missing)) })
}

fn lacks(name: &str, columns: &[(&str, &str)], found: Option<&BTreeMap<String, (String, bool)>>) -> Vec<String> {
    let Some(found) = found else {
        let columns: Vec<String> = columns.iter().map(|(column, kind)| format!("{column} {kind}")).collect();
        return vec![format!("crm.{name} ({})", columns.join(", "))];
    };
    let line = |(column, needed): &(&str, &str)| match found.get(*column) {
        None => Some(format!("crm.{name}.{column} {needed} is missing")),
        Some((kind, _)) if !fits(kind, needed) => Some(format!("crm.{name}.{column} is {kind}, needed is {needed}")),
        Some((_, false)) => Some(format!("crm.{name}.{column} may not be read by this database user")),
        Some(_) => None,
    };
    columns.iter().filter_map(line).collect()
}

fn fits(kind: &str, needed: &str) -> bool {
    kind == needed || matches!((kind, needed), ("character varying", "text") | ("character varying[]", "text[]"))
}
