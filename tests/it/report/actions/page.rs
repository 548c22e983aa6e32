//! The page of a figure: what it shows, what a form records, and what nobody can do with a link.

use tend::outbox::link::{Purpose, Work};
use tend::settings::PublicSettings;

use super::{Reviewed, links, to};
use crate::support::instant;
use crate::web::{Site, settings};

impl Reviewed {
    fn link(&self, subject: &str, staff: &str, expires: Option<&str>) -> String {
        let work = Work { subject: subject.into(), staff: staff.into(), expires: expires.map(instant) };
        self.site.here(&self.site.links.work(Purpose::Action, &work))
    }

    async fn run_id(&self) -> String {
        self.world.value("select min(run_id) from tend.report").await
    }
}

const GIVE: [(&str, &str); 3] = [("action", "give"), ("owner", "ann"), ("due", "2026-06-30")];

fn give(what: &str) -> Vec<(&str, &str)> {
    [&GIVE[..], &[("what", what)]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_shows_the_figure_in_the_language_of_the_person_and_changes_nothing() {
    let house = Reviewed::may().await;
    house.world.sql("insert into crm.staff (staff_id, name) values ('li', '李雷 <b>'), ('li2', '李雷 <b>')").await;
    let mails = house.mails().await;
    let [mary, han] = ["mary", "han"].map(|who| house.site.here(&links(to(&mails, who))[0]));
    let (status, page) = house.site.get(&mary).await;
    assert!(status == 200 && page.contains("lang=\"en\"") && page.contains("Give it an action"), "{page}");
    for shown in [
        "Monthly review · 2026-05",
        "9 h",
        "≤ 4h",
        "Ann",
        "李雷 &lt;b&gt; (li2)",
        "value=\"2026-07-31\"",
        "min=\"2026-06-01\"",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("Gone") && !page.contains("<b>") && !page.contains("<script"), "{page}");
    let (_, page) = house.site.get(&han).await;
    for shown in ["lang=\"zh-CN\"", "9小时", "定改进措施", "由谁负责？", "请不要写顾客姓名"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    for method in ["HEAD", "OPTIONS", "PUT", "DELETE", "GET"] {
        let url = format!("{mary}?action=give&what=x&owner=ann&due=2026-06-30");
        house.site.client.request(method.parse().unwrap(), url).form(&give("x")).send().await.unwrap();
    }
    assert_eq!(house.world.value("select count(*) from tend.action").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_recorded_once_in_the_name_of_the_person_and_what_is_no_action_is_told() {
    let house = Reviewed::may().await;
    let mary = house.link(&format!("[{},\"\",\"first_answer\",null]", house.run_id().await), "m1", None);
    let (x, long) = ("x", "长".repeat(501));
    for (form, status, said) in [
        (give(" \r\n"), 422, "what is to be done"),
        (
            vec![("action", "give"), ("what", "kept <in> the form"), ("owner", ""), ("due", "2026-06-30")],
            422,
            "choose somebody",
        ),
        (vec![("action", "give"), ("what", x), ("owner", "gone"), ("due", "2026-06-30")], 422, "choose somebody"),
        (vec![("action", "give"), ("what", x), ("owner", "who"), ("due", "2026-06-30")], 422, "choose somebody"),
        (vec![("action", "give"), ("what", x), ("owner", "ann"), ("due", "")], 422, "choose a day"),
        (
            vec![("action", "give"), ("what", x), ("owner", "ann"), ("due", "2026-05-31")],
            422,
            "over or more than a year",
        ),
        (
            vec![("action", "give"), ("what", x), ("owner", "ann"), ("due", "9999-12-31")],
            422,
            "over or more than a year",
        ),
        (give(&long), 422, "below 500 characters"),
        (vec![("action", "give"), ("what", x), ("owner", "ann"), ("due", "soon")], 400, "could not be understood"),
        (vec![("action", "done"), ("id", "one")], 400, "could not be understood"),
        (vec![("action", "done"), ("id", "1")], 400, "could not be understood"),
        (vec![("action", "burn"), ("id", "1")], 400, "could not be understood"),
        (vec![], 400, "could not be understood"),
    ] {
        let (got, page) = house.site.post(&mary, &form).await;
        assert!(got == status && page.contains(said), "{form:?} {got} {page}");
        assert!(!form.iter().any(|(_, value)| value.starts_with("kept")) || page.contains("kept &lt;in&gt; the form"));
    }
    let huge = "x".repeat(20_000);
    assert_eq!(house.site.post(&mary, &give(&huge)).await.0, 413);
    assert_eq!(house.world.value("select count(*) from tend.action").await, "0");
    for _ in 0..2 {
        let (status, page) = house.site.post(&mary, &give(" call\r\n back\u{7} ")).await;
        assert!(
            status == 200 && page.contains("Recorded: Ann sees to it by 2026-06-30.") && page.contains("call back"),
            "{page}"
        );
    }
    let at_once = give("at once");
    let both = tokio::join!(house.site.post(&mary, &at_once), house.site.post(&mary, &at_once));
    assert_eq!((both.0.0, both.1.0), (200, 200));
    let rows = "select what, owner_id, due_on, created_by, created_from is null from tend.action order by action_id";
    assert_eq!(
        house.world.rows(rows).await,
        ["call back\tann\t2026-06-30\tm1\ttrue", "at once\tann\t2026-06-30\tm1\ttrue"]
    );
    assert_eq!(house.site.counted().recorded, 2, "what was sent twice counts once");
    let drop = |note: &'static str| [("action", "drop"), ("id", "1"), ("note", note)];
    let (status, page) = house.site.post(&mary, &drop(" ")).await;
    assert!(status == 422 && page.contains("why it is no longer wanted") && page.contains("<details open>"), "{page}");
    for _ in 0..2 {
        let (status, page) = house.site.post(&mary, &drop("no <need>")).await;
        assert!(status == 200 && page.contains("no longer wanted") && !page.contains("call back"), "{page}");
    }
    let (status, page) = house.site.post(&mary, &[("action", "done"), ("id", "1")]).await;
    assert!(status == 409 && page.contains("Nothing was recorded"), "{page}");
    let (status, page) = house.site.post(&mary, &give("call back")).await;
    assert!(status == 200 && page.contains("no longer wanted"), "an old form brings nothing back: {page}");
    let ended = "select state, note, closed_by, closed_from is null from tend.action where action_id = 1";
    assert_eq!(house.world.rows(ended).await, ["dropped\tno <need>\tm1\ttrue"]);
    // what belongs to another figure is not ended here
    let south = house.link(&format!("[{},\"south\",\"first_answer\",null]", house.run_id().await), "ss", None);
    assert_eq!(house.site.post(&south, &[("action", "done"), ("id", "2")]).await.0, 400);
    assert_eq!(house.world.value("select state from tend.action where action_id = 2").await, "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_misused_and_expired_links_open_nothing() {
    let mut house = Reviewed::may().await;
    house.site = Site::with(&house.world, PublicSettings { bad_links: 1_000, ..settings() }).await;
    let run = house.run_id().await;
    let subject = format!("[{run},\"\",\"first_answer\",null]");
    let good = house.link(&subject, "m1", Some("2026-06-01T04:00:00Z"));
    assert_eq!(house.site.get(&good).await.0, 200);
    let token = good.rsplit('/').next().unwrap().to_owned();
    let task = Work { subject: subject.clone(), staff: "m1".into(), expires: None };
    let other = house.site.links.work(Purpose::Task, &task).rsplit('/').next().unwrap().to_owned();
    let mut turned = token.clone().into_bytes();
    turned[30] = if turned[30] == b'A' { b'B' } else { b'A' };
    let base = good.trim_end_matches(&token).to_owned();
    for bad in [String::from_utf8(turned).unwrap(), token[..token.len() - 3].into(), other, "x".repeat(3_000)] {
        for (status, page) in
            [house.site.get(&format!("{base}{bad}")).await, house.site.post(&format!("{base}{bad}"), &give("x")).await]
        {
            assert!(status == 404 && !page.contains("First answer") && !page.contains("Ann"), "{bad} {status} {page}");
        }
    }
    // ours, but over: no such review, no such figure, no such part, nobody any more
    for link in [
        house.link("[99999,\"\",\"first_answer\",null]", "m1", None),
        house.link(&format!("[{run},\"east\",\"first_answer\",null]"), "m1", None),
        house.link(&format!("[{run},\"\",\"csat\",null]"), "m1", None),
        house.link(&format!("[{run},\"\",\"first_answer\",[\"tier\",\"high\"]]"), "m1", None),
        house.link("no list", "m1", None),
        house.link(&subject, "gone", None),
        house.link(&subject, "", None),
    ] {
        assert_eq!((house.site.get(&link).await.0, house.site.post(&link, &give("x")).await.0), (410, 410));
    }
    house.world.advance_to(instant("2026-06-01T04:00:00Z")).await;
    assert_eq!((house.site.get(&good).await.0, house.site.post(&good, &give("x")).await.0), (410, 410));
    assert_eq!(house.world.value("select count(*) from tend.action").await, "0");
}
