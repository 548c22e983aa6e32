//! Night by night: what stands stays, what cannot stand is moved, what is no longer owed is taken back, what nobody recorded
//! is missed.

use super::*;

const OWNED: &str = "capacity = 5\nhorizon = \"35d\"\ngap = \"7d\"\nteam = \"field\"";

#[tokio::test]
async fn each_tier_has_its_cadence_and_a_second_run_adds_nothing() {
    let world = World::new().await;
    staff(&world, &["anna", "ben"]).await;
    customers(&world, &[("h", "high", "anna"), ("m", "mid", "anna"), ("n", "normal", "ben")]).await;
    let job = visits(OWNED);
    let first = plan(&world, &job, &run(1, "2026-06-01")).await.unwrap();
    let june = "select customer_id, count(*) filter (where on_day <= '2026-06-30'), string_agg(distinct assignee_id, ',') from tend.task group by 1 order by 1";
    assert_eq!(world.rows(june).await, ["h\t2\tanna", "m\t1\tanna"], "a quarter has June left: no visit is owed of it");
    let origins = world.rows("select origin from tend.task where customer_id = 'h' order by on_day limit 2").await;
    assert_eq!(origins, ["visit:visits:2026-06:h:1", "visit:visits:2026-06:h:2"]);
    let before = tasks(&world).await;
    let versions = "select task_id, xmin::text, ctid::text from tend.task order by 1";
    let rows = world.rows(versions).await;
    let second = plan(&world, &job, &run(2, "2026-06-01")).await.unwrap();
    assert!(first["added"].as_i64() > Some(2));
    assert_eq!(
        (second["added"].as_i64(), second["moved"].as_i64(), second["taken_back"].as_i64()),
        (Some(0), Some(0), Some(0))
    );
    assert_eq!((tasks(&world).await, world.rows(versions).await), (before, rows), "not a row was touched");
    // the next morning one more day comes into sight, and nothing else changes
    let third = plan(&world, &job, &run(3, "2026-06-02")).await.unwrap();
    assert_eq!((third["moved"].as_i64(), third["taken_back"].as_i64()), (Some(0), Some(0)), "{third}");
}

#[tokio::test]
async fn visits_open_on_their_day_are_due_when_it_closes_and_are_missed_the_next_working_morning_once() {
    let world = World::new().await;
    staff(&world, &["anna", "boss"]).await;
    customers(&world, &[("m", "mid", "anna")]).await;
    let job = visits(OWNED);
    plan(&world, &job, &run(1, "2026-06-01")).await.unwrap();
    // the visit is put on a Friday, where a person wants it
    world.sql("update tend.task set on_day = '2026-06-05', opens_at = '2026-06-04T16:00Z', due_at = '2026-06-05T10:00Z' where on_day < '2026-07-01'").await;
    plan(&world, &job, &run(2, "2026-06-04")).await.unwrap();
    assert_eq!(world.value("select state from tend.task where on_day = '2026-06-05'").await, "planned");
    let friday = plan(&world, &job, &run(3, "2026-06-05")).await.unwrap();
    assert_eq!(friday["opened"], 1);
    assert_eq!(world.value("select state from tend.task where on_day = '2026-06-05'").await, "open");
    for (run_id, day, missed) in
        [(4, "2026-06-06", 0), (5, "2026-06-07", 0), (6, "2026-06-08", 1), (7, "2026-06-09", 0)]
    {
        let run = run(run_id, day);
        let did = plan(&world, &job, &run).await.unwrap();
        assert_eq!(did["missed"], missed, "{day}");
        if missed == 1 {
            let told = explain(&world, &job, &run).await;
            assert_eq!(told.json["missed"][0]["supervisor"], "boss", "{}", told.text);
            assert!(told.text.contains("Missed: nobody recorded these visits"), "{}", told.text);
        }
    }
    let events = world.rows("select what, staff_id from tend.task_event e join tend.task t using (task_id) where t.state = 'missed' order by event_id").await;
    assert_eq!(events, ["created\tanna", "opened\tanna", "missed\tanna", "escalated\tboss"]);
    // it is made up for once in its month
    let june = world.rows("select state from tend.task where on_day <= '2026-06-30' order by on_day").await;
    assert_eq!(june, ["missed", "planned"]);
}

#[tokio::test]
async fn a_change_of_level_moves_what_lies_ahead_and_never_what_was_done() {
    let world = World::new().await;
    staff(&world, &["anna"]).await;
    customers(&world, &[("a", "high", "anna"), ("b", "mid", "anna")]).await;
    let job = visits(OWNED);
    plan(&world, &job, &run(1, "2026-06-01")).await.unwrap();
    world.sql("update tend.task set on_day = '2026-06-03', opens_at = '2026-06-02T16:00Z', due_at = '2026-06-03T10:00Z', state = 'done', state_at = '2026-06-03T09:00Z' \
               where origin = 'visit:visits:2026-06:a:1'").await;
    world
        .sql(
            "update tend.ladder_state set level = 'mid', since = '2026-06-04Z' where customer_id = 'a'; \
               update tend.ladder_state set level = 'high', since = '2026-06-04Z' where customer_id = 'b'",
        )
        .await;
    let did = plan(&world, &job, &run(2, "2026-06-04")).await.unwrap();
    assert!(did["taken_back"].as_i64() >= Some(1), "{did}");
    let a = world.rows("select state, count(*) from tend.task where customer_id = 'a' and on_day between '2026-06-01' and '2026-06-30' group by 1 order by 1").await;
    assert_eq!(a, ["cancelled\t1", "done\t1"]);
    assert_eq!(world.value("select detail ->> 'dropped' from tend.task where customer_id = 'a' and state = 'cancelled' and on_day < '2026-07-01'").await, "surplus");
    let b = world.value("select count(*) from tend.task where customer_id = 'b' and on_day between '2026-06-01' and '2026-06-30' and state = 'planned'").await;
    assert_eq!(b, "2", "the second of the month is added");
}

#[tokio::test]
async fn who_is_sick_has_the_days_moved_and_who_is_gone_is_replaced_without_a_double() {
    let world = World::new().await;
    staff(&world, &["anna", "ben"]).await;
    let ids: Vec<String> = (0..12).map(|n| format!("c{n:02}")).collect();
    let rows: Vec<(&str, &str, &str)> = ids.iter().map(|id| (id.as_str(), "high", "anna")).collect();
    customers(&world, &rows).await;
    // what nobody recorded is missed, which is not what this is about
    let job = visits(&format!("{OWNED}\nmake_up = false"));
    plan(&world, &job, &run(1, "2026-06-01")).await.unwrap();
    let before = tasks(&world).await;
    world.sql("insert into crm.absence values ('anna', '2026-06-08', '2026-06-10')").await;
    let away = world.value("select count(*) from tend.task where on_day between '2026-06-08' and '2026-06-10'").await;
    assert!(away.parse::<i64>().unwrap() > 0);
    let did = plan(&world, &job, &run(2, "2026-06-02")).await.unwrap();
    assert_eq!(did["moved"].to_string(), away, "only what lies in it is moved: {did}");
    let after = tasks(&world).await;
    let june = |rows: &[String]| rows.iter().filter(|row| row.starts_with("2026-06")).count();
    assert_eq!((june(&after), june(&before)), (24, 24));
    let outside = |rows: &[String]| -> Vec<String> {
        let stays = |row: &&String| &row[..10] > "2026-06-02" && !("2026-06-08".."2026-06-11").contains(&&row[..10]);
        rows.iter().filter(stays).cloned().collect()
    };
    assert!(outside(&before).iter().all(|row| after.contains(row)), "the others stay");
    assert_eq!(
        world.value("select count(*) from tend.task where on_day between '2026-06-08' and '2026-06-10'").await,
        "0"
    );
    let close = "select count(*) from (select on_day - lag(on_day) over (partition by customer_id order by on_day) as days from tend.task where state <> 'cancelled') t where days < 7";
    assert_eq!(world.value(close).await, "0", "the gap is kept");

    world.sql("update crm.staff set active = false where staff_id = 'anna'").await;
    plan(&world, &job, &run(3, "2026-06-03")).await.unwrap();
    let who = world.rows("select assignee_id, count(*) from tend.task where state <> 'cancelled' and on_day >= '2026-06-03' group by 1").await;
    assert_eq!(who.len(), 1, "{who:?}");
    assert!(who[0].starts_with("ben\t"), "{who:?}");
    let june = world.rows("select customer_id from tend.task where state <> 'cancelled' and on_day between '2026-06-01' and '2026-06-30' group by 1 having count(*) <> 2").await;
    assert!(june.is_empty(), "never a double, none lost: {june:?}");
}

#[tokio::test]
async fn who_leaves_the_audience_is_not_visited_and_who_comes_in_the_middle_is_owed_a_part() {
    let world = World::new().await;
    staff(&world, &["anna"]).await;
    customers(&world, &[("stays", "high", "anna"), ("leaves", "high", "anna")]).await;
    let job = visits(&format!("{OWNED}\n[audience]\nfield = \"status\"\nis = \"active\""));
    plan(&world, &job, &run(1, "2026-06-01")).await.unwrap();
    world.sql("update crm.customer set status = 'closed' where customer_id = 'leaves'").await;
    customers(&world, &[("comes", "high", "anna")]).await;
    world.sql("update crm.customer set created_at = '2026-06-14T18:00Z' where customer_id = 'comes'").await;
    plan(&world, &job, &run(2, "2026-06-15")).await.unwrap();
    let left = world.rows("select distinct state, detail ->> 'dropped' from tend.task where customer_id = 'leaves' and on_day > '2026-06-15'").await;
    assert_eq!(left, ["cancelled\taudience"]);
    let comes =
        world.value("select count(*) from tend.task where customer_id = 'comes' and on_day < '2026-07-01'").await;
    assert_eq!(comes, "1");
    assert_eq!(decided(&world, &job, &run(2, "2026-06-15"), "leaves").await.what["visits"], 0);
}

#[tokio::test]
async fn a_contact_counts_and_a_wish_is_kept() {
    let world = World::new().await;
    staff(&world, &["anna"]).await;
    customers(&world, &[("phoned", "mid", "anna"), ("tuesday", "mid", "anna")]).await;
    world.sql("insert into crm.interaction (customer_id, interaction_id, at, kind) values ('phoned', 'i1', '2026-06-01T03:00Z', 'phone')").await;
    world.sql("update crm.customer set attributes = '{\"day\": \"周二\", \"hour\": \"14:00\"}' where customer_id = 'tuesday'").await;
    let job = visits(&format!(
        "{OWNED}\ncontacts = {{ kind = [\"phone\"], within = \"30d\" }}\nwish = {{ weekday = \"day\", time = \"hour\" }}"
    ));
    let run = run(1, "2026-06-02");
    plan(&world, &job, &run).await.unwrap();
    let june = world
        .rows("select customer_id, extract(isodow from on_day), starts from tend.task where on_day < '2026-07-01'")
        .await;
    assert_eq!(june, ["tuesday\t2\t14:00:00"]);
    let told = why(&world, &job, &run, "tuesday").await.unwrap();
    for words in [
        "mid on tiers since",
        "1 a month",
        "anna, who can make 5 visits a day",
        "wish      Tue, 14:00",
        "planned, with anna, 2026-06 no. 1",
    ] {
        assert!(told.text.contains(words), "{words}:\n{}", told.text);
    }
    assert!(why(&world, &job, &run, "stranger").await.is_none());
}

#[tokio::test]
async fn what_a_person_moved_or_called_off_stays_so() {
    let world = World::new().await;
    staff(&world, &["anna", "ben"]).await;
    customers(&world, &[("moved", "mid", "anna"), ("off", "mid", "anna")]).await;
    let job = visits(OWNED);
    plan(&world, &job, &run(1, "2026-06-01")).await.unwrap();
    world.sql("update tend.task set on_day = '2026-06-27', assignee_id = 'ben', opens_at = '2026-06-26T16:00Z', due_at = '2026-06-27T10:00Z' \
               where customer_id = 'moved' and on_day < '2026-07-01'").await;
    world.sql("update tend.task set state = 'cancelled', state_at = '2026-06-02Z' where customer_id = 'off' and on_day < '2026-07-01'").await;
    let did = plan(&world, &job, &run(2, "2026-06-03")).await.unwrap();
    assert_eq!((did["moved"].as_i64(), did["taken_back"].as_i64()), (Some(0), Some(0)), "{did}");
    let june = world
        .rows("select customer_id, on_day, assignee_id, state from tend.task where on_day < '2026-07-01' order by 1")
        .await;
    assert_eq!(june.len(), 2, "{june:?}");
    assert_eq!(june[0], "moved\t2026-06-27\tben\tplanned", "even on a Saturday");
}

#[tokio::test]
async fn it_does_not_plan_backwards_and_says_where_nobody_can_go() {
    let world = World::new().await;
    customers(&world, &[("a", "high", ""), ("b", "mid", "nobody")]).await;
    let job = visits(OWNED);
    let done = run(1, "2026-06-02");
    let did = plan(&world, &job, &done).await.unwrap();
    assert_eq!(did["added"], 0, "{did}");
    let short = world.rows("select customer_id, short_why, short_cycle from tend.visit_customer order by 1").await;
    assert_eq!(short, ["a\tnobody\t2026-06", "b\tnobody\t2026-06"]);
    assert!(explain(&world, &job, &done).await.text.contains("there is nobody to go"));
    let error = plan(&world, &job, &run(2, "2026-06-01")).await.unwrap_err();
    assert!(error.to_string().contains("not planned backwards"), "{error}");
}
