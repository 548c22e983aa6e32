//! Explanations: what a deadline was made of.

use tend::calendar::business::{Calendar, Pause, Stretch, Why};

use super::{at, date};

fn shown(course: &[Stretch]) -> Vec<String> {
    let clock = |at: chrono::DateTime<chrono::Utc>| at.format("%d %H:%M").to_string();
    course
        .iter()
        .map(|stretch| match stretch {
            Stretch::Open(window) => format!("open {} to {}", clock(window.from), clock(window.to)),
            Stretch::Paused(window) => format!("paused {} to {}", clock(window.from), clock(window.to)),
            Stretch::Closed { from, to, why: Why::Holiday(name) } => format!("{name} {from} to {to}"),
            Stretch::Closed { from, to, .. } => format!("closed {from} to {to}"),
        })
        .collect()
}

#[test]
fn a_course_names_what_counts_what_does_not_and_why() {
    let desk = Calendar::read(
        "desk",
        "zone = \"UTC\"\nfirst_day = 2026-01-01\nlast_day = 2026-12-31\n[hours]\nmonday-friday = [\"09:00-12:00\", \"13:00-17:00\"]\n\
         [off]\n\"2026-03-09 to 2026-03-10\" = \"Fair\"\n",
    )
    .unwrap();
    // Friday noon to Wednesday, paused over lunch and a while later
    let pause = |from: &str, to: &str| Pause { from: at(from), to: at(to) };
    let pauses =
        [pause("2026-03-06T14:00:00Z", "2026-03-06T14:30:00Z"), pause("2026-03-06T11:30:00Z", "2026-03-06T13:15:00Z")];
    let (from, to) = (at("2026-03-06T11:00:00Z"), at("2026-03-11T10:00:00Z"));
    let course = desk.course(from, to, &pauses).unwrap();
    let expected = [
        "open 06 11:00 to 06 11:30",
        "paused 06 11:30 to 06 12:00",
        "paused 06 13:00 to 06 13:15",
        "open 06 13:15 to 06 14:00",
        "paused 06 14:00 to 06 14:30",
        "open 06 14:30 to 06 17:00",
        "closed 2026-03-07 to 2026-03-08",
        "Fair 2026-03-09 to 2026-03-10",
        "open 11 09:00 to 11 10:00",
    ];
    assert_eq!(shown(&course), expected);
    let open =
        course.iter().filter_map(|stretch| if let Stretch::Open(window) = stretch { Some(window) } else { None });
    let sum: i64 = open.map(|window| (window.to - window.from).num_seconds()).sum();
    assert_eq!(desk.measure(from, to, &pauses), Ok(sum), "what is shown adds up");
    assert_eq!(desk.windows(from, to).unwrap().len(), 3, "without pauses");
    assert!(desk.course(to, from, &pauses).unwrap().is_empty());
    assert!(desk.course(from, at("2027-03-01T00:00:00Z"), &[]).is_err());
}

#[test]
fn a_night_is_part_of_the_day_on_which_it_begins_and_counts_once() {
    let bar = Calendar::read(
        "bar",
        "zone = \"UTC\"\nfirst_day = 2026-01-01\nlast_day = 2026-12-31\n[hours]\nmonday = [\"22:00-06:00+1\"]\n\
         [dates]\n2026-03-10 = { hours = [\"05:00-08:00\"], name = \"cleaning\" }\n",
    )
    .unwrap();
    let (from, to) = (at("2026-03-10T01:00:00Z"), at("2026-03-10T12:00:00Z"));
    let windows = bar.windows(from, to).unwrap();
    assert_eq!(windows.len(), 2);
    assert_eq!(windows[0].why, Why::Weekday(chrono::Weekday::Mon));
    assert_eq!(
        (windows[1].from, windows[1].to),
        (at("2026-03-10T06:00:00Z"), at("2026-03-10T08:00:00Z")),
        "five to six is the night's"
    );
    assert_eq!(bar.measure(from, to, &[]), Ok(7 * 3600));
    assert_eq!(
        bar.windows(at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z")),
        Ok(Vec::new()),
        "at the beginning of the data"
    );
    assert!(bar.day(date("2026-03-10")).unwrap().open.len() == 1);
}
