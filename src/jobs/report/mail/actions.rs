//! What was decided on reviews before, in a mail and in its workbook.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};
use serde_json::{Value, json};

use super::super::words::is_chinese;
use super::super::{ActionSeen, ActionState, Moved, Review};
use super::book::number;
use super::dress::Eyes;

/// Heads and widths (in characters) of the columns.
const COLUMNS: [(&str, &str, f64); 11] = [
    ("Action", "措施", 44.0),
    ("Who", "负责人", 14.0),
    ("By", "截止", 12.0),
    ("State", "状态", 12.0),
    ("Decided on", "定于", 12.0),
    ("Figure", "指标", 34.0),
    ("Part", "分项", 16.0),
    ("Then", "当时", 14.0),
    ("Now", "本期", 14.0),
    ("Moved", "变化", 20.0),
    ("What came of it", "结果", 44.0),
];

impl Eyes<'_> {
    /// What the review opens with.
    pub fn actions(self, review: &Review, team: &str) -> Vec<Value> {
        let one = |action: &ActionSeen| {
            let target = review.figure(&action.figure, action.of.as_ref());
            let target = target.and_then(|figure| figure.target.as_ref().map(|target| self.target(figure, target)));
            let open = action.state == ActionState::Open;
            json!({
                "what": action.what, "owner": action.owner, "due": action.due_on, "state": state(action, self.zh),
                "overdue": action.is_overdue, "period": action.period, "note": action.note.as_deref().unwrap_or_default(),
                "title": action.about(self.locale), "values": action.values(self.locale), "moved": action.moved,
                "words": moved(action.moved, self.zh), "met": action.is_met, "target": target.unwrap_or_default(),
                "link": if open { self.place(&action.place(team)) } else { Value::from("") },
            })
        };
        review.actions.iter().map(one).collect()
    }
}

fn state(action: &ActionSeen, zh: bool) -> &'static str {
    match (action.state, action.is_overdue, zh) {
        (ActionState::Open, false, false) => "open",
        (ActionState::Open, false, true) => "进行中",
        (ActionState::Open, true, false) => "overdue",
        (ActionState::Open, true, true) => "已逾期",
        (ActionState::Done, _, false) => "done",
        (ActionState::Done, _, true) => "已完成",
    }
}

fn moved(moved: Moved, zh: bool) -> &'static str {
    match (moved, zh) {
        (Moved::Better, false) => "better",
        (Moved::Better, true) => "改善",
        (Moved::Worse, false) => "worse",
        (Moved::Worse, true) => "变差",
        (Moved::Same, false) => "as before",
        (Moved::Same, true) => "持平",
        (Moved::Changed, false) => "changed",
        (Moved::Changed, true) => "有变化",
        (Moved::NoCases, false) => "no cases",
        (Moved::NoCases, true) => "没有样本",
        (Moved::Failed, false) => "not computed",
        (Moved::Failed, true) => "未能算出",
        (Moved::Unmeasured, false) => "no longer measured",
        (Moved::Unmeasured, true) => "已不再统计",
    }
}

/// The sheet of a workbook.
pub(super) fn sheet(sheet: &mut Worksheet, review: &Review, locale: &str, head: &Format) -> Result<(), XlsxError> {
    let zh = is_chinese(locale);
    for (column, (en, chinese, width)) in (0..).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, if zh { chinese } else { en }, head)?;
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for (row, action) in (1..).zip(&review.actions) {
        let met = match (action.is_met, zh) {
            (false, _) => "",
            (true, false) => ", target met",
            (true, true) => "，已达标",
        };
        let texts = [
            (0, action.what.as_str()),
            (1, &action.owner),
            (3, state(action, zh)),
            (4, &action.period),
            (5, action.title.in_locale(locale)),
            (6, action.of.as_ref().map_or("", |part| &part.name)),
            (9, &format!("{}{met}", moved(action.moved, zh))),
            (10, action.note.as_deref().unwrap_or_default()),
        ];
        for (column, text) in texts {
            sheet.write_string(row, column, text)?;
        }
        sheet.write_datetime_with_format(row, 2, action.due_on, &day)?;
        number(sheet, row, 7, Some(action.then), action.unit)?;
        number(sheet, row, 8, action.now, action.unit)?;
    }
    let last = u32::try_from(review.actions.len()).unwrap_or(u32::MAX);
    sheet.autofilter(0, 0, last, 10)?;
    Ok(())
}
