//! What every job file says, whatever its kind: title, owner, order between jobs, `[schedule]`.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::duration::Span;
use super::kind::jobs_named;
use super::reader::Reader;
use crate::engine::schedule::{About, Days, Schedule, ScheduleError, timezone};
use crate::engine::specs::{CatchUp, Missed};

/// The part of a job file that all kinds share.
#[derive(Debug, Clone)]
pub struct Head {
    /// What people call the job.
    pub title: String,
    /// What it does.
    pub description: Option<String>,
    /// Mail address of whom to ask about it.
    pub owner: Option<String>,
    /// Whether its slots are planned.
    pub enabled: bool,
    /// Jobs whose run of the same day comes first.
    pub after: Vec<String>,
    /// How long a slot waits for them.
    pub after_max: Span,
    /// The job's zone.
    pub timezone: Tz,
    /// When it is due; none: only by hand.
    pub schedule: Option<Schedule>,
    /// How day-of-month and day-of-week go together, when the file says it.
    pub days: Option<Days>,
    /// What happens with missed slots.
    pub catch_up: CatchUp,
    /// A start is put off by a share of this.
    pub jitter: Option<Span>,
    /// Skipped as too late when not started by then.
    pub start_deadline: Option<Span>,
}

const AFTER_MAX: Span = Span::hours(6);
/// With `catch_up = "all"` and nothing said.
const MOST_CAUGHT_UP: u32 = 100;
const MISSED: [(&str, Missed); 3] = [("latest", Missed::Latest), ("skip", Missed::Skip), ("all", Missed::All)];
const DAYS: [(&str, Days); 2] = [("and", Days::And), ("or", Days::Or)];

/// `[schedule]` as it was read.
struct Timing {
    timezone: Tz,
    schedule: Option<Schedule>,
    days: Option<Days>,
    catch_up: CatchUp,
    jitter: Option<Span>,
    start_deadline: Option<Span>,
}

impl Default for Timing {
    fn default() -> Self {
        let catch_up = CatchUp { missed: Missed::Latest, window: None, max: MOST_CAUGHT_UP };
        Self { timezone: Tz::UTC, schedule: None, days: None, catch_up, jitter: None, start_deadline: None }
    }
}

/// Reads the common keys. `others` are the names of the other jobs of the folder; none when they are not known.
pub fn read(file: &mut Reader<'_>, job: &str, others: Option<&[&str]>) -> Option<Head> {
    let title = file.required_string("title", "\"Birthday mail\"");
    let description = file.string("description");
    let owner = owner(file);
    let enabled = file.bool("enabled").unwrap_or(true);
    let after = jobs_named(file, "after", "wait for", job, others);
    let after_max = file.duration("after_max");
    if after_max.is_some() && after.is_empty() {
        file.problem_with_key(
            "after_max",
            "`after_max` without `after` has no effect",
            Some("name the jobs to wait for: after = [\"…\"]".into()),
        );
    }
    let timing = match file.has("schedule") {
        true => file.table("schedule").and_then(timing),
        false => {
            file.leave(&["schedule"]);
            Some(Timing::default())
        }
    };
    let Timing { timezone, schedule, days, catch_up, jitter, start_deadline } = timing?;
    let after_max = after_max.unwrap_or(AFTER_MAX);
    Some(Head {
        title: title?,
        description,
        owner,
        enabled,
        after,
        after_max,
        timezone,
        schedule,
        days,
        catch_up,
        jitter,
        start_deadline,
    })
}

fn owner(file: &mut Reader<'_>) -> Option<String> {
    let owner = file.string("owner")?;
    let (name, domain) = owner.split_once('@').unwrap_or_default();
    if name.is_empty() || !domain.contains('.') || owner.contains(char::is_whitespace) {
        let help = "whom to ask when the job fails: owner = \"crm@example.com\"".to_owned();
        file.problem("owner", "`owner` must be one mail address", Some(help));
        return None;
    }
    Some(owner)
}

fn timing(mut table: Reader<'_>) -> Option<Timing> {
    let zone = zone(&mut table);
    let days = table.choice("days", &DAYS);
    let cron = table.required_string("cron", "\"0 2 * * *\"");
    let schedule = cron
        .zip(zone)
        .and_then(|(cron, zone)| Schedule::parse(&cron, zone, days).map_err(|error| refused(&table, error)).ok());
    let catch_up = catch_up(&mut table);
    let jitter = table.duration("jitter");
    let start_deadline = table.duration("start_deadline");
    if let (Some(jitter), Some(deadline)) = (jitter, start_deadline)
        && jitter >= deadline
    {
        let message = format!("the start may be put off by {jitter}, and is too late after {deadline}");
        table.problem("jitter", message, Some("`jitter` must be shorter than `start_deadline`".into()));
    }
    table.finish();
    Some(Timing { timezone: zone?, schedule: Some(schedule?), days, catch_up, jitter, start_deadline })
}

fn zone(table: &mut Reader<'_>) -> Option<Tz> {
    table.required("timezone", "\"Asia/Shanghai\"")?;
    zone_if_any(table)
}

/// `timezone`, where it need not stand.
pub fn zone_if_any(table: &mut Reader<'_>) -> Option<Tz> {
    let name = table.string("timezone")?;
    timezone(&name).map_err(|error| refused(table, error)).ok()
}

/// Shows where in the text of a key the schedule is wrong.
fn refused(table: &Reader<'_>, error: ScheduleError) {
    let key = match error.about {
        About::Cron => "cron",
        About::Timezone => "timezone",
        About::Days if table.has("days") => "days",
        About::Days => "cron",
    };
    table.problem_within(key, error.span, error.message, error.help);
}

fn catch_up(table: &mut Reader<'_>) -> CatchUp {
    let missed = table.choice("catch_up", &MISSED).unwrap_or(Missed::Latest);
    let window = table.duration("window");
    let max = table.integer("max", 1..=10_000);
    if missed == Missed::Skip && table.has("window") {
        table.problem_with_key(
            "window",
            "nothing is caught up, so `window` has no effect",
            Some("take it out, or write catch_up = \"latest\"".into()),
        );
    }
    if missed != Missed::All && table.has("max") {
        table.problem_with_key(
            "max",
            "`max` only goes with catch_up = \"all\"",
            Some("take it out, or write catch_up = \"all\"".into()),
        );
    }
    let max = max.and_then(|max| u32::try_from(max).ok()).unwrap_or(MOST_CAUGHT_UP);
    CatchUp { missed, window: window.map(Span::as_duration), max }
}

/// JSON schema of the common keys.
#[must_use]
pub fn schema() -> Vec<(&'static str, Value)> {
    let words = |list: &[&str]| json!({ "enum": list });
    let described = |mut value: Value, doc: &str| {
        value["description"] = doc.into();
        value
    };
    let duration = |doc: &str| json!({ "$ref": "#/$defs/duration", "description": doc });
    vec![
        (
            "title",
            json!({ "type": "string", "minLength": 1, "description": "What people call the job", "examples": ["Birthday mail"] }),
        ),
        ("description", json!({ "type": "string", "description": "What it does" })),
        (
            "owner",
            json!({ "type": "string", "format": "email", "description": "Whom to ask about it", "examples": ["crm@example.com"] }),
        ),
        ("enabled", json!({ "type": "boolean", "default": true, "description": "false: nothing is planned" })),
        (
            "after",
            json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true,
            "description": "Jobs whose run of the same day comes first", "examples": [["value-tiers"]] }),
        ),
        ("after_max", duration("How long a run waits for them before it goes ahead without; 6h if not said")),
        (
            "schedule",
            json!({
                "type": "object", "additionalProperties": false, "required": ["cron", "timezone"],
                "description": "When the job is due; without it, it runs by hand only",
                "properties": {
                    "cron": { "type": "string", "description": "minute hour day-of-month month day-of-week", "examples": ["0 2 * * *", "30 8 * * MON-FRI"] },
                    "timezone": { "type": "string", "description": "The zone its times are meant in", "examples": ["Asia/Shanghai", "Europe/London"] },
                    "days": described(words(&DAYS.map(|(word, _)| word)), "How day-of-month and day-of-week go together when both are given"),
                    "catch_up": described(words(&MISSED.map(|(word, _)| word)), "After downtime: only the newest missed slot (if nothing is said), none, or all"),
                    "window": duration("Slots older than this are not caught up"),
                    "max": { "type": "integer", "minimum": 1, "maximum": 10_000, "description": "With catch_up = \"all\": at most so many, the newest; 100 if not said" },
                    "jitter": duration("The start is put off by a part of this, the same for the same slot"),
                    "start_deadline": duration("Not started this long after its slot, a run is skipped as too late"),
                },
            }),
        ),
    ]
}
