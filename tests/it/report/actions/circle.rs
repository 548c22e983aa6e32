//! From a figure that missed its target to the review that says whether it moved.

use super::{MORNING, Reviewed, bench, house, links, to, unsigned};
use crate::support::instant;
use crate::web::Site;

const JULY: &str = "2026-07-01T00:00:00Z";
const AUGUST: &str = "2026-08-01T00:00:00Z";
const SEPTEMBER: &str = "2026-09-01T00:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn what_missed_its_target_gets_an_action_and_the_next_review_opens_with_it() {
    let house = Reviewed::may().await;
    let mails = house.mails().await;
    for (reader, count) in [("mary", 1), ("han", 1), ("boss", 0), ("nora", 0), ("sid", 1)] {
        let found = links(to(&mails, reader));
        assert_eq!(found.len(), count, "{reader}: an address has no links, nor has what met its target");
    }
    let [mary, sid] = ["mary", "sid"].map(|reader| house.site.here(&links(to(&mails, reader))[0]));
    let (status, page) = house.site.get(&mary).await;
    assert!(status == 200 && page.contains("First answer") && page.contains("9 h"), "{page}");
    let due = [("action", "give"), ("owner", "ann"), ("due", "2026-06-20")];
    let form = [&due[..], &[("what", "<b>Call back</b> within the hour")]].concat();
    let (status, page) = house.site.post(&mary, &form).await;
    assert!(status == 200 && page.contains("Recorded: Ann sees to it by 2026-06-20."), "{page}");
    let form = [&due[..], &[("what", "每天两次检查未回复的工单")]].concat();
    assert_eq!(house.site.post(&sid, &form).await.0, 200);
    house.ticket("T7", "c1", "ann", 2).await;
    house.ticket("T8", "c2", "bob", 5).await;
    house.ticket("T9", "c2", "bob", 7).await;
    house.run(JULY).await;
    let mails = house.mails().await;
    for (reader, name) in [("mary", "opening_en"), ("han", "opening_zh")] {
        insta::assert_snapshot!(name, unsigned(to(&mails, reader)));
    }
    let (mary, sid) = (to(&mails, "mary"), to(&mails, "sid"));
    assert!(mary.contains("9 h → 5 h, better; target ≤ 4h") && !mary.contains("met now"), "{mary}");
    assert!(!mary.contains("每天两次"), "what a team decides stays with the team");
    assert!(sid.contains("每天两次") && !sid.contains("Call back"), "{sid}");
    let shown = house.bench.ok(&["plan", "review", "--at", JULY]);
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("Decided before\n") && line.contains("First answer, median 9 h → 5 h, better"), "{shown}");
    house.done(mary).await;
}

impl Reviewed {
    /// The link of what is open leads back to where it was decided, and says what came of it; later reviews show that once.
    async fn done(&self, mail: &str) {
        let open = self.site.here(&links(mail)[0]);
        let (_, page) = self.site.get(&open).await;
        assert!(page.contains("9 h") && page.contains("overdue") && page.contains("Say what came of it"), "{page}");
        let form = [("action", "done"), ("id", "1"), ("note", "since 15 June & on")];
        for _ in 0..2 {
            let (status, page) = self.site.post(&open, &form).await;
            assert!(status == 200 && page.contains("Recorded: done."), "{page}");
        }
        self.run(AUGUST).await;
        let mails = self.mails().await;
        let mary = to(&mails, "mary");
        assert!(
            mary.contains("done · decided on 2026-05 · since 15 June & on") && mary.contains("9 h → –, no cases"),
            "{mary}"
        );
        self.run(SEPTEMBER).await;
        let mails = self.mails().await;
        assert!(!to(&mails, "mary").contains("Call back"), "it was shown in August");
        assert!(to(&mails, "sid").contains("每天两次"), "what is open stays");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figure_is_told_as_it_is_now_and_what_is_dropped_no_more() {
    let house = Reviewed::may().await;
    let add = |what: &str| {
        let words =
            ["action", "add", "review", "first_answer", "--owner", "ann", "--due", "2026-07-31", "--what", what];
        house.bench.ok(&words)
    };
    let (kept, dropped) = (add("=1+1 kept"), add("dropped"));
    assert!(
        kept.contains("first_answer in review 2026-05 was 9 h, target ≤ 4h; ann sees to it by 2026-07-31."),
        "{kept}"
    );
    assert!(dropped.starts_with("Action 2 is there: "), "{dropped}");
    house.bench.ok(&["action", "drop", "2", "--why", "too much"]);
    house.ticket("T7", "c1", "ann", 2).await;
    house.run(JULY).await;
    let opening = "select jsonb_path_query(figures, '$.actions[*].what') #>> '{}', jsonb_path_query(figures, '$.actions[*].moved') #>> '{}',
                          jsonb_path_query(figures, '$.actions[*].is_met'), jsonb_path_query(figures, '$.actions[*].is_overdue')
                   from tend.report where period = '2026-06' and team = ''";
    assert_eq!(house.world.rows(opening).await, ["=1+1 kept\tbetter\ttrue\tfalse"]);
    let mails = house.mails().await;
    assert!(to(&mails, "mary").contains("9 h → 2 h, better; target ≤ 4h met now"), "{}", to(&mails, "mary"));
    // the same review made again shows the same; what is no longer in the file is no longer measured
    let file = std::fs::read_to_string(house.bench.path().join("jobs/review.toml")).unwrap();
    let shorter = file.split("[[report.target]]").next().unwrap().replace("\"first_answer\", ", "");
    house.bench.job("review", &shorter);
    house.world.advance_to(instant(AUGUST)).await;
    let shown = house.bench.ok(&["plan", "review", "--at", AUGUST]);
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let opening = "! =1+1 kept (Ann, by 2026-07-31, overdue): First answer, median 9 h → –, no longer measured";
    assert!(line.contains(opening), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_was_stored_before_there_were_actions_can_be_read() {
    let house = Reviewed::may().await;
    house.world.sql("update tend.report set figures = figures - 'actions'").await;
    let text = house.bench.ok(&["plan", "review", "--at", "2026-06-01T00:00:00Z", "--json"]);
    assert!(text.contains("\"actions\": []"), "{text}");
    let stored = house.world.value("select figures from tend.report where team = ''").await;
    let review: tend::jobs::report::Review = serde_json::from_str(&stored).unwrap();
    assert!(review.actions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_of_other_customers_in_another_section_has_no_link_and_what_fails_is_not_computed() {
    let world = house().await;
    let (bench, site) = (bench(&world), Site::open(&world).await);
    let file = std::fs::read_to_string(bench.path().join("jobs/review.toml"))
        .unwrap()
        .replace("\"nps\"", "\"complaint_surges\"");
    let section = "[[report.section]]\ntitle = \"Far\"\nfigures = [\"first_answer\"]\nwhere = { field = \"owner\", is = \"bob\" }\n";
    bench.job("review", &file.replacen("[[report.target]]", &format!("{section}[[report.target]]"), 1));
    let house = Reviewed { world, bench, site };
    house.run(MORNING).await;
    let mails = house.mails().await;
    let mary = to(&mails, "mary");
    assert_eq!(
        (mary.matches("First answer, median 9 h").count(), mary.matches("First answer, median 10 h").count()),
        (1, 1)
    );
    assert_eq!(links(mary).len(), 1, "{mary}");
    let (_, page) = house.site.get(&house.site.here(&links(mary)[0])).await;
    assert!(page.contains("9 h") && !page.contains("10 h"), "{page}");
    house.bench.ok(&[
        "action",
        "add",
        "review",
        "complaint_surges",
        "--owner",
        "ann",
        "--due",
        "2026-07-31",
        "--what",
        "x",
    ]);
    house.world.advance_to(instant(JULY)).await;
    house.world.sql("drop table tend.surge").await;
    let shown = house.bench.ok(&["plan", "review", "--at", JULY]);
    assert!(shown.contains("0 → –, not computed"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_to_see_to_it_hears_of_it_once_in_the_own_language_unless_it_is_the_giver() {
    let house = Reviewed::may().await;
    house
        .world
        .sql("update crm.staff set email = staff_id || '@shop.example', locale = case staff_id when 'ann' then 'zh-CN' else 'en' end
              where staff_id in ('ann', 'bob')")
        .await;
    let mails = house.mails().await;
    let mary = house.site.here(&links(to(&mails, "mary"))[0]);
    let give = |owner, what| [("action", "give"), ("owner", owner), ("due", "2026-06-20"), ("what", what)];
    for (owner, what) in [("ann", "一小时内回复"), ("ann", "一小时内回复"), ("m1", "Look at the figures daily")]
    {
        assert_eq!(house.site.post(&mary, &give(owner, what)).await.0, 200);
    }
    let what = ["--what", "Call <b>Li</b> & Wang", "--by", "the boss"];
    let add = ["action", "add", "review", "first_answer", "--team", "south", "--owner", "bob", "--due", "2026-06-30"];
    house.bench.ok(&[&add[..], &what[..]].concat());
    let mails = house.mails().await;
    let readers: Vec<&str> = mails.iter().map(|(reader, _)| reader.as_str()).collect();
    assert_eq!(readers, ["ann@shop.example", "bob@shop.example"]);
    for (reader, name) in [("ann", "given_zh"), ("bob", "given_en")] {
        let mail = to(&mails, reader);
        insta::assert_snapshot!(name, unsigned(mail));
        let (status, page) = house.site.get(&house.site.here(&links(mail)[0])).await;
        assert!(status == 200 && page.contains("2026-06-"), "{page}");
    }
    let reviews = house.bench.ok(&["report", "show", "1"]);
    assert!(!reviews.contains("bob@") && !reviews.contains("staff:bob"), "it is no mail of the review: {reviews}");
}
