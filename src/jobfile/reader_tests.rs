//! What the reader says about files that are wrong.

use super::{problem::Problems, reader::*};

fn said<T>(text: &str, read: impl FnOnce(&mut Reader<'_>) -> T) -> (T, Problems) {
    read_text(&"jobs/a.toml".into(), &text.into(), read)
}

fn read_sample(reader: &mut Reader<'_>) {
    reader.required_string("title", "\"Birthday mail\"");
    reader.required_string("owner", "\"crm@example.com\"");
    if let Some(mut schedule) = reader.table("schedule") {
        schedule.required_string("cron", "\"0 2 * * *\"");
        schedule.duration("window");
        schedule.choice("catch_up", &[("skip", 0), ("latest", 1)]);
        schedule.finish();
    }
    for mut level in reader.tables("level") {
        level.percent("share");
        level.strings("names");
        level.finish();
    }
}

#[test]
fn all_problems_of_a_file_are_shown_at_once_with_their_places() {
    let text = "title = \"会员生日\" # 中文\nowner = 3\n[schedule]\ncorn = \"0 2 * * *\"\nwindow = \"30 days\"\n\
                catch_up = \"lates\"\n[[level]]\nshare = 20\nnames = [\"会员\", 7]\n";
    let (_, problems) = said(text, read_sample);
    insta::assert_snapshot!(problems.render(false));
    insta::assert_json_snapshot!(problems.to_json());
}

#[test]
fn broken_syntax_hides_its_consequences_and_nothing_else() {
    let (_, problems) = said("title = \"abc\nowner = 会员\n[schedule\nwindow = 30\ncron = \"x\" y = 2\n", read_sample);
    insta::assert_snapshot!(problems.render(false));
}

#[test]
fn a_good_file_has_no_problems_and_gives_its_values() {
    let (share, problems) = said("share = \"12.5%\"\nsize = 0x10\nmoney = 12.50\nday = 2026-06-01\n", |reader| {
        (reader.percent("share"), reader.integer("size", 0..=20), reader.decimal("money"), reader.date("day"))
    });
    assert!(problems.is_empty(), "{problems}");
    let (share, size, money, day) = share;
    assert_eq!(share.map(|share| share.to_string()).as_deref(), Some("0.125"));
    assert_eq!((size, money.map(|money| money.to_string()).as_deref()), (Some(16), Some("12.50")));
    assert_eq!(day, chrono::NaiveDate::from_ymd_opt(2026, 6, 1));
}

#[test]
fn a_reader_that_was_not_finished_still_reports_unknown_keys() {
    let (_, problems) = said("[a]\nb = 1\n", |reader| reader.table("a").map(drop));
    assert_eq!(problems.iter().count(), 1);
}
