//! Complaints of a type that come much more often than usual.

use tend::calendar::business::Calendars;
use tend::jobfile::calendars::NamedCalendars;
use tend::jobfile::kind::{Cuts, Kind as _, Ladders, ReadContext};
use tend::jobfile::reader::read_text;
use tend::jobs::surge::SurgeKind;
use tend::outbox::template::TemplateFolder;

use super::*;

fn surge() -> Arc<dyn Job> {
    let text = include_str!("../../../jobs/complaint-surge.toml");
    let (ladders, cuts) = (Ladders::default(), Cuts::default());
    let letter = "<mjml><mj-head><mj-title>{{ occasion.type }}</mj-title></mj-head><mj-body><mj-section><mj-column>\
                  <mj-text>{{ occasion.count }}</mj-text></mj-column></mj-section></mj-body></mjml>";
    let templates = TemplateFolder::from_files([("surge/email.zh-CN.mjml", letter)]);
    let calendars = NamedCalendars::new(Some(Calendars::shipped().clone()));
    let context = ReadContext {
        job: "complaint-surge",
        timezone: chrono_tz::UTC,
        templates_dir: "templates",
        templates: &templates,
        ladders: &ladders,
        cuts: &cuts,
        segments: &Default::default(),
        jobs: None,
        calendars: &calendars,
    };
    let (job, problems) = read_text(&"jobs/complaint-surge.toml".into(), &text.into(), |file| {
        file.leave(&["title", "description", "owner", "schedule", "check"]);
        SurgeKind.read(file, &context)
    });
    assert!(problems.is_empty(), "{}", problems.render(false));
    job.unwrap()
}

/// So many complaints of a type on a day.
async fn complaints(world: &World, topic: &str, day: &str, count: i32) {
    world
        .sql(&format!(
            "insert into crm.ticket (ticket_id, customer_id, opened_at, kind, topic)
             select '{topic}-{day}-' || n, 'c1', '{day}T10:00Z', 'complaint', '{topic}' from generate_series(1, {count}) n"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_surge_is_told_once_to_the_roles_and_again_when_it_was_over() {
    let world = company().await;
    let job = surge();
    // two a week are usual, five are twice as many and more
    for week in ["2026-04-15", "2026-04-22", "2026-04-29", "2026-05-06", "2026-05-13", "2026-05-20", "2026-05-27"] {
        complaints(&world, "product", week, 2).await;
        complaints(&world, "service", week, 4).await;
    }
    complaints(&world, "product", "2026-06-05", 5).await;
    complaints(&world, "service", "2026-06-05", 6).await;
    let letters = "select recipient, count(*) from tend.outbox group by 1 order by 1";
    for (at, told) in [("2026-06-06T00:30:00Z", 1), ("2026-06-07T00:30:00Z", 1), ("2026-06-13T00:30:00Z", 1)] {
        swept(&world, &job, &Run { job: "complaint-surge".to_owned(), ..run(at) }).await.unwrap();
        assert_eq!(world.rows(letters).await, [format!("staff:m1\t{told}")], "{at}");
    }
    assert_eq!(
        world.rows("select subject, count, round(usual, 2), ended_at is not null as over from tend.surge").await,
        ["product\t5\t1.75\ttrue"]
    );
    complaints(&world, "product", "2026-06-20", 9).await;
    swept(&world, &job, &Run { job: "complaint-surge".to_owned(), ..run("2026-06-21T00:30:00Z") }).await.unwrap();
    assert_eq!(world.rows(letters).await, ["staff:m1\t2"]);
}
