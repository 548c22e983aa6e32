//! Charts of reviews: the course of a figure from the archive, pictures that go with the mail, words for who does not see them.

use mail_parser::{Message, MessageParser, MimeHeaders as _};

use super::mailed::{MORNING, bench, delivered, house};
use crate::support::smtp::Mail;
use crate::support::{World, instant};

/// Reviews of earlier months: the job, the team, and the first answer of each in hours.
async fn reviewed(world: &World, job: &str, team: &str, months: &[(&str, &str)]) {
    reviewed_of(world, (job, team, "null"), months).await;
}

/// Of a part of it, as JSON.
async fn reviewed_of(world: &World, (job, team, part): (&str, &str, &str), months: &[(&str, &str)]) {
    for (month, hours) in months {
        world
            .sql(&format!(
                "insert into tend.report (run_id, team, job, period, first_day, last_day, as_of, figures)
                 select -coalesce(max(run_id), 0) - 1000 - count(*), '{team}', '{job}', '{month}', '{month}-01',
                        ('{month}-01'::date + interval '1 month' - interval '1 day')::date, '{month}-28Z',
                        jsonb_build_object('sections', jsonb_build_array(jsonb_build_object(
                            'title', jsonb_build_object('en', 'Service', 'zh_cn', '服务'),
                            'figures', jsonb_build_array(jsonb_build_object('name', 'first_answer', 'of', '{part}'::jsonb, 'is_small', false,
                                'now', jsonb_build_object('value', ({hours} * 3600)::text, 'cases', 3))))))
                 from tend.report"
            ))
            .await;
    }
}

fn parsed(mails: &[Mail], to: &str) -> Message<'static> {
    let mail = mails.iter().find(|mail| mail.to == to).unwrap_or_else(|| panic!("no mail to {to}"));
    MessageParser::default().parse(mail.text.as_bytes()).unwrap().into_owned()
}

/// The words of each picture that the HTML shows; each is one that goes with the mail, inline, and no other does.
fn shown(mail: &Message<'_>) -> Vec<String> {
    let html = mail.body_html(0).unwrap().into_owned();
    let attached: Vec<&str> = mail.parts.iter().filter_map(|part| part.content_id()).collect();
    let mut words = Vec::new();
    for image in html.split("<img").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let value = |key: &str| image.split(&format!("{key}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let name = value("src").strip_prefix("cid:").expect("a picture of the mail").to_owned();
        let part = mail.parts.iter().find(|part| part.content_id() == Some(&name)).expect("it goes with the mail");
        assert!(part.content_disposition().is_some_and(|how| how.is_inline()));
        assert!(
            part.attachment_name().is_some_and(|name| name.ends_with(".png")),
            "who keeps it has a file of that kind"
        );
        assert_eq!(part.content_type().map(|kind| (kind.ctype(), kind.subtype())), Some(("image", Some("png"))));
        assert!(part.contents().starts_with(b"\x89PNG") && part.contents().len() < 60_000);
        words.push(value("alt"));
    }
    assert_eq!(attached.len(), words.len(), "{attached:?}");
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn what_missed_shows_its_course_from_the_reviews_of_the_same_job_and_team() {
    let world = house().await;
    let bench = bench(&world);
    world.advance_to(instant(MORNING)).await;
    let months = [("2025-05", "20"), ("2025-11", "2"), ("2025-12", "3.5"), ("2026-02", "4"), ("2026-03", "6")];
    reviewed(&world, "review", "", &months).await;
    reviewed(&world, "review", "", &[("2026-03", "5")]).await;
    world.sql("update tend.report set as_of = as_of + interval '1 day' where run_id = (select min(run_id) from tend.report)").await;
    reviewed(&world, "review", "south", &[("2026-02", "1"), ("2026-03", "1"), ("2026-04", "1")]).await;
    reviewed(&world, "review", "north", &[("2026-04", "1")]).await;
    reviewed(&world, "other", "", &[("2026-01", "9"), ("2026-04", "9")]).await;
    bench.ok(&["run", "review", "--at", MORNING]);
    let mails = delivered(&world).await;
    let english = "First answer, median: 2025-11 2 h, 2025-12 3 h 30 min, 2026-01 –, 2026-02 4 h, 2026-03 5 h, 2026-04 –, 2026-05 9 h; target ≤ 4h";
    let mary = parsed(&mails, "mary@shop.example");
    assert_eq!(
        shown(&mary),
        [english],
        "the review made last of each month; no other job's, no other team's, nothing of a year ago"
    );
    assert!(mary.body_text(0).unwrap().contains(english), "who reads the text has the words");
    let chinese = "首次响应时间（中位数）：2025-11 2小时，2025-12 3小时30分钟，2026-01 –，2026-02 4小时，2026-03 5小时，2026-04 –，2026-05 9小时；目标 ≤ 4h";
    assert_eq!(shown(&parsed(&mails, "han@shop.example")), [chinese]);
    assert_eq!(
        shown(&parsed(&mails, "sid@shop.example")),
        ["First answer, median: 2026-02 1 h, 2026-03 1 h, 2026-04 1 h, 2026-05 10 h; target ≤ 4h"]
    );
    assert!(shown(&parsed(&mails, "nora@shop.example")).is_empty(), "two months are no course");
    let files = mary.attachments().filter_map(|part| part.attachment_name()).filter(|name| name.ends_with(".xlsx"));
    assert_eq!(files.count(), 1, "the workbook is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_that_cannot_be_drawn_is_left_out_and_the_mail_goes_without_it() {
    let world = house().await;
    let bench = bench(&world);
    world.advance_to(instant(MORNING)).await;
    reviewed(&world, "review", "", &[("2026-02", "1"), ("2026-03", "1"), ("2026-04", "1")]).await;
    let beyond =
        "update tend.report set figures = jsonb_set(figures, '{sections,0,figures,0,now,value}', to_jsonb(%::text))";
    world.sql(&format!("{} where period = '2026-02'", beyond.replace('%', "'-79228162514264337593543950335'"))).await;
    world.sql(&format!("{} where period = '2026-03'", beyond.replace('%', "'79228162514264337593543950335'"))).await;
    bench.ok(&["run", "review", "--at", MORNING]);
    let mails = delivered(&world).await;
    let mary = parsed(&mails, "mary@shop.example");
    assert!(shown(&mary).is_empty());
    assert!(mary.body_html(0).unwrap().contains("First answer, median"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_has_a_course_of_its_own_whatever_it_is_called() {
    let world = house().await;
    let bench = bench(&world);
    world.advance_to(instant(MORNING)).await;
    world.sql("update crm.ticket set topic = 'a \"b\" <c> & 长\\d'").await;
    let file = std::fs::read_to_string(bench.path().join("jobs/review.toml")).unwrap();
    let target = "[[report.target]]\nfigure = \"first_answer\"\npart = 'a \"b\" <c> & 长\\d'\nby = \"topic\"\nat_most = \"2h\"\n";
    bench.job("review", &format!("{file}{target}"));
    let part = r#"{"by": "topic", "name": "a \"b\" <c> & 长\\d"}"#;
    reviewed_of(&world, ("review", "", part), &[("2026-03", "2"), ("2026-04", "3")]).await;
    bench.ok(&["run", "review", "--at", MORNING]);
    let mary = parsed(&delivered(&world).await, "mary@shop.example");
    let words = "First answer, median · a &quot;b&quot; &lt;c&gt; &amp; 长&#92;d: 2026-03 2 h, 2026-04 3 h, 2026-05 9 h; target ≤ 2h";
    assert_eq!(shown(&mary), [words], "nothing is known of all of them");
    assert!(mary.body_text(0).unwrap().contains(r#"a "b" <c> & 长\d: 2026-03 2 h"#));
}
