//! The workbook of a review: a sheet for each section with the numbers as numbers, one with the cases behind them, and one
//! that says how they are counted.
//!
//! Texts are written as texts: what begins with "=" is no formula.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};

use super::super::behind::Behind;
use super::super::words::is_chinese;
use super::super::{Figure, Measured, PartName, Review, Unit, Verdict};
use super::actions;
use super::cases;
use crate::outbox::channel::Attachment;

const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Characters of a sheet's name, at most.
const NAME: usize = 31;
const DAY: Decimal = Decimal::from_parts(86_400, 0, 0, false, 0);

/// Heads and widths (in characters) of the columns.
const COLUMNS: [(&str, &str, f64); 11] = [
    ("Figure", "指标", 34.0),
    ("By", "维度", 10.0),
    ("Part", "分项", 22.0),
    ("Value", "本期", 14.0),
    ("Before", "上期", 14.0),
    ("Baseline", "基线", 14.0),
    ("Target", "目标", 12.0),
    ("Verdict", "结论", 14.0),
    ("Counted", "计入", 12.0),
    ("Cases", "例数", 10.0),
    ("Cases before", "上期例数", 13.0),
];

/// The formats of a workbook.
pub(super) struct Looks {
    pub head: Format,
    bold: Format,
    wrapped: Format,
}

/// A line of a sheet.
struct Line<'a> {
    figure: &'a Figure,
    part: Option<(&'a PartName, Option<&'a str>)>,
    now: Measured,
    before: Measured,
}

/// The workbook as a file of the mail.
///
/// # Errors
/// When it cannot be written: more rows than a sheet has.
pub(super) fn book(review: &Review, behind: &[Behind], locale: &str) -> Result<Attachment, XlsxError> {
    let zh = is_chinese(locale);
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_title(&review.title).set_creation_datetime(&review.as_of));
    let looks = Looks {
        head: Format::new().set_bold().set_text_wrap().set_background_color(0x00DD_E6F0),
        bold: Format::new().set_bold(),
        wrapped: Format::new().set_text_wrap(),
    };
    let mut names: Vec<String> = Vec::new();
    for section in &review.sections {
        let name = sheet_name(section.title.in_locale(locale), &names);
        let sheet = book.add_worksheet();
        sheet.set_name(&name)?;
        names.push(name);
        let lines = section.figures.iter().flat_map(lines);
        filled(sheet, lines, locale, &looks)?;
        for cases in behind.iter().filter(|cases| cases.title == section.title && !cases.is_empty()) {
            let wanted = format!("{} {}", section.title.in_locale(locale), if zh { "明细" } else { "cases" });
            let sheet = book.add_worksheet();
            let name = sheet_name(&wanted, &names);
            sheet.set_name(&name)?;
            names.push(name);
            cases::filled(sheet, cases, locale, &looks)?;
        }
    }
    if !review.actions.is_empty() {
        let sheet = book.add_worksheet();
        let name = sheet_name(if zh { "改进措施" } else { "Actions" }, &names);
        sheet.set_name(&name)?;
        names.push(name);
        actions::sheet(sheet, review, locale, &looks.head)?;
    }
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(if zh { "口径" } else { "How it is counted" }, &names))?;
    notes(sheet, review, locale, &looks)?;
    Ok(Attachment {
        name: format!("{}-{}.xlsx", review.job, review.period.name),
        media_type: TYPE.into(),
        content_id: None,
        body: book.save_to_buffer()?,
        optional: true,
    })
}

/// A figure and its parts.
fn lines(figure: &Figure) -> impl Iterator<Item = Line<'_>> {
    let whole =
        Line { figure, part: figure.of.as_ref().map(|part| (part, None)), now: figure.now, before: figure.before };
    let parts = figure.parts.iter().map(move |part| Line {
        figure,
        part: Some((&part.part, part.label.as_deref())),
        now: part.now,
        before: part.before,
    });
    std::iter::once(whole).chain(parts)
}

fn filled<'a>(
    sheet: &mut Worksheet,
    lines: impl Iterator<Item = Line<'a>>,
    locale: &str,
    looks: &Looks,
) -> Result<(), XlsxError> {
    let zh = is_chinese(locale);
    for (column, (en, chinese, width)) in (0..).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, if zh { chinese } else { en }, &looks.head)?;
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    let mut row = 0;
    for line in lines {
        row += 1;
        let figure = line.figure;
        let whole = line.part.is_none_or(|(part, _)| figure.of.as_ref() == Some(part));
        let title = figure.title.in_locale(locale);
        match whole {
            true => sheet.write_string_with_format(row, 0, title, &looks.bold)?,
            false => sheet.write_string(row, 0, title)?,
        };
        if let Some((part, label)) = line.part {
            sheet.write_string(row, 1, &part.by)?;
            sheet.write_string(row, 2, label.unwrap_or(&part.name))?;
        }
        let baseline = figure.baseline.filter(|_| whole).and_then(|baseline| baseline.value);
        for (column, value) in [(3, line.now.value), (4, line.before.value), (5, baseline)] {
            number(sheet, row, column, value, figure.unit)?;
        }
        if whole {
            sheet.write_string(row, 6, figure.target.as_ref().map_or("", |target| &target.said))?;
            sheet.write_string(row, 7, verdict(figure, zh))?;
        }
        number(sheet, row, 8, line.now.hits, Unit::Number)?;
        for (column, cases) in [(9, line.now.cases), (10, line.before.cases)] {
            number(sheet, row, column, Some(cases.into()), Unit::Count)?;
        }
    }
    sheet.autofilter(0, 0, row, 10)?;
    Ok(())
}

/// A value as a number with the look of its unit; lengths of time as Excel has them, in days.
pub(super) fn number(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    value: Option<Decimal>,
    unit: Unit,
) -> Result<(), XlsxError> {
    let scaled = if unit == Unit::Seconds { value.and_then(|value| value.checked_div(DAY)) } else { value };
    let Some(value) = scaled.and_then(|value| value.to_f64()) else { return Ok(()) };
    let look = match unit {
        Unit::Share => "0.0%",
        Unit::Seconds => "[h]:mm:ss",
        Unit::Count => "#,##0",
        Unit::Money | Unit::Score => "#,##0.00",
        Unit::Points => "0.0",
        Unit::Number => "#,##0.##",
    };
    sheet.write_number_with_format(row, column, value, &Format::new().set_num_format(look))?;
    Ok(())
}

fn verdict(figure: &Figure, zh: bool) -> &'static str {
    match (figure.verdict, figure.is_small, zh) {
        (Verdict::Failed, _, false) => "not computed",
        (Verdict::Failed, _, true) => "未能算出",
        (Verdict::Missed, true, false) => "missed (few)",
        (Verdict::Missed, true, true) => "未达成（样本少）",
        (Verdict::Missed, false, false) => "missed",
        (Verdict::Missed, false, true) => "未达成",
        (Verdict::Met, _, false) => "met",
        (Verdict::Met, _, true) => "达成",
        (Verdict::NoTarget | Verdict::NoCases, _, _) => "",
    }
}

fn notes(sheet: &mut Worksheet, review: &Review, locale: &str, looks: &Looks) -> Result<(), XlsxError> {
    let zh = is_chinese(locale);
    let heads = if zh { ["指标", "口径"] } else { ["Figure", "How it is counted"] };
    for (column, (head, width)) in (0..).zip(heads.into_iter().zip([34.0, 110.0])) {
        sheet.write_string_with_format(0, column, head, &looks.head)?;
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let mut told: Vec<&str> = Vec::new();
    for figure in review.figures() {
        if !told.contains(&figure.name.as_str()) {
            told.push(&figure.name);
            let row = u32::try_from(told.len()).unwrap_or(u32::MAX);
            sheet.write_string(row, 0, figure.title.in_locale(locale))?;
            sheet.write_string_with_format(row, 1, figure.definition.in_locale(locale), &looks.wrapped)?;
        }
    }
    let row = u32::try_from(told.len()).unwrap_or(u32::MAX).saturating_add(2);
    sheet.write_string_with_format(row, 1, cases::note(zh), &looks.wrapped)?;
    Ok(())
}

/// A name a sheet may have that none of these has.
fn sheet_name(wanted: &str, taken: &[String]) -> String {
    let plain: String =
        wanted.chars().map(|c| if "[]:*?/\\".contains(c) || c.is_control() { ' ' } else { c }).collect();
    let plain = plain.trim().trim_matches('\'');
    let cut = |most: usize| plain.chars().take(most).collect::<String>().trim_end().to_owned();
    let first = if plain.is_empty() { "-".to_owned() } else { cut(NAME) };
    let is_taken = |name: &String| taken.iter().any(|other| other.to_lowercase() == name.to_lowercase());
    std::iter::once(first)
        .chain((2..).map(|nth| format!("{} {nth}", cut(NAME - 4))))
        .find(|name| !is_taken(name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_have_names_that_excel_takes_each_another() {
        let mut taken = Vec::new();
        for (wanted, got) in [
            ("Service", "Service"),
            ("service", "service 2"),
            ("a/b: [c]?", "a b   c"),
            ("'", "-"),
            ("Figures that people of the house should really look at", "Figures that people of the hous"),
            ("Figures that people of the house should never look at", "Figures that people of the 2"),
        ] {
            let name = sheet_name(wanted, &taken);
            assert_eq!(name, got);
            taken.push(name);
        }
    }
}
