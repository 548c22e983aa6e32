//! The sheet of a section's cases: which tickets, orders, visits are behind its figures, those furthest from good first.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::super::behind::Behind;
use super::super::catalogue::{Case, Entry, Unit};
use super::super::measure::{Cases, LISTED};
use super::super::words::is_chinese;
use super::book::{Looks, number};
use crate::figures::count;

/// Heads and widths of the first columns.
const COLUMNS: [(&str, &str, f64); 4] =
    [("Figure", "指标", 30.0), ("Case", "类型", 10.0), ("Number", "编号", 24.0), ("Counts as", "计为", 14.0)];
const WIDTH: f64 = 16.0;

/// By what cases are parted, as heads; others stand as they are called in files.
const PARTS: [(&str, &str, &str); 12] = [
    ("clock", "Clock", "时限"),
    ("kind", "Kind", "类别"),
    ("topic", "Topic", "主题"),
    ("urgency", "Urgency", "紧急程度"),
    ("channel", "Channel", "渠道"),
    ("tier", "Tier", "等级"),
    ("person", "Person", "员工"),
    ("policy", "Policy", "策略"),
    ("job", "Job", "任务"),
    ("reason", "Reason", "原因"),
    ("product", "Product", "产品"),
    ("strength", "Strength", "强度"),
];

/// Fills the sheet.
pub(super) fn filled(sheet: &mut Worksheet, behind: &Behind, locale: &str, looks: &Looks) -> Result<(), XlsxError> {
    let zh = is_chinese(locale);
    let parts = parts(behind);
    for (column, (en, chinese, width)) in (0..).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, if zh { chinese } else { en }, &looks.head)?;
        sheet.set_column_width(column, width)?;
    }
    let first = u16::try_from(COLUMNS.len()).unwrap_or(u16::MAX);
    for (column, part) in (first..).zip(&parts) {
        let head = PARTS.iter().find(|(by, _, _)| by == part);
        let head = head.map_or(*part, |(_, en, chinese)| if zh { chinese } else { en });
        sheet.write_string_with_format(0, column, head, &looks.head)?;
        sheet.set_column_width(column, WIDTH)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let mut row = 0;
    for (entry, cases) in &behind.figures {
        let title = entry.title.in_locale(locale);
        for case in cases.iter().flat_map(|cases| &cases.rows) {
            row += 1;
            sheet.write_string(row, 0, title)?;
            sheet.write_string(row, 1, named(entry, zh))?;
            sheet.write_string(row, 2, &*case.id)?;
            number(sheet, row, 3, Some(case.value), unit(entry))?;
            for (column, part) in (first..).zip(&parts) {
                if let Some(value) = case.part(part) {
                    sheet.write_string(row, column, value)?;
                }
            }
        }
    }
    let last = first.saturating_add(u16::try_from(parts.len()).unwrap_or(u16::MAX)).saturating_sub(1);
    sheet.autofilter(0, 0, row, last)?;
    for (entry, cases) in &behind.figures {
        if let Some(said) = left(entry, cases.as_ref(), locale) {
            row += 1;
            sheet.write_string(row, 0, said)?;
        }
    }
    Ok(())
}

/// By what the cases of any of the figures are parted, each once.
fn parts(behind: &Behind) -> Vec<&'static str> {
    let mut parts: Vec<&'static str> = Vec::new();
    for (entry, cases) in &behind.figures {
        let has = |part: &str| cases.iter().flat_map(|cases| &cases.rows).any(|row| row.part(part).is_some());
        for part in entry.by.iter().copied().filter(|part| has(part)) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    parts
}

/// A case of a share counts as 1 or 0, so that their mean is the figure.
const fn unit(entry: &Entry) -> Unit {
    match entry.unit {
        Unit::Seconds | Unit::Money => entry.unit,
        _ => Unit::Number,
    }
}

const fn named(entry: &Entry, zh: bool) -> &'static str {
    match (entry.row, zh) {
        (Some((Case::Ticket, _)), false) => "ticket",
        (Some((Case::Ticket, _)), true) => "工单",
        (Some((Case::Order, _)), false) => "order",
        (Some((Case::Order, _)), true) => "订单",
        (Some((Case::Task, _)), false) => "visit",
        (Some((Case::Task, _)), true) => "拜访",
        (Some((Case::Message, _)), false) => "message",
        (Some((Case::Message, _)), true) => "消息",
        (Some((Case::Answer, _)), false) => "answer",
        (Some((Case::Answer, _)), true) => "答复",
        (None, _) => "",
    }
}

/// What is not in the sheet; none: all of it is.
fn left(entry: &Entry, cases: Option<&Cases>, locale: &str) -> Option<String> {
    let (zh, title) = (is_chinese(locale), entry.title.in_locale(locale));
    let Some(cases) = cases else {
        return Some(match zh {
            false => format!("{title}: its cases could not be listed."),
            true => format!("{title}：明细未能列出。"),
        });
    };
    let listed = i64::try_from(LISTED).unwrap_or(i64::MAX);
    (cases.all > listed).then(|| match zh {
        false => format!("{title}: {} of {} cases, those furthest from good first.", count(listed), count(cases.all)),
        true => format!("{title}：共 {} 例，列出最差的 {} 例。", count(cases.all), count(listed)),
    })
}

/// What readers should know of the sheets of cases.
pub(super) const fn note(zh: bool) -> &'static str {
    match zh {
        false => {
            "Cases: each counts as the number beside it; of a share 1 or 0, so that the mean of all is the figure. Customers are not \
             listed: a mail that was sent cannot forget them."
        }
        true => {
            "明细：每例按所列数值计入；比例类计为 1 或 0，全部的平均即为该指标。不列出客户：已发出的邮件无法再将其遗忘。"
        }
    }
}
