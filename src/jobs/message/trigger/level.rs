//! Changes of level: a customer rose or fell on a ladder, entered a level or left one.
//!
//! The occasions are the rows of `tend.ladder_move`, so that a first level, which is no move, is none. Each move is told
//! at most once, by its run's number. Only where the customer got to counts: of several moves within the life of a
//! message the last one. How often somebody who goes up and down is told, `again_after` says.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Statements, Trigger, local_day};
use crate::calendar::OutOfRange;
use crate::engine::door::Run;
use crate::filter::Composer;
use crate::jobfile::duration::Span;
use crate::jobfile::kind::{Ladders, ReadContext};
use crate::jobfile::reader::{Reader, did_you_mean};

/// How long a move is told of, where the file does not say it.
const LIFE: Span = Span::days(3);
/// Longer than this a change of level is no news.
const LONGEST: Span = Span::days(60);

/// Which moves make an occasion.
#[derive(Debug, Clone)]
struct Level {
    /// The ladder.
    ladder: String,
    /// `rose` or `fell`; none: both.
    direction: Option<&'static str>,
    /// Only into this level.
    entered: Option<String>,
    /// Only out of this level.
    left: Option<String>,
    /// How long it may be sent from the move on.
    expire_after: Span,
    /// A customer who had a message of the job less than so long before gets none.
    again_after: Option<Span>,
}

/// Reads the keys of `on = "level"`.
pub(super) fn read(trigger: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Box<dyn Trigger>> {
    let before = trigger.problems();
    let ladder = trigger.required_string("ladder", "\"value-tiers\"");
    let levels = ladder.as_deref().and_then(|ladder| levels(trigger, ladder, context.ladders));
    let rose = way(trigger, "rose");
    let fell = way(trigger, "fell");
    if rose && fell {
        let help = "keep one of them, or say entered = \"…\" alone".to_owned();
        trigger.problem_with_key("fell", "nobody rises and falls with one move", Some(help));
    }
    let entered = level(trigger, "entered", levels);
    let left = level(trigger, "left", levels);
    if let (Some(entered), Some(_)) = (&entered, left.as_ref().filter(|left| Some(*left) == entered.as_ref())) {
        trigger.problem("left", format!("nobody leaves {entered:?} and enters it with one move"), None);
    }
    if !["rose", "fell", "entered", "left"].iter().any(|key| trigger.has(key)) {
        let help = "add rose = true, fell = true, entered = \"LEVEL\" or left = \"LEVEL\"".to_owned();
        trigger.problem_here("which change of level is meant?", Some(help));
    }
    let expire_after = trigger.duration("expire_after").unwrap_or(LIFE);
    if expire_after.as_seconds() == 0 || expire_after > LONGEST {
        let help = format!("a length of time from \"1h\" to \"{LONGEST}\"");
        trigger.problem("expire_after", "nothing could be sent, or for far too long", Some(help));
    }
    let again_after = trigger.duration("again_after");
    let direction = if rose { Some("rose") } else { fell.then_some("fell") };
    let is_whole = trigger.problems() == before;
    let ladder = ladder.filter(|_| is_whole)?;
    Some(Box::new(Level { ladder, direction, entered, left, expire_after, again_after }))
}

/// The levels of the ladder, or a word about what was meant.
fn levels<'l>(trigger: &Reader<'_>, ladder: &str, ladders: &'l Ladders) -> Option<&'l [String]> {
    let levels = ladders.levels(ladder);
    if levels.is_none() {
        let help = did_you_mean(ladder, &ladders.names());
        trigger.problem("ladder", format!("there is no ladder {ladder:?}"), Some(help));
    }
    levels
}

/// `rose = true`
fn way(trigger: &mut Reader<'_>, key: &str) -> bool {
    let wanted = trigger.bool(key);
    if wanted == Some(false) {
        trigger.problem(key, format!("`{key}` is true, or left out"), Some("leave it out".into()));
    }
    wanted == Some(true)
}

/// `entered = "high"`
fn level(trigger: &mut Reader<'_>, key: &str, levels: Option<&[String]>) -> Option<String> {
    let level = trigger.string(key)?;
    let known: Vec<&str> = levels?.iter().map(String::as_str).collect();
    if !known.contains(&level.as_str()) {
        trigger.problem(key, format!("the ladder has no level {level:?}"), Some(did_you_mean(&level, &known)));
        return None;
    }
    Some(level)
}

impl Trigger for Level {
    fn statements(&self) -> Statements {
        statements!("level.sql")
    }

    fn bind(&self, composer: Composer, _: &Run) -> Result<Composer, OutOfRange> {
        Ok(composer
            .set("ladder", self.ladder.clone())
            .set("direction", self.direction.map(str::to_owned))
            .set("entered", self.entered.clone())
            .set("left", self.left.clone())
            .set("life", super::interval(self.expire_after)))
    }

    /// The days whose moves a run looks at.
    fn days(&self, run: &Run) -> Vec<NaiveDate> {
        super::stretch(local_day(run, run.as_of - self.expire_after.as_delta()), local_day(run, run.as_of))
    }

    /// At least one day, since an address gets one a day.
    fn apart(&self) -> i32 {
        self.again_after.map_or(1, super::whole_days).max(1)
    }

    fn example(&self, _: NaiveDate) -> Value {
        let direction = self.direction.unwrap_or("rose");
        json!({ "ladder": self.ladder, "from": self.left, "to": self.entered, "direction": direction })
    }
}
