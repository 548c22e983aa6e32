//! CSV files into `crm`.

use std::path::{Path, PathBuf};

use tend::import::{ImportError, Kind, Options, Report, Source, import};
use tend::progress::Progress;

use crate::support::{World, instant};

struct Files {
    dir: tempfile::TempDir,
    strict: bool,
}

impl Files {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), strict: false }
    }

    fn rejects(&self) -> PathBuf {
        self.dir.path().join("rejects.csv")
    }

    fn rejected(&self) -> String {
        std::fs::read_to_string(self.rejects()).unwrap()
    }

    async fn take(&self, world: &World, kind: Kind, text: impl Into<String>) -> Result<Report, ImportError> {
        let now = instant("2026-06-01T00:00:00Z");
        let options = Options { strict: self.strict, rejects: self.rejects(), now };
        import(world.db(), kind, Source::text("test.csv", text), &options, &Progress::silent()).await
    }

    async fn counts(&self, world: &World, kind: Kind, text: impl Into<String>) -> [u64; 5] {
        let report = self.take(world, kind, text).await.unwrap();
        assert_eq!(
            report.read,
            report.inserted + report.changed + report.unchanged + report.superseded + report.rejected
        );
        [report.inserted, report.changed, report.unchanged, report.superseded, report.rejected]
    }
}

const CUSTOMERS: &str = "\u{feff}customer_id,name,email,phone,locale,timezone,country,birthday,birthday_calendar,\
birthday_leap_month,status,owner_id,preferred_channel,tags,attributes,created_at,email_consent,sms_consent,consent_at
c1,\"Li, Na\",li@example.com,+8613800138000,zh-CN,Asia/Shanghai,CN,1990-05-04,solar,,active,s1,email,vip; new,\"{\"\"size\"\": \"\"M\"\"}\",2025-01-01T08:00:00+08:00,yes,no,2025-01-02T00:00:00Z
c2,王芳,,,,,,--02-29,,,,,,,,,,,
c3,Leap,,,,,,2020-04-10,lunar,yes,,,,,,,yes,,
c4,,,,,,,,,,,,,,,,,,
";

#[tokio::test]
async fn customers_arrive_with_all_they_have_and_a_second_import_changes_nothing() {
    let world = World::new().await;
    let files = Files::new();
    assert_eq!(files.counts(&world, Kind::Customers, CUSTOMERS).await, [4, 0, 0, 0, 0]);
    let first = world.rows("select * from crm.customer order by customer_id").await;
    insta::assert_snapshot!(first.join("\n"));
    let consents = "select customer_id, channel, granted, recorded_at, source from crm.consent order by 1, 2";
    insta::assert_snapshot!(world.rows(consents).await.join("\n"), @r"
    c1	email	true	2025-01-02T00:00:00+00:00	import
    c1	sms	false	2025-01-02T00:00:00+00:00	import
    c3	email	true	2026-06-01T00:00:00+00:00	import
    ");
    let xmin = world.rows("select xmin::text from crm.customer order by customer_id").await;
    let report = files.take(&world, Kind::Customers, CUSTOMERS).await.unwrap();
    assert_eq!((report.unchanged, report.consents), (4, 0));
    assert_eq!(world.rows("select * from crm.customer order by customer_id").await, first);
    assert_eq!(world.rows("select xmin::text from crm.customer order by customer_id").await, xmin, "not even written");
}

#[tokio::test]
async fn a_column_the_file_does_not_have_leaves_existing_values_alone() {
    let world = World::new().await;
    let files = Files::new();
    files.take(&world, Kind::Customers, CUSTOMERS).await.unwrap();
    let text = "email,customer_id\nna@example.com,c1\n,c2\nnew@example.com,c5\n";
    assert_eq!(files.counts(&world, Kind::Customers, text).await, [1, 1, 1, 0, 0]);
    let row = "select name, email, phone, birthday_day, tags, created_at from crm.customer where customer_id = 'c1'";
    insta::assert_snapshot!(world.rows(row).await.join("\n"), @r#"Li, Na	na@example.com	+8613800138000	4	["vip","new"]	2025-01-01T00:00:00+00:00"#);
    let created = "select created_at at time zone 'UTC' from crm.customer where customer_id = 'c5'";
    assert_eq!(world.value(created).await, "2026-06-01 00:00:00");
    files.take(&world, Kind::Customers, "customer_id,birthday\nc3,1990-01-31\n").await.unwrap();
    let birthday = "select birthday_calendar || birthday_leap_month from crm.customer where customer_id = 'c3'";
    assert_eq!(world.value(birthday).await, "solarfalse", "a birthday says all of itself");
}

#[tokio::test]
async fn bad_rows_go_to_the_reject_file_with_line_and_reason_and_good_ones_are_kept() {
    let world = World::new().await;
    let files = Files::new();
    let text = "order_id,customer_id,placed_at,amount,currency,status
o1,c1,2026-05-01T10:00:00Z,12.50,CNY,paid
o2,c1,2026-05-01 10:00:00,12.50,CNY,paid
,c1,2026-05-01T10:00:00Z,12.50,CNY,paid
o4,c1,2026-05-01T10:00:00Z,\"1,250\",yuan,lost
o5,c1,2026-05-01T10:00:00Z,1
o6,\"line
break\",2026-05-01T10:00:00Z,-3,,
o7,\u{0},2026-05-01T10:00:00Z,3,,
";
    assert_eq!(files.counts(&world, Kind::Orders, text).await, [2, 0, 0, 0, 5]);
    insta::assert_snapshot!(files.rejected());
    files.take(&world, Kind::Orders, "order_id,customer_id,placed_at,amount\n").await.unwrap();
    assert!(!files.rejects().exists(), "the rejects of an earlier import would mislead");
}

#[tokio::test]
async fn bad_customers_say_why() {
    let world = World::new().await;
    let files = Files::new();
    let text = "customer_id,email,phone,locale,timezone,country,birthday,birthday_calendar,birthday_leap_month,\
preferred_channel,attributes,email_consent,tags
1,li@,,,,,,,,,,,
2,,138,,,,,,,,,,
3,,,chinese,,,,,,,,,
4,,,,Beijing,,,,,,,,
5,,,,,China,,,,,,,
6,,,,,,1990-02-29,,,,,,
7,,,,,,1990-04-31,lunar,,,,,
8,,,,,,1990-04-30,lunar,yes,,,,
9,,,,,,1990-04-30,solar,yes,,,,
10,,,,,,,,yes,,,,
11,,,,,,,,,fax,,,
12,,,,,,,,,,[],,
13,,,,,,,,,,,maybe,
14,,,,,,30.04.1990,,,,,,
15,,,,,,,moon,,,,,
";
    assert_eq!(files.counts(&world, Kind::Customers, text).await, [1, 0, 0, 0, 14]);
    let reasons: Vec<String> = files
        .rejected()
        .lines()
        .skip(1)
        .map(|line| {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            reader.records().next().unwrap().unwrap().iter().take(2).collect::<Vec<_>>().join(": ")
        })
        .collect();
    insta::assert_snapshot!(reasons.join("\n"));
}

#[tokio::test]
async fn strict_keeps_nothing_when_a_row_is_bad() {
    let world = World::new().await;
    let files = Files { strict: true, ..Files::new() };
    let text = "order_id,customer_id,placed_at,amount\no1,c1,2026-05-01T10:00:00Z,1\no2,c1,yesterday,1\n";
    let error = files.take(&world, Kind::Orders, text).await.unwrap_err();
    assert!(error.to_string().starts_with("1 of 2 rows are bad, so nothing was kept (--strict)"), "{error}");
    assert_eq!(world.value("select count(*) from crm.orders").await, "0");
    assert!(files.rejected().contains("placed_at is not an instant"));
}

#[tokio::test]
async fn the_last_of_several_rows_with_one_key_counts() {
    let world = World::new().await;
    let files = Files::new();
    let text = "order_id,customer_id,placed_at,amount
o1,c1,2026-05-01T10:00:00Z,1\no1,c1,2026-05-01T10:00:00Z,2\no2,c1,2026-05-01T10:00:00Z,5\no1,c2,2026-05-01T10:00:00Z,3\n";
    assert_eq!(files.counts(&world, Kind::Orders, text).await, [2, 0, 0, 2, 0]);
    assert_eq!(
        world.rows("select order_id, customer_id, amount from crm.orders order by 1").await,
        ["o1\tc2\t3.00", "o2\tc1\t5.00"]
    );
}

#[tokio::test]
async fn an_order_that_changes_hands_leaves_its_old_customer_and_keeps_the_rest() {
    let world = World::new().await;
    let files = Files::new();
    let text = "order_id,customer_id,placed_at,amount,status,channel\no1,c1,2026-05-01T10:00:00Z,7,refunded,shop\n";
    files.take(&world, Kind::Orders, text).await.unwrap();
    let moved = "order_id,customer_id,placed_at,amount\no1,c2,2026-05-01T10:00:00Z,7\n";
    assert_eq!(files.counts(&world, Kind::Orders, moved).await, [0, 1, 0, 0, 0]);
    assert_eq!(
        world.rows("select customer_id, order_id, amount, status, channel from crm.orders").await,
        ["c2\to1\t7.00\trefunded\tshop"]
    );
    assert_eq!(files.counts(&world, Kind::Orders, moved).await, [0, 0, 1, 0, 0]);
}

#[tokio::test]
async fn interactions_tickets_and_staff_arrive_too() {
    let world = World::new().await;
    let files = Files::new();
    let interactions = "interaction_id,customer_id,at,kind,direction,channel,staff_id,note
i1,c1,2026-05-01T10:00:00Z,enquiry,in,phone,s1,\"two\nlines\"\ni2,c1,2026-05-01T10:00:00Z,visit,sideways,,,\n";
    assert_eq!(files.counts(&world, Kind::Interactions, interactions).await, [1, 0, 0, 0, 1]);
    assert_eq!(world.value("select note from crm.interaction").await, "two\nlines");
    let tickets =
        "ticket_id,customer_id,opened_at,kind,topic,urgency,channel,state,assignee_id,solved_at,closed_at,subject
t1,c1,2026-05-01T10:00:00Z,complaint,delivery,urgent,chat,solved,s1,2026-05-02T10:00:00Z,,late\n";
    assert_eq!(files.counts(&world, Kind::Tickets, tickets).await, [1, 0, 0, 0, 0]);
    let staff = "staff_id,name,email,phone,role,manager_id,timezone,active\ns1,Chen,,,,,Asia/Shanghai,no\ns2,,,,,,,\n";
    assert_eq!(files.counts(&world, Kind::Staff, staff).await, [2, 0, 0, 0, 0]);
    assert_eq!(files.counts(&world, Kind::Staff, staff).await, [0, 0, 2, 0, 0]);
    assert_eq!(files.counts(&world, Kind::Staff, "staff_id\ns1\ns3\n").await, [1, 0, 1, 0, 0]);
    assert_eq!(
        world.rows("select staff_id, role, active from crm.staff order by 1").await,
        ["s1\tagent\tfalse", "s2\tagent\ttrue", "s3\tagent\ttrue"]
    );
}

#[tokio::test]
async fn who_stands_in_who_is_away_and_what_happened_to_tickets_arrive_by_keys_of_two_columns() {
    let world = World::new().await;
    let files = Files::new();
    let staff =
        "staff_id,locale,team,deputy_id,calendar,daily_visits\ns1,zh-CN,care,s2,cn,8\ns2,,,,,many\ns3,,,,,1001\n";
    assert_eq!(files.counts(&world, Kind::Staff, staff).await, [1, 0, 0, 0, 2]);
    let away = "staff_id,from_day,until_day\ns1,2026-06-01,2026-06-05\ns1,2026-07-01,2026-07-01\ns2,2026-06-05,2026-06-01\ns2,2026-6-1,2026-06-02\n";
    assert_eq!(files.counts(&world, Kind::Absences, away).await, [2, 0, 0, 0, 2]);
    // the same day twice: the later line counts; a day that is there already is changed
    let again = "staff_id,from_day,until_day\ns1,2026-06-01,2026-06-03\ns1,2026-06-01,2026-06-04\n";
    assert_eq!(files.counts(&world, Kind::Absences, again).await, [0, 1, 0, 1, 0]);
    assert_eq!(
        world.rows("select staff_id, from_day, until_day from crm.absence order by 1, 2").await,
        ["s1\t2026-06-01\t2026-06-04", "s1\t2026-07-01\t2026-07-01"]
    );
    let events = "ticket_id,event_id,at,kind,value,by_id
t1,e1,2026-06-01T10:00:00Z,opened,,\nt1,e2,2026-06-01T11:00:00Z,state,solved,s1\nt2,e1,2026-06-01T10:00:00Z,opened,,\nt1,e3,2026-06-01T10:00:00Z,shut,,\n";
    assert_eq!(files.counts(&world, Kind::TicketEvents, events).await, [3, 0, 0, 0, 1]);
    assert_eq!(files.counts(&world, Kind::TicketEvents, events).await, [0, 0, 3, 0, 1]);
    let rejected = files.rejected();
    assert!(rejected.contains("kind must be one of opened, state"), "{rejected}");
}

#[tokio::test]
async fn a_wrong_header_says_everything_that_is_wrong_with_it() {
    let world = World::new().await;
    let files = Files::new();
    let mut said = Vec::new();
    for text in [
        "Order_ID,amont,placed_at,colour,placed_at\n1,2,3,4,5\n",
        "order_id;customer_id;placed_at;amount\n",
        "",
        "\u{1f}",
    ] {
        said.push(files.take(&world, Kind::Orders, text).await.unwrap_err().to_string());
    }
    said.push(
        files
            .take(&world, Kind::Customers, "customer_id,birthday_calendar,consent_at\n")
            .await
            .unwrap_err()
            .to_string(),
    );
    for bytes in [&b"\x1f\x8b\x08\x00"[..], b"\xff\xfeo\x00", b"PK\x03\x04", b"order_id,\xff\n"] {
        let source = Source { name: "test.csv".into(), size: None, reader: Box::new(bytes) };
        let options = Options { strict: false, rejects: files.rejects(), now: instant("2026-06-01T00:00:00Z") };
        said.push(
            import(world.db(), Kind::Orders, source, &options, &Progress::silent()).await.unwrap_err().to_string(),
        );
    }
    insta::assert_snapshot!(said.join("\n--\n"));
}

#[tokio::test]
async fn a_file_that_breaks_off_keeps_nothing() {
    struct Breaks(usize);
    impl std::io::Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            let line = match self.0 {
                1 => "order_id,customer_id,placed_at,amount\n".to_owned(),
                n if n < 20_000 => format!("o{n},c1,2026-05-01T10:00:00Z,1\n"),
                _ => return Err(std::io::Error::other("the disk is gone")),
            };
            buffer[..line.len()].copy_from_slice(line.as_bytes());
            Ok(line.len())
        }
    }
    let world = World::new().await;
    let files = Files::new();
    let source = Source { name: "orders.csv".into(), size: None, reader: Box::new(Breaks(0)) };
    let options = Options { strict: false, rejects: files.rejects(), now: instant("2026-06-01T00:00:00Z") };
    let error = import(world.db(), Kind::Orders, source, &options, &Progress::silent()).await.unwrap_err();
    assert_eq!(error.to_string(), "orders.csv: the disk is gone");
    assert_eq!(world.value("select count(*) from crm.orders").await, "0");
}

#[tokio::test]
async fn the_companys_own_views_are_never_written() {
    let world = World::new().await;
    world.sql("alter table crm.staff rename to people; create view crm.staff as select * from crm.people").await;
    let error = Files::new().take(&world, Kind::Staff, "staff_id\n1\n").await.unwrap_err();
    assert!(matches!(error, ImportError::NotATable("crm.staff")), "{error}");
}

#[tokio::test]
async fn the_orders_of_a_real_shop_arrive() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|dir| dir.join("shared/data/online-retail"))
        .find(|dir| dir.is_dir());
    let Some(data) = data else {
        eprintln!("skipped: there is no ../shared/data/online-retail");
        return;
    };
    let world = World::new().await;
    let files = Files::new();
    for (kind, file, rows) in [(Kind::Customers, "customers.csv.gz", 4_338), (Kind::Orders, "orders.csv.gz", 18_532)] {
        let text = std::process::Command::new("zcat").arg(data.join(file)).output().unwrap().stdout;
        let text = String::from_utf8(text).unwrap();
        assert_eq!(files.counts(&world, kind, text.clone()).await, [rows, 0, 0, 0, 0]);
        assert_eq!(files.counts(&world, kind, text).await, [0, 0, rows, 0, 0]);
    }
    assert_eq!(world.value("select sum(amount) from crm.orders").await, "8911407.90");
}

#[test]
fn the_documentation_names_every_column() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/import.md")).unwrap();
    for kind in Kind::ALL {
        let part = text.split(&format!("## {}\n", kind.name())).nth(1).unwrap().split("\n## ").next().unwrap();
        let rows = part.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let documented: Vec<&str> = rows.skip(1).flat_map(|cell| cell.split(", ")).collect();
        let (known, needed) = kind.header();
        let expected: Vec<String> = known
            .iter()
            .map(|name| if needed.contains(name) { format!("**{name}**") } else { (*name).to_owned() })
            .collect();
        assert_eq!(documented, expected, "{}", kind.name());
    }
}
