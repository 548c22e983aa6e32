//! Whether a customer stands in somebody's agenda: for checks.

use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use crate::engine::door::{Decided, Decision, JobError, Run};
use crate::jobfile::reader::Reader;

const AGENDA: &str = "agenda";
const SECTION: &str = "section";
const SECTIONS: [(&str, &str); 3] = [("overdue", "overdue"), ("today", "today"), ("week", "week")];

/// In which section of an agenda of the run the customer stands, the most urgent one; or in none.
pub(super) async fn decided(run: &Run, customer_id: &str, conn: &mut PgConnection) -> Result<Decided, JobError> {
    let section = sqlx::query_scalar!(
        r#"select s.name as "name!"
           from tend.letter l
           join tend.outbox o using (message_id)
           cross join unnest($3::text[]) with ordinality as s (name, place)
           where o.run_id = $1 and l.customers @> array[$2::text]
             and l.data -> s.name @> jsonb_build_array(jsonb_build_object('customer', $2::text))
           order by s.place limit 1"#,
        run.run_id,
        customer_id,
        &SECTIONS.map(|(word, _)| word.to_owned())
    );
    Ok(match section.fetch_optional(conn).await? {
        Some(section) => {
            let why = format!("stands in an agenda under {section:?}");
            Decided { what: Decision::from([(AGENDA, json!(true)), (SECTION, json!(section))]), why }
        }
        None => Decided {
            what: Decision::from([(AGENDA, json!(false))]),
            why: "nobody at work on that day has a task about the customer in the days that are told".to_owned(),
        },
    })
}

/// Reads `expect` of a check: `{ agenda = true, section = "today" }` or `{ agenda = false }`.
pub(super) fn expect(expect: &mut Reader<'_>) -> Option<Decision> {
    expect.required(AGENDA, "true");
    let agenda = expect.bool(AGENDA);
    let section = expect.choice(SECTION, &SECTIONS);
    if agenda == Some(false) && expect.has(SECTION) {
        let help = "leave it out, or say agenda = true".to_owned();
        expect.problem_with_key(SECTION, "`section` contradicts `agenda`", Some(help));
        return None;
    }
    let mut expected = Decision::from([(AGENDA, json!(agenda?))]);
    expected.extend(section.map(|section| (SECTION, json!(section))));
    Some(expected)
}

/// The JSON schema of the same.
pub(super) fn expect_schema() -> Map<String, Value> {
    let keys = json!({
        AGENDA: { "type": "boolean", "description": "Whether somebody's agenda has a task about the customer" },
        SECTION: { "enum": SECTIONS.map(|(word, _)| word), "description": "Under which head, the most urgent one" },
    });
    keys.as_object().cloned().unwrap_or_default()
}
