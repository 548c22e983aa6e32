//! `tend calendar` as a person and a script use it, and what is said when a calendar ends.

use serde_json::Value;

use super::at;
use crate::support::World;
use crate::support::process::Bench;

fn text(bench: &Bench, arguments: &[&str]) -> String {
    let output = bench.run(arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn failing(bench: &Bench, arguments: &[&str]) -> (Option<i32>, String) {
    let output = bench.run(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

const DESK: &str = "# by hand\ntitle = \"Desk\"\nzone = \"Asia/Shanghai\"\nfirst_day = \"2026-01-01\"\nlast_day = \"2026-12-31\"\n\n\
    [hours]\nmonday-friday = [\"09:00-12:00\", \"13:00-18:00\"]\n\n[off]\n2026-10-01 = \"National Day\" # ours\n\n\
    # half days\n[dates]\n2026-12-24 = { hours = [\"09:00-12:00\"], name = \"Eve\" }\n";

/// A bench without a database: none is needed.
fn desk() -> Bench {
    let bench = Bench::new("postgres://nobody@127.0.0.1:1/none");
    std::fs::write(bench.path().join("config/calendars/desk.toml"), DESK).unwrap();
    bench
}

#[test]
fn a_year_is_a_page_of_months_with_what_is_special_below() {
    let page = text(&desk(), &["calendar", "cn", "--year", "2026"]);
    insta::assert_snapshot!(page);
    let own = text(&desk(), &["calendar", "desk", "--year", "2026", "--month", "12"]);
    assert!(own.contains("~24") && own.contains("Thu 2026-12-24") && own.contains("09:00-12:00 (Eve)"), "{own}");
    assert!(own.contains("23 working days, 179 hours"), "{own}");
    assert!(!own.contains("November"), "{own}");
}

#[test]
fn calendars_are_listed_with_zone_and_last_day() {
    let list = text(&desk(), &["calendar"]);
    let line = |name: &str| list.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
    assert!(line("cn").contains("2026-12-31") && line("cn").contains("tend itself"), "{list}");
    assert!(line("always").contains("never ends") && line("desk").contains("config/calendars/desk.toml"), "{list}");
    let all: Value = serde_json::from_str(&text(&desk(), &["calendar", "--json"])).unwrap();
    assert_eq!(all[2]["name"], "desk");
    assert_eq!(
        (&all[1]["last_day"], &all[1]["file"], &all[0]["last_day"]),
        (&"2026-12-31".into(), &Value::Null, &Value::Null)
    );
    assert_eq!(
        text(&desk(), &["calendar", "weekdays", "--source"]),
        include_str!("../../../config/calendars/weekdays.toml")
    );
}

#[test]
fn a_year_for_programs_has_every_day_with_its_reason() {
    let year: Value =
        serde_json::from_str(&text(&desk(), &["calendar", "cn", "--year", "2026", "--month", "2", "--json"])).unwrap();
    let month = &year["months"][0];
    assert_eq!((&month["month"], &month["working_days"]), (&2.into(), &16.into()));
    let day = |at: usize| &month["days"][at - 1];
    assert_eq!(
        (&day(14)["why"], &day(14)["like"], &day(14)["works"]),
        (&"make_up".into(), &"Fri".into(), &true.into())
    );
    assert_eq!((&day(17)["why"], &day(17)["name"]), (&"holiday".into(), &"Spring Festival".into()));
    assert_eq!(day(2)["windows"], serde_json::json!([["09:00", "18:00"]]));
}

#[test]
fn a_sum_is_explained_window_by_window() {
    let bench = desk();
    insta::assert_snapshot!(text(&bench, &["calendar", "cn", "--add", "2026-09-30 17:00", "8h"]));
    let json: Value =
        serde_json::from_str(&text(&bench, &["calendar", "desk", "--add", "2026-12-24T03:30:00Z", "90m", "--json"]))
            .unwrap();
    assert_eq!((&json["due"], &json["seconds"]), (&"2026-12-25T02:00:00Z".into(), &5400.into()));
    let sum: i64 = json["course"].as_array().unwrap().iter().filter_map(|step| step["seconds"].as_i64()).sum();
    assert_eq!(sum, 5400);
}

#[test]
fn questions_without_an_answer_are_told_why() {
    let bench = desk();
    let rows: [(&[&str], i32, &str); 7] = [
        (&["calendar", "weekday"], 2, "did you mean weekdays?"),
        (&["calendar", "cn", "--year", "2031"], 2, "knows the days to 2026-12-31 only"),
        (&["calendar", "cn", "--add", "2026-12-31 17:00", "2h"], 1, "knows the days to 2026-12-31 only"),
        (&["calendar", "cn", "--add", "2026-12-01 17:00", "2d"], 2, "say it in hours or minutes"),
        (&["calendar", "cn", "--add", "tomorrow", "2h"], 2, "tomorrow"),
        (&["calendar", "cn", "--month", "13"], 2, "13"),
        (&["calendar", "import", "/no/such/file.ics"], 1, "cannot be read"),
    ];
    for (arguments, code, words) in rows {
        let (found, said) = failing(&bench, arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    std::fs::write(bench.path().join("config/calendars/desk.toml"), DESK.replace("Asia/Shanghai", "Asia/Shangai"))
        .unwrap();
    let (code, said) = failing(&bench, &["calendar", "desk"]);
    assert_eq!(code, Some(3));
    assert!(
        said.contains("config/calendars/desk.toml:3:8") && said.contains("did you mean \"Asia/Shanghai\""),
        "{said}"
    );
    let (code, said) = failing(&bench, &["check", "--no-run"]);
    assert_eq!(code, Some(3), "the job folder is checked with its calendars");
    assert!(said.contains("config/calendars/desk.toml:3:8"), "{said}");
}

const HOLIDAYS: &str = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261001\nSUMMARY:Nationalfeiertag\nEND:VEVENT\n\
    BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260506\nSUMMARY:Labour \"Day\"\nEND:VEVENT\n\
    BEGIN:VEVENT\nDTSTART;VALUE=DATE:20000101\nRRULE:FREQ=YEARLY\nSUMMARY:New Year\nEND:VEVENT\n\
    BEGIN:VEVENT\nDTSTART:20260601T090000Z\nSUMMARY:Meeting\nEND:VEVENT\n\
    BEGIN:VEVENT\nDTSTART;VALUE=DATE:20300101\nSUMMARY:Far\nEND:VEVENT\nEND:VCALENDAR\n";

#[test]
fn holidays_are_added_to_a_file_and_its_own_lines_stay_as_they_are() {
    let bench = desk();
    let ics = bench.path().join("holidays.ics");
    std::fs::write(&ics, HOLIDAYS).unwrap();
    let ics = ics.to_str().unwrap();
    let printed = text(&bench, &["calendar", "import", ics, "--years", "2026"]);
    assert!(
        printed.starts_with(
            "[off]\n\"every 01-01\" = \"New Year\"\n\"2026-05-01 to 2026-05-05\" = \"Labour \\\"Day\\\"\"\n"
        ),
        "{printed}"
    );
    let file = bench.path().join("config/calendars/desk.toml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), DESK, "nothing is written without --into");

    let said = text(&bench, &["calendar", "import", ics, "--into", "desk"]);
    for part in [
        "2026-10-01 (Nationalfeiertag) stands there already as National Day",
        "line 16, Meeting: it is not a whole day",
        "2030-01-01 (Far)",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let new = "2026-10-01 = \"National Day\" # ours\n\"every 01-01\" = \"New Year\"\n\"2026-05-01 to 2026-05-05\" = \"Labour \\\"Day\\\"\"\n\n# half days";
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        DESK.replace("2026-10-01 = \"National Day\" # ours\n\n# half days", new)
    );
    let again = text(&bench, &["calendar", "import", ics, "--into", "desk"]);
    assert!(again.starts_with("nothing to add to the calendar desk"), "{again}");

    std::fs::remove_file(bench.path().join("config/calendars/cn.toml")).unwrap();
    let far = HOLIDAYS.replace("20261001", "20261005").replace("20260501", "20260507").replace("20260506", "20260509");
    std::fs::write(bench.path().join("holidays.ics"), far).unwrap();
    let (code, said) = failing(&bench, &["calendar", "import", ics, "--into", "cn"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("tend calendar cn --source"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_that_ends_is_spoken_of_three_months_before_and_once_a_day() {
    let world = World::new().await;
    let mut bench = Bench::new(world.url());
    bench.set("time.source", "driven");
    bench.only(&["value-tiers"]);
    std::fs::write(bench.path().join("config/calendars/desk.toml"), DESK).unwrap();
    world.advance_to(at("2026-09-30T00:00:00Z")).await;
    text(&bench, &["apply"]);
    let engine = tend::engine::Engine::new(
        world.db().clone(),
        world.clock(),
        tend::jobfile::store::spec_reader(tend::jobs::KINDS),
        tend::settings::Settings::read(&bench.path().join("config"), []).unwrap().engine,
    );
    let alarms = async || {
        tend::engine::watchdog::round(&engine).await.unwrap();
        world
            .rows("select subject, message, cleared_at is null from tend.alarm where kind = 'calendar_ends' order by 1")
            .await
    };
    assert_eq!(alarms().await, Vec::<String>::new(), "there are more than three months yet");
    world.advance_to(at("2026-10-01T00:00:00Z")).await;
    let words =
        "the calendar desk has data to 2026-12-31 only: add the days that follow to its file (docs/calendars.md)";
    assert_eq!(alarms().await, [format!("desk 2026-10-01\t{words}\ttrue")]);
    assert_eq!(alarms().await.len(), 1, "once a day");
    let status = text(&bench, &["status"]);
    assert!(status.contains("the calendar desk has data to 2026-12-31 only"), "{status}");
    world.advance_to(at("2026-10-02T00:00:00Z")).await;
    let found = alarms().await;
    assert_eq!(found, [format!("desk 2026-10-01\t{words}\tfalse"), format!("desk 2026-10-02\t{words}\ttrue")]);
    // check goes by this machine's clock: a file that has ended is spoken of whatever the day
    std::fs::write(bench.path().join("config/calendars/desk.toml"), DESK.replace("2026-", "2025-")).unwrap();
    let said = text(&bench, &["check", "--no-run"]);
    assert!(said.contains("the calendar desk has data to 2025-12-31 only: add the days that follow to"), "{said}");
    let json: Value = serde_json::from_str(&text(&bench, &["check", "--no-run", "--json"])).unwrap();
    assert_eq!(
        (&json["ending"][0]["calendar"], &json["ending"][0]["last_day"]),
        (&"desk".into(), &"2025-12-31".into())
    );
    world.advance_to(at("2027-01-01T00:00:00Z")).await;
    assert!(alarms().await.last().unwrap().contains("has had no data since 2026-12-31"));
}
