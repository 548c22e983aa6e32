//! What a run decided about one customer: for checks.

use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use crate::engine::door::{Decided, Decision, JobError, Run};
use crate::jobfile::reader::Reader;

const TASK: &str = "task";
const ROUND: &str = "round";
const DUE: &str = "due";
const REASON: &str = "reason";
/// Why there is no task.
const REASONS: [(&str, &str); 3] = [
    ("not_in_audience", "not in the audience"),
    ("had_before", "an earlier run made the task"),
    ("no_occasion", "nothing has to be done for the customer on that day"),
];

/// Whether the run made a task about the customer, and by when, else why not.
pub async fn decided(run: &Run, customer_id: &str, conn: &mut PgConnection) -> Result<Decided, JobError> {
    let task = sqlx::query!(
        r#"select run_id, round, title, to_char(due_at at time zone $3, 'YYYY-MM-DD HH24:MI') as "due!" from tend.task
           where job = $1 and customer_id = $2 and run_id is not null order by (run_id = $4) desc, task_id desc limit 1"#,
        run.job,
        customer_id,
        run.timezone.name(),
        run.run_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(task) = task.as_ref().filter(|task| task.run_id == Some(run.run_id)) {
        let why = format!("the task {:?}, round {}, due {}", task.title, task.round, task.due);
        let what = [(TASK, json!(true)), (ROUND, json!(task.round)), (DUE, json!(task.due))];
        return Ok(Decided { what: Decision::from(what), why });
    }
    let failed = sqlx::query_scalar!(
        "select reason from tend.audience_count where run_id = $1 order by customers desc, reason limit 1",
        run.run_id
    );
    Ok(match (failed.fetch_optional(conn).await?, task) {
        (Some(condition), _) => without(0, format!("not in the audience, does not hold: {condition}")),
        (None, Some(_)) => without(1, REASONS[1].1.to_owned()),
        (None, None) => without(2, REASONS[2].1.to_owned()),
    })
}

fn without(reason: usize, why: String) -> Decided {
    Decided { what: Decision::from([(TASK, json!(false)), (REASON, json!(REASONS[reason].0))]), why }
}

/// Reads `expect` of a check: `{ task = true, round = 2, due = "2026-06-02 15:00" }` or `{ task = false, reason = … }`.
pub fn expect(expect: &mut Reader<'_>) -> Option<Decision> {
    expect.required(TASK, "true");
    let task = expect.bool(TASK);
    let mut expected = Decision::from([(TASK, json!(task?))]);
    if let Some(round) = expect.integer(ROUND, 1..=100) {
        expected.insert(ROUND, json!(round));
    }
    if let Some(due) = expect.string(DUE) {
        if chrono::NaiveDateTime::parse_from_str(&due, "%Y-%m-%d %H:%M").is_err() {
            let help = "for example: due = \"2026-06-02 15:00\"".to_owned();
            expect.problem(DUE, "`due` is a day with a time, in the job's zone", Some(help));
        }
        expected.insert(DUE, json!(due));
    }
    if let Some(reason) = expect.choice(REASON, &REASONS.map(|(word, _)| (word, word))) {
        expected.insert(REASON, json!(reason));
    }
    let contrary: &[&str] = if task? { &[REASON] } else { &[ROUND, DUE] };
    if let Some(contrary) = contrary.iter().find(|key| expect.has(key)) {
        let help = "a round and a time go with task = true, a reason with task = false".to_owned();
        expect.problem_with_key(contrary, format!("`{contrary}` contradicts `task`"), Some(help));
        return None;
    }
    Some(expected)
}

/// The JSON schema of the same.
pub fn expect_schema() -> Map<String, Value> {
    let words: Vec<&str> = REASONS.iter().map(|(word, _)| *word).collect();
    let meaning: Vec<String> = REASONS.iter().map(|(word, meaning)| format!("{word}: {meaning}")).collect();
    let keys = json!({
        TASK: { "type": "boolean", "description": "Whether a task is made about the customer" },
        ROUND: { "type": "integer", "minimum": 1, "maximum": 100, "description": "Which round" },
        DUE: { "type": "string", "description": "By when it is due, in the job's zone", "examples": ["2026-06-02 15:00"] },
        REASON: { "enum": words, "description": format!("Why not\n{}", meaning.join("\n")) },
    });
    keys.as_object().cloned().unwrap_or_default()
}
