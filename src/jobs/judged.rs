//! One customer under the conditions of a job or a segment: `tend plan NAME --customer ID`.

use serde_json::{Value, json};
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::engine::door::Explained;
use crate::filter::{Answer, Filter, Frame, Node, Requirements, compose};

/// The ticket at hand, for those who ask about one, is the customer's latest.
const JUDGED: &str = "select /*{answers}*/ null::jsonb from crm.customer c
left join lateral (select * from crm.ticket k where k.customer_id = c.customer_id
                   order by coalesce(k.solved_at, k.opened_at) desc, k.ticket_id collate \"C\" limit 1) t on true
/*{facts}*/
where c.customer_id = $1::text";

/// How each of the conditions came out for the customer; none when there is no such customer.
///
/// # Errors
/// When the database refuses.
pub async fn judged(
    conn: &mut PgConnection,
    filters: &[&Filter],
    frame: Frame,
    customer: &str,
) -> sqlx::Result<Option<Vec<Node>>> {
    let statement = compose(JUDGED, frame)
        .bind(customer.to_owned())
        .facts_each("facts", &Requirements::of(filters.iter().copied()))
        .answers("answers", filters.iter().copied())
        .finish();
    let answers: Option<Json<Vec<Answer>>> = statement.query_scalar().fetch_optional(conn).await?;
    let Some(Json(answers)) = answers else { return Ok(None) };
    let mut answers = answers.into_iter();
    Ok(filters.iter().map(|filter| Node::of(filter, &mut answers, frame.timezone)).collect())
}

/// Named conditions of a job, for one customer; those without condition take everybody. None when there is no such
/// customer.
///
/// # Errors
/// When the database refuses.
pub async fn explained(
    conn: &mut PgConnection,
    named: &[(String, Option<&Filter>)],
    frame: Frame,
    customer: &str,
) -> sqlx::Result<Option<Explained>> {
    let filters: Vec<&Filter> = named.iter().filter_map(|(_, filter)| *filter).collect();
    let Some(nodes) = judged(conn, &filters, frame, customer).await? else { return Ok(None) };
    let mut nodes = nodes.into_iter();
    let (mut text, mut parts) = (String::new(), Vec::new());
    for (name, filter) in named {
        let node = filter.and_then(|_| nodes.next());
        let holds = node.as_ref().is_none_or(Node::holds);
        let tree = node.as_ref().map_or_else(|| "  + takes everyone else\n".to_owned(), |node| node.text(2));
        text.push_str(&format!("{name}: {}\n{tree}", if holds { "yes" } else { "no" }));
        parts.push(json!({ "name": name, "holds": holds, "tree": node.map_or(Value::Null, |node| node.json()) }));
    }
    let json = json!({ "customer_id": customer, "as_of": frame.as_of, "conditions": parts });
    Ok(Some(Explained { json, text, html: None }))
}
