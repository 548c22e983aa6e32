//! The kind as a file and as runs: one review a period, on the working day or later; a figure that fails takes nothing
//! along; campaigns; what a terminal shows.

use std::sync::Arc;

use serde_json::Value;
use tend::engine::door::{Job, Run, Step, Trigger, Tx};
use tend::jobfile::calendars::NamedCalendars;
use tend::jobfile::file::{JobFile, Surroundings};
use tend::jobfile::kind::{Cuts, Ladders, ReadContext};
use tend::jobfile::reader::read_text;
use tend::jobs::KINDS;
use tend::jobs::report::{Figure, Report, Review, Verdict, docs};
use tend::outbox::template::TemplateFolder;
use tokio_util::sync::CancellationToken;

use super::{SHANGHAI, company, ticket};
use crate::effects::books::{ARRIVED, Books, Fate};
use crate::support::{World, instant};

fn job(report: &str) -> Arc<dyn Job> {
    let text = format!(
        "title = \"Review\"\n[schedule]\ncron = \"0 8 1-12 * *\"\ntimezone = \"Asia/Shanghai\"\n[report]\nladder = \"tiers\"\n{report}"
    );
    let around = Surroundings {
        kinds: KINDS,
        templates: &TemplateFolder::default(),
        templates_dir: "templates",
        ladders: &[("tiers".to_owned(), ["high", "mid"].map(str::to_owned).to_vec())].into(),
        segments: &Default::default(),
        calendars: Some(tend::calendar::business::Calendars::shipped()),
        jobs: Some(&["review"]),
    };
    let read = JobFile::read("review", &"review.toml".into(), &text.into(), &around);
    read.unwrap_or_else(|problems| panic!("{}", problems.render(false))).code
}

/// The same as what it is.
pub fn read(report: &str) -> Report {
    let (ladders, cuts, templates) = (Ladders::default(), Cuts::default(), TemplateFolder::default());
    let calendars = NamedCalendars::new(Some(tend::calendar::business::Calendars::shipped().clone()));
    let context = ReadContext {
        job: "review",
        timezone: SHANGHAI,
        templates_dir: "templates",
        templates: &templates,
        ladders: &ladders,
        cuts: &cuts,
        segments: &Default::default(),
        jobs: None,
        calendars: &calendars,
    };
    let text = format!("[report]\n{report}");
    let (report, problems) = read_text(&"review.toml".into(), &text.into(), |file| Report::read(file, &context));
    assert!(problems.is_empty(), "{}", problems.render(false));
    report.unwrap()
}

fn run(run_id: i64, as_of: &str, trigger: Trigger) -> Run {
    Run { run_id, trigger, ..Run::asked("review", "", instant(as_of), SHANGHAI) }
}

/// Does a run for good; its progress.
async fn step(world: &World, job: &Arc<dyn Job>, run: &Run) -> Value {
    let mut tx = world.pool().begin().await.unwrap();
    let mut step = Step { run, tx: Tx::lend(&mut tx), cursor: None, cancelled: CancellationToken::new() };
    let stepped = job.step(&mut step).await.unwrap();
    tx.commit().await.unwrap();
    stepped.progress
}

async fn review(world: &World, job: &Arc<dyn Job>, as_of: &str) -> Review {
    let run = run(1, as_of, Trigger::Manual);
    step(world, job, &run).await;
    serde_json::from_value(world.value("select figures from tend.report where run_id = 1").await.parse().unwrap())
        .unwrap()
}

async fn shown(world: &World, job: &Arc<dyn Job>, run: &Run) -> String {
    let mut conn = world.pool().acquire().await.unwrap();
    job.explain(run, &mut Tx::lend(&mut conn)).await.unwrap().text
}

const SALES: &str = "period = \"month\"\n[[report.section]]\ntitle = \"Sales\"\nfigures = [\"orders\"]\n";

#[tokio::test]
async fn there_is_one_review_a_period_on_the_working_day_or_by_the_first_slot_after_it() {
    let world = company().await;
    let job = job(&format!("calendar = \"cn\"\nworking_day = 2\n{SALES}"));
    // October 2026: the 1st to the 7th are holidays, so the 8th is the first working day after September
    for (number, day, made) in
        [(1, "2026-10-01", false), (2, "2026-10-08", false), (3, "2026-10-10", true), (4, "2026-10-11", false)]
    {
        let run = run(number, &format!("{day}T00:00:00Z"), Trigger::Schedule);
        let progress = step(&world, &job, &run).await;
        assert_eq!(progress["made"].as_bool(), Some(made), "{day}: {progress}");
    }
    // whoever asks by hand gets one whenever; the same run once more finds the same
    let by_hand = run(5, "2026-10-02T00:00:00Z", Trigger::Manual);
    assert_eq!(step(&world, &job, &by_hand).await["made"].as_bool(), Some(true));
    assert_eq!(step(&world, &job, &by_hand).await["made"].as_bool(), Some(true));
    let again = run(3, "2026-10-10T00:00:00Z", Trigger::Schedule);
    assert_eq!(step(&world, &job, &again).await["made"].as_bool(), Some(true));
    assert_eq!(world.rows("select run_id, period from tend.report order by 1").await, ["3\t2026-09", "5\t2026-09"]);
    assert!(
        shown(&world, &job, &run(4, "2026-10-11T00:00:00Z", Trigger::Schedule)).await.starts_with("No review was made")
    );
}

#[tokio::test]
async fn a_figure_that_fails_says_so_in_its_place_and_takes_nothing_along() {
    let world = company().await;
    world
        .sql("insert into crm.orders (customer_id, order_id, placed_at, amount) values ('c1', 'o', '2026-05-10Z', 10)")
        .await;
    world.sql("drop table tend.surge").await;
    let job = job(
        "period = \"month\"\n[[report.section]]\ntitle = \"All\"\nfigures = [\"orders\", \"complaint_surges\", \"revenue\"]
         [[report.target]]\nfigure = \"complaint_surges\"\nat_most = 0\n[[report.target]]\nfigure = \"revenue\"\nat_least = 5",
    );
    let review = review(&world, &job, "2026-06-01T00:00:00Z").await;
    let told: Vec<_> =
        review.figures().map(|figure| (figure.name.as_str(), figure.verdict, figure.now.cases)).collect();
    assert_eq!(
        told,
        [("complaint_surges", Verdict::Failed, 0), ("orders", Verdict::NoTarget, 1), ("revenue", Verdict::Met, 1)]
    );
    let why = review.sections[0].figures[0].failed.clone().unwrap();
    assert_eq!(why, "the database does not have what it needs: relation \"tend.surge\" does not exist");
    assert_eq!(review.missed, 0);
    assert_eq!(world.value("select count(*) from tend.report").await, "1");
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_ends_and_does_not_call_its_figures_failed() {
    let world = company().await;
    let (job, run) = (job(SALES), run(1, "2026-06-01T00:00:00Z", Trigger::Manual));
    let mut tx = world.pool().begin().await.unwrap();
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let mut step = Step { run: &run, tx: Tx::lend(&mut tx), cursor: None, cancelled };
    assert!(job.step(&mut step).await.unwrap_err().to_string().contains("told to stop"));
}

#[tokio::test]
async fn a_month_is_compared_with_the_months_of_the_baseline_and_not_with_their_sum() {
    let world = company().await;
    world
        .sql(
            "insert into crm.interaction (customer_id, interaction_id, at, kind)
             select 'c1', 'y' || n, timestamptz '2025-01-05Z' + n * interval '1 month', 'call' from generate_series(0, 11) n;
             insert into crm.interaction (customer_id, interaction_id, at, kind)
             values ('c1', 'a', '2026-05-04Z', 'call'), ('c2', 'b', '2026-05-09Z', 'call');
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select 'c1', n::text, timestamptz '2025-01-05Z' + n * interval '1 month', 10 from generate_series(0, 11) n",
        )
        .await;
    let job = job(
        "period = \"month\"\nbaseline = { from = \"2025-01-01\", until = \"2025-12-31\" }\n[[report.section]]\ntitle = \"A\"\nfigures = [\"contacts\", \"revenue\"]
         [[report.target]]\nfigure = \"contacts\"\nthan_baseline = \"+40%\"\n[[report.target]]\nfigure = \"revenue\"\nthan_baseline = \"-10%\"",
    );
    let review = review(&world, &job, "2026-06-01T00:00:00Z").await;
    let shown = |figure: &Figure| {
        let baseline = figure.baseline.unwrap();
        format!("{} {} {} {:?}", figure.name, figure.now.value.unwrap(), baseline.value.unwrap(), figure.verdict)
    };
    // 2 contacts of 3 customers; a third each month of the year. Nothing was sold; 10 each month of the year
    let told: Vec<_> = review.figures().map(shown).collect();
    assert_eq!(told, ["revenue 0 10 Missed", "contacts 0.666667 0.333333 Met"]);
}

#[tokio::test]
async fn a_section_can_choose_customers_and_a_target_a_part() {
    let world = company().await;
    world
        .sql(
            "update crm.customer set country = 'CN' where customer_id <> 'c3';
             insert into crm.orders (customer_id, order_id, placed_at, amount) values
             ('c1', '1', '2026-05-10Z', 10), ('c2', '2', '2026-05-10Z', 20), ('c3', '3', '2026-05-10Z', 40), ('c1', '4', '2026-04-10Z', 5)",
        )
        .await;
    let job = job(
        "period = \"month\"\nbaseline = { from = \"2026-04-01\", until = \"2026-04-30\" }\n[[report.section]]\ntitle = { en = \"Sales\", zh-CN = \"销售\" }\nfigures = [\"revenue\", \"orders\"]\nper = \"tier\"
         where = { field = \"country\", is = \"CN\" }
         [[report.target]]\nfigure = \"revenue\"\npart = \"high\"\nat_least = 12\n[[report.target]]\nfigure = \"revenue\"\nthan_baseline = \"+500%\"",
    );
    let review = review(&world, &job, "2026-06-01T00:00:00Z").await;
    let told: Vec<_> = review
        .figures()
        .map(|figure| {
            let of = figure.of.as_ref().map_or("", |part| part.name.as_str());
            format!(
                "{}{of} {} {:?} small={}",
                figure.name,
                figure.now.value.unwrap().normalize(),
                figure.verdict,
                figure.is_small
            )
        })
        .collect();
    assert_eq!(
        told,
        ["revenuehigh 10 Missed small=false", "revenue 30 Met small=false", "orders 2 NoTarget small=false"]
    );
    assert_eq!(review.missed, 1);
}

#[tokio::test]
async fn a_miss_of_few_cases_is_marked_and_not_counted_and_a_team_sees_its_own() {
    let world = company().await;
    for (number, who) in ["ann", "ann", "bob"].into_iter().enumerate() {
        ticket(&world, &format!("t{number}"), "c1", "2026-05-04 10:00", &format!("assignee_id = '{who}'"), "").await;
    }
    let text = "period = \"month\"\n[[report.section]]\ntitle = \"All\"\nfigures = [\"solve_rate\", \"tickets\", \"complaint_surges\", \"participation\"]
         [[report.target]]\nfigure = \"solve_rate\"\nat_least = \"95%\"\n[[report.target]]\nfigure = \"tickets\"\nat_most = 2\n";
    let review = review(&world, &job(text), "2026-06-01T00:00:00Z").await;
    let told = |review: &Review| -> Vec<String> {
        let told = review.figures().map(|figure| {
            format!("{} {} {:?} small={}", figure.name, figure.now.cases, figure.verdict, figure.is_small)
        });
        told.collect()
    };
    assert_eq!(
        told(&review),
        [
            "tickets 3 Missed small=false",
            "solve_rate 3 Missed small=true",
            "complaint_surges 0 NoTarget small=false",
            "participation 0 NoTarget small=false"
        ]
    );
    assert_eq!(review.missed, 1);
    // of a team: the work of its people, and nothing that is nobody's
    let report = read(text);
    let mut tx = world.pool().begin().await.unwrap();
    let run = run(2, "2026-06-01T00:00:00Z", Trigger::Manual);
    let team = report
        .review(&run, &mut Tx::lend(&mut tx), Some(&["bob".to_owned()]), &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(told(&team), ["solve_rate 1 Missed small=true", "tickets 1 Met small=false"]);
}

#[tokio::test]
async fn campaigns_are_judged_when_their_time_to_act_is_over() {
    let books = Books::new().await;
    books.job("spring", "[goal]\nevent = \"order\"\nwithin = \"21d\"\n[experiment]\nholdout = \"10%\"").await;
    books.job("news", "[goal]\nevent = \"order\"\nwithin = \"3d\"").await;
    // three weeks to act: planned on the 12th of April in Shanghai, over in May
    let spring = books.run("spring", "2026-04-12T00:00:00Z").await;
    for customer in ["a", "b", "c"] {
        spring.reached(customer, "2026-04-12T02:00:00Z").await;
    }
    spring.sent("d", "2026-04-12T02:00:00Z", Fate { state: "bounced", ..ARRIVED }).await;
    books.order("a", "2026-04-20T00:00:00Z", "10", "paid").await;
    // over in June only
    books.run("spring", "2026-05-20T00:00:00Z").await.reached("a", "2026-05-20T02:00:00Z").await;
    let news = books.run("news", "2026-05-20T00:00:00Z").await;
    news.reached("b", "2026-05-20T02:00:00Z").await;
    books.order("b", "2026-05-21T00:00:00Z", "10", "paid").await;
    // of four who were to have it one bought, of two held out too
    for customer in ["x", "y"] {
        spring.held_out(customer, "2026-04-12T02:00:00Z").await;
    }
    books.order("x", "2026-04-20T00:00:00Z", "10", "paid").await;
    let job = job(
        "period = \"month\"\n[[report.section]]\ntitle = \"Campaigns\"\nfigures = [\"participation\", \"conversion\", \"lift\"]\nper = \"job\"\n",
    );
    let review = review(&books.world, &job, "2026-06-01T00:00:00Z").await;
    let told: Vec<_> = review
        .figures()
        .map(|figure| {
            let parts: Vec<_> =
                figure.parts.iter().map(|part| format!("{} {}", part.part.name, part.now.cases)).collect();
            format!(
                "{} {:?} of {}: {}",
                figure.name,
                figure.now.value.map(|value| value.to_string()),
                figure.now.cases,
                parts.join(", ")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "participation Some(\"0.5\") of 4: spring 3, news 1",
            "conversion Some(\"0.5\") of 4: spring 3, news 1",
            "lift Some(\"-25\") of 4: spring 4",
        ]
    );
}

#[tokio::test]
async fn a_review_in_the_terminal() {
    let world = company().await;
    for number in 0..40 {
        let (who, hours) = if number % 4 == 0 { ("bob", 9) } else { ("ann", 1) };
        let log = format!("agent_message - {who} 2026-05-04 {:02}:00", 10 + hours);
        let kind = if number % 8 == 0 { "complaint" } else { "request" };
        ticket(
            &world,
            &format!("t{number}"),
            "c1",
            "2026-05-04 10:00",
            &format!("assignee_id = '{who}', kind = '{kind}'"),
            &log,
        )
        .await;
    }
    ticket(
        &world,
        "t99",
        "c2",
        "2026-04-04 10:00",
        "",
        "agent_message - ann 2026-04-04 12:30; state solved ann 2026-04-05 10:00",
    )
    .await;
    let job = job(
        "period = \"month\"
         [[report.section]]\ntitle = { en = \"Service\", zh-CN = \"服务\" }\nfigures = [\"tickets\", \"first_answer\", \"first_answer_p90\", \"solve_rate\", \"csat\"]\nper = \"person\"
         [[report.target]]\nfigure = \"first_answer_p90\"\nat_most = \"4h\"\n[[report.target]]\nfigure = \"solve_rate\"\nat_least = \"95%\"\nweight = 2\n[[report.target]]\nfigure = \"csat\"\nat_least = \"90%\"",
    );
    let run = run(1, "2026-06-01T00:00:00Z", Trigger::Manual);
    step(&world, &job, &run).await;
    let text = shown(&world, &job, &run).await;
    assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 100), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn the_page_about_figures_is_what_their_heads_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/figures.md");
    if std::env::var_os("TEND_UPDATE_DOCS").is_some() {
        std::fs::write(path, docs::markdown()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(page, docs::markdown(), "TEND_UPDATE_DOCS=1 cargo test --test it report:: writes it");
}
