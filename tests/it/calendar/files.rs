//! What is wrong with calendar files: all of it at once, each with its place and what to do.

use tend::calendar::business::Calendar;

/// The mistakes of a file: the text each is at, its message and help.
fn wrong(text: &str) -> Vec<(String, String, String)> {
    let mistakes = Calendar::read("desk", text).expect_err(text);
    mistakes
        .into_iter()
        .map(|mistake| {
            let place = mistake.range.map_or(String::new(), |range| text[range].to_owned());
            (place, mistake.message, mistake.help.unwrap_or_default())
        })
        .collect()
}

/// A file in which only these lines can be wrong.
fn file(lines: &str) -> String {
    let dates = "first_day = \"2026-01-01\"\nlast_day = \"2026-12-31\"\n";
    format!("zone = \"UTC\"\n{dates}[hours]\nmonday-friday = [\"09:00-18:00\"]\n{lines}\n")
}

/// (Lines, the text the mistake is at, part of the message, part of the help)
#[test]
fn each_mistake_is_found_where_it_is() {
    let rows = [
        ("saturday = [\"18:00-09:00\"]", "\"18:00-09:00\"", "ends before it begins", "\"18:00-09:00+1\""),
        ("saturday = [\"09:00-09:00\"]", "\"09:00-09:00\"", "is empty", "\"00:00-24:00\""),
        ("saturday = [\"24:00-24:00\"]", "\"24:00-24:00\"", "begins when the day is over", "00:00"),
        ("saturday = [\"09:00-10:00+1\"]", "\"09:00-10:00+1\"", "longer than a day", "split"),
        ("saturday = [\"9-18\"]", "\"9-18\"", "not a window", "\"09:00-18:00\""),
        ("saturday = [\"09:00-25:00\"]", "\"09:00-25:00\"", "not a window", "\"09:00-18:00\""),
        ("saturday = [\"09:60-18:00\"]", "\"09:60-18:00\"", "not a window", "\"09:00-18:00\""),
        ("saturday = \"09:00-18:00\"", "\"09:00-18:00\"", "must be a list", "saturday = [\"09:00-12:00\""),
        ("saturday = [9]", "9", "a text in quotes", "\"09:00-18:00\""),
        ("saturday = [\"09:00-12:00\", \"11:00-14:00\"]", "\"11:00-14:00\"", "overlap", "let one end"),
        ("friday = [\"10:00-12:00\"]", "friday", "has hours already", "once"),
        ("saturday = [\"22:00-10:00+1\"]\nsunday = [\"09:00-12:00\"]", "sunday", "reaches into", "let one end"),
        ("saturnday = [\"10:00-12:00\"]", "saturnday", "no day \"saturnday\"", "did you mean saturday"),
        ("[off]\n2026-02-30 = \"x\"", "2026-02-30", "not a day", "\"2026-02-15 to"),
        ("[off]\n\"2026-02-05 to 2026-02-01\" = \"x\"", "\"2026-02-05 to 2026-02-01\"", "before it begins", "earlier"),
        ("[off]\n2027-02-01 = \"x\"", "2027-02-01", "data from 2026-01-01 to 2026-12-31", "last_day"),
        ("[off]\n2026-02-01 = \"\"", "\"\"", "name of a day off is missing", "Spring Festival"),
        ("[off]\n\"every 13-01\" = \"x\"", "\"every 13-01\"", "not a day", "\"every 12-24\""),
        (
            "[off]\n\"2026-02-01 to 2026-02-03\" = \"x\"\n2026-02-02 = \"y\"",
            "2026-02-02",
            "named twice under [off]",
            "once",
        ),
        (
            "[off]\n2026-02-07 = \"x\"\n[worked]\n2026-02-07 = { like = \"monday\" }",
            "2026-02-07",
            "under [off] and under [worked]",
            "once",
        ),
        ("[worked]\n2026-02-09 = { like = \"monday\" }", "2026-02-09", "a monday, which is worked anyway", "[dates]"),
        ("[worked]\n2026-02-07 = { like = \"sunday\" }", "\"sunday\"", "nobody works on a sunday", "has hours"),
        ("[worked]\n2026-02-07 = { like = \"mon\" }", "\"mon\"", "no day \"mon\"", "monday"),
        ("[worked]\n2026-02-07 = \"monday\"", "\"monday\"", "says whose hours", "like = "),
        ("[worked]\n2026-02-07 = { name = \"x\" }", "{ name = \"x\" }", "says whose hours", "like = "),
        ("[worked]\n\"every 02-07\" = { like = \"monday\" }", "\"every 02-07\"", "only days off", "each year"),
        ("[worked]\n2026-02-07 = { like = \"monday\", nme = \"x\" }", "nme", "unknown key `nme` in `worked`", "name"),
        ("[dates]\n2026-02-06 = []", "[]", "has no hours", "[off]"),
        ("[dates]\n2026-02-06 = { name = \"x\" }", "{ name = \"x\" }", "hours for one date are missing", "hours = "),
        ("[names]\n\"New Year\" = { zh-CN = \"元旦\" }", "\"New Year\"", "no day of this file", "known here"),
        ("[hollidays]\n2026-02-06 = \"x\"", "hollidays", "unknown key `hollidays`", "known here"),
    ];
    for (lines, place, message, help) in rows {
        let found = wrong(&file(lines));
        let [(at, what, why)] = &found[..] else { panic!("{lines}: {found:?}") };
        assert_eq!(at, place, "{lines}: {what}");
        assert!(what.contains(message) && why.contains(help), "{lines}: {what}; {why}");
    }
}

#[test]
fn mistakes_at_the_top_are_found() {
    let rows = [
        (
            "zone = \"Asia/Shangai\"\n[hours]\nmonday = [\"09:00-18:00\"]",
            "\"Asia/Shangai\"",
            "no time zone",
            "Asia/Shanghai",
        ),
        ("[hours]\nmonday = [\"09:00-18:00\"]", "", "no time zone", "zone = "),
        ("zone = \"UTC\"", "", "has no hours", "[hours]"),
        ("zone = \"UTC\"\n[hours]\nmonday = []\nfriday = []", "monday", "nobody works on any day", "one day"),
        (
            "zone = \"UTC\"\n[hours]\nmonday = [\"09:00-18:00\"]\n[off]\n2026-01-05 = \"x\"",
            "",
            "for which days",
            "last_day",
        ),
        (
            "zone = \"UTC\"\nlast_day = 2026-12-31\n[hours]\nmonday = [\"09:00-18:00\"]",
            "2026-12-31",
            "first day is missing",
            "first_day",
        ),
        (
            "zone = \"UTC\"\nfirst_day = 2026-12-31\nlast_day = 2026-01-01\n[hours]\nmonday = [\"09:00-18:00\"]",
            "2026-01-01",
            "is before the first day",
            "first",
        ),
        (
            "zone = \"UTC\"\nholidays_of = \"cb\"\n[hours]\nmonday = [\"09:00-18:00\"]",
            "\"cb\"",
            "no calendar \"cb\"",
            "cn",
        ),
        (
            "zone = \"UTC\"\nholidays_of = \"desk\"\n[hours]\nmonday = [\"09:00-18:00\"]",
            "\"desk\"",
            "its own holidays",
            "cn",
        ),
        (
            "zone = \"UTC\"\n[hours]\nmonday-sunday = [\"09:00-18:00\"]\n[off]\n\"every 01-01 to 12-31\" = \"x\"",
            "",
            "never open",
            "take days off out",
        ),
        ("zone = UTC\n[hours]\nmonday = [\"09:00-18:00\"]", "UTC", "", "quotes"),
    ];
    for (text, place, message, help) in rows {
        let found = wrong(text);
        let [(at, what, why)] = &found[..] else { panic!("{text}: {found:?}") };
        assert_eq!(at, place, "{text}: {what}");
        assert!(what.contains(message) && why.contains(help), "{text}: {what}; {why}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_said_at_once_in_its_order() {
    let text = "zone = \"Nowhere\"\n[hours]\nmonday = [\"18:00-09:00\", \"x\"]\n[off]\n2026-01-05 = 5\n[worked]\n2026-1-4 = 1\n";
    let places: Vec<_> = Calendar::read("desk", text).unwrap_err().into_iter().map(|mistake| mistake.range).collect();
    let said: Vec<&str> = places.iter().flatten().map(|range| &text[range.clone()]).collect();
    assert_eq!(said, ["\"Nowhere\"", "\"18:00-09:00\"", "\"x\"", "5", "1"]);
    assert_eq!(places.last(), Some(&None), "that its days of validity are missing has no place, and comes last");
}

#[test]
fn a_range_of_every_year_may_go_over_the_turn_of_the_year() {
    let calendar = Calendar::read("desk", &file("[off]\n\"every 12-30 to 01-02\" = \"turn of the year\"\n")).unwrap();
    let works = |day: &str| calendar.works(day.parse().unwrap()).unwrap();
    assert!(!works("2026-12-30") && !works("2026-12-31") && !works("2026-01-01") && !works("2026-01-02"));
    assert!(works("2026-12-29") && works("2026-01-05"));
}
