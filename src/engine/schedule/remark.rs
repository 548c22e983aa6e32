//! What daylight saving did to a slot, in words.

use chrono::{Datelike, NaiveDate};

use super::expression::Time;
use super::zone::{Bend, Fate, LocalDay, utc_day, wall};
use super::{Schedule, YEARS};

/// How many times are named one by one.
pub(super) const NAMED: usize = 4;
/// The longest pause a schedule can have (29 February on a given weekday, across 2100), in days.
const LONGEST_PAUSE: usize = 41 * 366;

/// The sentence for one slot.
pub(super) fn remark(schedule: &Schedule, slot: i64) -> Option<String> {
    let local = super::DateTime::from_timestamp(slot, 0)?.with_timezone(&schedule.timezone).date_naive();
    let mut sentences = Vec::new();
    for date in days_to_look_at(schedule, local) {
        about_day(schedule, date, slot, &mut sentences);
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The slot's local day, the one before (a gap may have moved its last slot here), and the days further back on which
/// daylight saving left nothing at all.
fn days_to_look_at(schedule: &Schedule, local: NaiveDate) -> Vec<NaiveDate> {
    let falls_on = |date: &NaiveDate| YEARS.contains(&date.year()) && schedule.expression.falls_on(*date);
    let mut days: Vec<NaiveDate> = Some(local).into_iter().filter(&falls_on).collect();
    let may_lose_a_day = !schedule.expression.times().iter().any(|time| time.listed);
    let back = std::iter::successors(local.pred_opt(), NaiveDate::pred_opt);
    for date in back.take(if may_lose_a_day { LONGEST_PAUSE } else { 1 }).filter(falls_on) {
        days.push(date);
        if !schedule.slots_of(date).is_empty() {
            break;
        }
    }
    days.reverse();
    days
}

fn about_day(schedule: &Schedule, date: NaiveDate, slot: i64, sentences: &mut Vec<String>) {
    let day = LocalDay::new(schedule.timezone, date);
    if day.plain_offset().is_some() {
        return;
    }
    let fates: Vec<(Time, Fate)> =
        schedule.expression.times().iter().map(|time| (*time, day.fate(time.minute))).collect();
    let pick = |wanted: &dyn Fn(Time, Fate) -> Option<Bend>| {
        let mut bend = None;
        let mut minutes = Vec::new();
        for (time, fate) in &fates {
            if let Some(found) = wanted(*time, *fate) {
                bend = Some(found);
                minutes.push(time.minute);
            }
        }
        bend.map(|bend| (bend, minutes))
    };

    let moved = pick(&|time, fate| match fate {
        Fate::Gap(bend) if time.listed && bend.at == slot => Some(bend),
        _ => None,
    });
    if let Some((bend, minutes)) = moved {
        let neighbour = fates.iter().any(|(_, fate)| *fate == Fate::Once(slot));
        sentences.push(moved_sentence(date, bend, &minutes, neighbour));
    }
    let twice = pick(&|_, fate| match fate {
        Fate::Twice(first, second, bend) if slot == first || slot == second => Some(bend),
        _ => None,
    });
    if let Some((bend, minutes)) = twice {
        let listed = fates.iter().any(|(time, _)| time.listed && minutes.contains(&time.minute));
        let ending = match (listed, slot < bend.at) {
            (true, true) => "it runs once, the first time.",
            (true, false) => return, // no slot: the second time of a listed one
            (false, true) => "it runs both times, this is the first.",
            (false, false) => "it runs both times, this is the second.",
        };
        sentences.push(format!("{} comes twice on {date} ({}): {ending}", names(&minutes), clocks(bend)));
    }
    let left_out = pick(&|time, fate| match fate {
        Fate::Gap(bend) if !time.listed => Some(bend),
        _ => None,
    });
    if let Some((bend, minutes)) = left_out.filter(|(bend, _)| carrier(schedule, date, *bend) == Some(slot)) {
        let (does, is) = if minutes.len() == 1 { ("does", "is") } else { ("do", "are") };
        sentences.push(format!(
            "{} {does} not exist on {date} ({}) and {is} left out: ranges and steps follow the wall clock.",
            names(&minutes),
            clocks(bend)
        ));
    }
}

fn moved_sentence(date: NaiveDate, bend: Bend, minutes: &[u16], neighbour: bool) -> String {
    let at = wall(bend.at + bend.after);
    let does = if minutes.len() == 1 { "does" } else { "do" };
    let ending = match (minutes.len(), neighbour) {
        (1, false) => format!("it runs at {at}, the first moment after."),
        (1, true) => format!("it runs at {at}, together with the run that is due then anyway."),
        (_, false) => format!("they run together, once, at {at}, the first moment after."),
        (_, true) => format!("they run at {at}, together with the run that is due then anyway."),
    };
    format!("{} {does} not exist on {date} ({}): {ending}", names(minutes), clocks(bend))
}

/// The slot at which to say what a gap left out.
fn carrier(schedule: &Schedule, date: NaiveDate, bend: Bend) -> Option<i64> {
    let slots = schedule.slots_of(date);
    let after = slots.iter().find(|slot| **slot >= bend.at);
    after.or_else(|| slots.last()).copied().or_else(|| schedule.collect(bend.at - 1, i64::MAX, 1).pop())
}

fn clocks(bend: Bend) -> String {
    let (from, to) = bend.clocks();
    format!("the clocks go {} from {from} to {to}", if bend.is_gap() { "forward" } else { "back" })
}

/// "02:00", "02:00 and 02:30", "the 60 times from 02:00 to 02:59".
pub(super) fn names(minutes: &[u16]) -> String {
    let name = |minute: &u16| wall(i64::from(*minute) * 60);
    match minutes {
        [] => String::new(),
        [one] => name(one),
        [first, .., last] if minutes.len() > NAMED => {
            format!("the {} times from {} to {}", minutes.len(), name(first), name(last))
        }
        [first @ .., last] => {
            format!("{} and {}", first.iter().map(name).collect::<Vec<_>>().join(", "), name(last))
        }
    }
}

/// The instants at which the clocks of a schedule's zone change, after `from` and up to `until`.
pub(super) fn changes(schedule: &Schedule, from: i64, until: i64) -> Vec<Bend> {
    // beyond chrono's range nothing is known about the clocks
    if utc_day(from, 0).is_none() || utc_day(until, 0).is_none() {
        return Vec::new();
    }
    super::zone::bends(schedule.timezone, from, until)
}
