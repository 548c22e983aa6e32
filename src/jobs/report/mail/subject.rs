//! What a review comes to, in a line.

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
