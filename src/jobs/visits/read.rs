//! `[visits]` of a job file.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::cycle::PERS;
use super::place::Cadence;
use super::{Contacts, Tier, Visits, Who, Wish};
use crate::figures::counted;
use crate::filter::{self, Scope};
use crate::jobfile::kind::ReadContext;
use crate::jobfile::reader::{Reader, did_you_mean};
use crate::jobs::message::words;
use crate::outbox::survey::Words;

/// How far ahead tasks are made where the file does not say it.
const HORIZON: i64 = 28;
/// Longer than a year and a month nobody plans visits ahead.
const LONGEST: i64 = 400;
const TITLE: &str = "{ zh-CN = \"客户拜访\", en = \"Visit\" }";
const CADENCE: &str = "[{ level = \"high\", visits = 2, per = \"month\" }]";

/// Reads `[visits]` and `[audience]`; none when something is wrong with them, which is noted.
pub(super) fn read(file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Visits> {
    let before = file.problems();
    let mut own = file.table("visits")?;
    let ladder = ladder(&mut own, context);
    let levels = ladder.as_deref().and_then(|ladder| context.ladders.levels(ladder));
    let tiers = tiers(&mut own, levels);
    let calendar = calendar(&mut own, context);
    let horizon = days(&mut own, "horizon", HORIZON);
    if horizon == 0 {
        own.problem(
            "horizon",
            "visits have to be known at least a day ahead",
            Some("for example: horizon = \"28d\"".into()),
        );
    }
    let gap = days(&mut own, "gap", 1);
    too_close(&own, &tiers, gap);
    own.required("capacity", "10");
    let capacity = own.integer("capacity", 1..=1_000);
    let who = who(&mut own);
    let contacts = contacts(&mut own);
    let wish = wish(&mut own);
    let make_up = own.bool("make_up").unwrap_or(true);
    let title = title(&mut own);
    let text = text(&mut own, "text");
    let locale = locale(&mut own, title.as_ref());
    own.finish();
    let audience = filter::read(file, "audience", &Scope::of(context, None));
    let is_whole = file.problems() == before;
    is_whole.then_some(Visits {
        ladder: ladder?,
        tiers,
        calendar: calendar?,
        horizon,
        gap,
        capacity: u32::try_from(capacity?).ok()?,
        who: who?,
        contacts,
        wish,
        make_up,
        title: title?,
        text,
        locale,
        audience,
    })
}

fn ladder(own: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<String> {
    let ladder = own.required_string("ladder", "\"value-tiers\"")?;
    if context.ladders.levels(&ladder).is_none() {
        let help = did_you_mean(&ladder, &context.ladders.names());
        own.problem("ladder", format!("there is no ladder {ladder:?}"), Some(help));
        return None;
    }
    Some(ladder)
}

/// The levels that are visited, from the top of the ladder.
fn tiers(own: &mut Reader<'_>, levels: Option<&[String]>) -> Vec<Tier> {
    if !own.has("cadence") {
        own.missing("cadence", CADENCE);
        return Vec::new();
    }
    let tables = own.tables("cadence");
    if tables.is_empty() {
        own.problem("cadence", "nobody is visited", Some(format!("for example: cadence = {CADENCE}")));
    }
    let mut tiers: Vec<(usize, Tier, Option<Decimal>)> = Vec::new();
    for mut table in tables {
        let level = table.required_string("level", "\"high\"");
        table.required("visits", "2");
        let visits = table.integer("visits", 1..=100);
        table.required("per", "\"month\"");
        let per = table.choice("per", PERS);
        let share = table.percent("share");
        let place = level.as_deref().and_then(|level| place(&table, level, levels, &tiers));
        table.finish();
        if let (Some(level), Some(visits), Some(per), Some(place)) = (level, visits, per, place) {
            let cadence = Cadence { visits: u16::try_from(visits).unwrap_or(u16::MAX), per, share: 0.0 };
            tiers.push((place, Tier { level, cadence }, share));
        }
    }
    shares(own, &mut tiers);
    tiers.sort_by_key(|(place, ..)| *place);
    tiers.into_iter().map(|(_, tier, _)| tier).collect()
}

/// How far from the top a level is; what is wrong with it is noted.
fn place(
    table: &Reader<'_>,
    level: &str,
    levels: Option<&[String]>,
    known: &[(usize, Tier, Option<Decimal>)],
) -> Option<usize> {
    if known.iter().any(|(_, tier, _)| tier.level == level) {
        table.problem("level", format!("{level:?} has a cadence already"), Some("keep one of them".into()));
        return None;
    }
    // what is wrong with the ladder is told there
    let levels = levels?;
    let place = levels.iter().position(|known| known == level);
    if place.is_none() {
        let names: Vec<&str> = levels.iter().map(String::as_str).collect();
        table.problem("level", format!("the ladder has no level {level:?}"), Some(did_you_mean(level, &names)));
    }
    place
}

/// The shares of the effort: each has one, or nobody has, and then the upper levels come first.
fn shares(own: &Reader<'_>, tiers: &mut [(usize, Tier, Option<Decimal>)]) {
    let given: Vec<Decimal> = tiers.iter().filter_map(|(.., share)| *share).collect();
    if given.is_empty() {
        if let Some((_, top, _)) = tiers.iter_mut().min_by_key(|(place, ..)| *place) {
            top.cadence.share = 1.0;
        }
        return;
    }
    if given.len() < tiers.len() {
        let help = "give each its `share`, or leave all of them out: then the upper levels come first".to_owned();
        own.problem("cadence", "some levels have a share of the effort and some have none", Some(help));
        return;
    }
    let sum: Decimal = given.iter().sum();
    if sum != Decimal::ONE {
        let message = format!("the shares come to {}%", (sum * Decimal::ONE_HUNDRED).normalize());
        own.problem("cadence", message, Some("they share one effort: 100% together".into()));
        return;
    }
    for (_, tier, share) in tiers {
        tier.cadence.share = share.and_then(|share| share.to_f64()).unwrap_or_default();
    }
}

fn calendar(own: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<String> {
    own.required("calendar", "\"cn\"")?;
    context.calendars.read(own, "calendar")
}

/// A number of whole days.
fn days(own: &mut Reader<'_>, key: &str, default: i64) -> i64 {
    let Some(span) = own.duration(key) else { return default };
    match span.as_days().map(i64::from) {
        Some(days) if days <= LONGEST => days,
        Some(_) => {
            own.problem(key, format!("`{key}` is at most {LONGEST} days"), None);
            default
        }
        None => {
            own.problem(key, format!("`{key}` counts whole days"), Some(format!("for example: {key} = \"7d\"")));
            default
        }
    }
}

fn too_close(own: &Reader<'_>, tiers: &[Tier], gap: i64) {
    for tier in tiers {
        let (visits, shortest) = (i64::from(tier.cadence.visits), tier.cadence.per.shortest());
        if (visits - 1) * gap >= shortest {
            let word = tier.cadence.per.word();
            let apart = counted(gap, "day");
            let message = format!("{visits} visits a {word} ({:?}) cannot lie {apart} apart", tier.level);
            let help = format!("at most {}", counted((shortest - 1) / (visits - 1).max(1), "day"));
            own.problem("gap", message, Some(help));
        }
    }
}

fn who(own: &mut Reader<'_>) -> Option<Who> {
    let by_owner = own.choice("who", &[("owner", true), ("team", false)]);
    let team = own.string("team").filter(|team| {
        if team.trim().is_empty() {
            own.problem("team", "`team` is empty", Some("for example: team = \"field\"".into()));
        }
        !team.trim().is_empty()
    });
    match (by_owner.unwrap_or(true), team) {
        (true, team) => Some(Who { owner: true, team }),
        (false, Some(team)) => Some(Who { owner: false, team: Some(team) }),
        (false, None) => {
            own.missing("team", "\"field\"");
            None
        }
    }
}

fn contacts(own: &mut Reader<'_>) -> Option<Contacts> {
    let mut table = own.table("contacts")?;
    table.required("kind", "[\"visit\", \"phone\"]");
    let kinds = table.strings("kind");
    if kinds.as_ref().is_some_and(Vec::is_empty) {
        table.problem("kind", "no contact counts", Some("leave `contacts` out, or name kinds of interactions".into()));
    }
    table.required("within", "\"30d\"");
    let within = table.duration("within");
    if within.is_some_and(|within| within.as_seconds() == 0) {
        table.problem("within", "no contact is that recent", Some("for example: within = \"30d\"".into()));
    }
    table.finish();
    Some(Contacts { kinds: kinds?, within: within? })
}

fn wish(own: &mut Reader<'_>) -> Wish {
    let Some(mut table) = own.table("wish") else { return Wish::default() };
    let wish = Wish { weekday: table.string("weekday"), time: table.string("time") };
    if !table.has("weekday") && !table.has("time") {
        let help = "for example: wish = { weekday = \"visit_weekday\", time = \"visit_time\" }, keys of `attributes`"
            .to_owned();
        table.problem_here("what do customers wish?", Some(help));
    }
    table.finish();
    wish
}

fn title(own: &mut Reader<'_>) -> Option<Words> {
    own.required("title", TITLE)?;
    text(own, "title")
}

fn text(own: &mut Reader<'_>, key: &str) -> Option<Words> {
    let node = own.value(key)?;
    words::required(own, key, node, &BTreeSet::new(), &[])
}

/// The language of those who have none of their own, or one the title does not have.
fn locale(own: &mut Reader<'_>, title: Option<&Words>) -> Option<String> {
    let locale = own.string("locale")?;
    let known: Vec<&str> = title.map(|title| title.0.keys().map(String::as_str).collect()).unwrap_or_default();
    let any = known == [crate::outbox::survey::ANY_LANGUAGE];
    if !known.is_empty() && !any && !known.contains(&locale.as_str()) {
        own.problem("locale", format!("`title` has no words in {locale:?}"), Some(did_you_mean(&locale, &known)));
        return None;
    }
    Some(locale)
}
