//! What a review comes to, in a line.

use chrono::NaiveDate;

use super::super::words::is_chinese;
use super::super::{Review, Verdict};

/// The subject: the verdict first.
pub(super) fn verdict(review: &Review, zh: bool) -> String {
    let judged =
        review.figures().filter(|figure| matches!(figure.verdict, Verdict::Met | Verdict::Missed) && !figure.is_small);
    match (review.missed, judged.count(), zh) {
        (_, 0, false) => "nothing to judge".to_owned(),
        (_, 0, true) => "没有可判断的指标".to_owned(),
        (0, 1, false) => "the target is met".to_owned(),
        (0, judged, false) => format!("all {judged} targets met"),
        (0, judged, true) => format!("{judged} 项目标全部达成"),
        (missed, 1, false) => format!("{missed} of 1 target missed"),
        (missed, judged, false) => format!("{missed} of {judged} targets missed"),
        (missed, judged, true) => format!("{judged} 项目标中 {missed} 项未达成"),
    }
}

/// How many figures could not be computed; empty when all could.
pub(super) fn failures(review: &Review, zh: bool) -> String {
    match (review.figures().filter(|figure| figure.verdict == Verdict::Failed).count(), zh) {
        (0, _) => String::new(),
        (1, false) => "1 figure could not be computed; it says so in its place.".to_owned(),
        (failed, false) => format!("{failed} figures could not be computed; they say so in their places."),
        (failed, true) => format!("有 {failed} 项指标未能算出，已在相应位置注明。"),
    }
}

/// What a mail says on top that a person has sent again on a day.
pub(in crate::jobs::report) fn again(review: &Review, on: NaiveDate, locale: &str) -> String {
    let first = review.as_of.with_timezone(&review.period.timezone).date_naive();
    match is_chinese(locale) {
        false => format!("Sent again on {on}. The figures are those of the review made on {first}."),
        true => format!("本邮件于 {on} 重发，指标与 {first} 生成的评审相同。"),
    }
}
