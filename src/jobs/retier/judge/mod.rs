//! What a run would decide about one customer, and on what: `tend plan LADDER --customer ID`, and the reason of checks
//! that fail.
//!
//! Promises: the level named is the one a run of that as-of gives the customer, as the data are now (a test compares the
//! two over random ladders and nights); everything that could decide is shown, also what did not. Reads only.

mod decision;
mod page;
mod text;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

use self::decision::{Decision, Kept};
use super::Ladder;
use crate::engine::door::{Explained, JobError, Run};
use crate::filter::{Filter, Node};
use crate::jobs::judged::judged;

/// Where a customer stands before the run.
#[derive(Debug)]
struct Standing {
    name: String,
    level: Option<String>,
    since: Option<DateTime<Utc>>,
    /// Since when a lower level is due, when one is.
    falling_since: Option<DateTime<Utc>>,
    by_hand: Option<ByHand>,
}

/// A level given by hand, in force at the as-of.
#[derive(Debug)]
struct ByHand {
    number: i64,
    level: String,
    until: DateTime<Utc>,
    note: String,
}

/// How the rules of one level came out.
struct Judged {
    when: Option<Node>,
    keep: Option<Node>,
    nearly: Option<Node>,
}

impl Judged {
    fn due(&self) -> bool {
        self.when.as_ref().is_none_or(Node::holds)
    }

    /// What the customer would keep the level by, being on it or above.
    fn kept(&self) -> Option<Kept> {
        let holds = |node: &Option<Node>| node.as_ref().is_some_and(Node::holds);
        match (holds(&self.keep), holds(&self.nearly)) {
            (true, _) => Some(Kept::Keep),
            (false, true) => Some(Kept::Margin),
            (false, false) => None,
        }
    }
}

/// One customer on one ladder.
struct Verdict<'a> {
    ladder: &'a Ladder,
    run: &'a Run,
    customer: &'a str,
    standing: Standing,
    levels: Vec<Judged>,
    decision: Decision,
}

/// None when there is no such customer.
pub(super) async fn judge(
    ladder: &Ladder,
    run: &Run,
    customer: &str,
    conn: &mut PgConnection,
) -> Result<Option<Explained>, JobError> {
    let filters: Vec<&Filter> = ladder.levels.iter().flat_map(rules).flatten().collect();
    let Some(nodes) = judged(&mut *conn, &filters, ladder.frame(run), customer).await? else { return Ok(None) };
    let Some(standing) = standing(ladder, run, customer, conn).await? else { return Ok(None) };
    let mut nodes = nodes.into_iter();
    let levels = ladder.levels.iter().map(|level| {
        let [when, keep, nearly] = rules(level).map(|rule| rule.and_then(|_| nodes.next()));
        Judged { when, keep, nearly }
    });
    let levels: Vec<_> = levels.collect();
    let decision = decision::decide(ladder, run.as_of, &standing, &levels);
    let verdict = Verdict { ladder, run, customer, standing, levels, decision };
    Ok(Some(Explained { json: verdict.json(), text: verdict.text(), html: Some(verdict.page()?) }))
}

/// The rules of a level, in the order they are asked.
fn rules(level: &super::Level) -> [Option<&Filter>; 3] {
    [level.when.as_ref(), level.keep.as_ref(), level.nearly.as_ref()]
}

async fn standing(
    ladder: &Ladder,
    run: &Run,
    customer: &str,
    conn: &mut PgConnection,
) -> Result<Option<Standing>, sqlx::Error> {
    let names: Vec<String> = ladder.levels.iter().map(|level| level.name.clone()).collect();
    let row = sqlx::query!(
        r#"select coalesce(c.name, '') as "name!", s.level as "level?", s.since as "since?", w.since as "falling_since?",
                  o.override_id as "number?", o.level as "by_hand?", o.until as "until?", o.note as "note?"
           from crm.customer c
           left join tend.ladder_state s on s.customer_id = c.customer_id and s.ladder = $2
           left join tend.ladder_fall w on w.customer_id = s.customer_id and w.ladder = s.ladder
           left join tend.ladder_override o on o.customer_id = c.customer_id and o.ladder = $2 and o.ended_at is null
                and o.settled_by is null and o.until > $3 and o.level = any($4)
           where c.customer_id = $1"#,
        customer,
        run.job,
        run.as_of,
        &names
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let by_hand = match (row.number, row.by_hand, row.until) {
            (Some(number), Some(level), Some(until)) => {
                Some(ByHand { number, level, until, note: row.note.unwrap_or_default() })
            }
            _ => None,
        };
        Standing { name: row.name, level: row.level, since: row.since, falling_since: row.falling_since, by_hand }
    }))
}

impl Verdict<'_> {
    fn name(&self, place: usize) -> &str {
        &self.ladder.levels[place].name
    }

    /// An instant by the clock of the job.
    fn local(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.run.timezone).format("%Y-%m-%d %H:%M").to_string()
    }

    /// Whether `keep` and the margin of a level count for the customer, who would have to be on it or above.
    fn can_keep(&self, place: usize) -> bool {
        self.decision.base.is_some_and(|base| base <= place)
    }

    fn json(&self) -> Value {
        let node = |node: &Option<Node>| node.as_ref().map_or(Value::Null, Node::json);
        let levels = self.ladder.levels.iter().zip(&self.levels).enumerate().map(|(place, (level, judged))| {
            json!({
                "name": level.name, "title": level.title, "holds": judged.due(), "tree": node(&judged.when),
                "keep": node(&judged.keep), "margin": node(&judged.nearly), "can_keep": self.can_keep(place),
            })
        });
        let Decision { when, due, to, .. } = self.decision;
        let by_hand = self.standing.by_hand.as_ref().map(|by_hand| {
            json!({ "override": by_hand.number, "level": by_hand.level, "until": by_hand.until, "note": by_hand.note })
        });
        let stability = self.ladder.stability();
        json!({
            "customer_id": self.customer, "as_of": self.run.as_of,
            "level": self.standing.level, "since": self.standing.since,
            "conditions": levels.collect::<Vec<_>>(),
            "asked_for": self.name(when), "due": self.name(due), "by_hand": by_hand,
            "hold": stability.hold.map(|hold| hold.to_string()),
            "margin": stability.margin.map(|margin| margin.normalize().to_string()),
            "one_level_a_run": stability.one_level_a_run,
            "lower_due_since": self.decision.waits_since, "falls_at": self.decision.falls_at,
            "result": self.name(to), "decided_by": self.decision.by.word(), "why": self.why(),
        })
    }
}
