//! The law of simulations: a stretch that is simulated equals the same stretch run for real, row by row.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use tend::clock::Clock;
use tend::daemon;
use tend::jobfile::store::{Applying, Basis, apply_folder};
use tend::jobs::KINDS;
use tend::outbox::hold;
use tend::simulate::{Stretch, people};

use super::{Company, books, count, drive, same};
use crate::support::process::Bench;

/// Runs the stretch for real: the engine of the daemon and the dispatcher with recording channels, at every quarter of an hour
/// and at every slot.
async fn live(company: &Company, stretch: Stretch) {
    let (world, settings) = (&company.world, &company.settings);
    drive(world, stretch.from - TimeDelta::seconds(1)).await;
    let applying = Applying { who: "ann", basis: Basis::Found, clock: Clock::Driven, kinds: KINDS };
    apply_folder(world.db(), &company.folder, applying).await.unwrap();
    let engine = daemon::engine(world.db(), settings);
    let links = daemon::links(world.db(), settings).await.unwrap();
    let dispatcher = daemon::dispatcher(world.db(), settings, links, Clock::Driven).unwrap();
    for now in ticks(company, stretch) {
        drive(world, now).await;
        // what the report says it assumes of people
        people::visit(&mut world.pool().acquire().await.unwrap(), None, now).await.unwrap();
        engine.pass_once().await.unwrap();
        approve(company, now).await;
        // a daemon looks at once for the next channel of what was refused; its caretaker may have done so already
        let refused = "select count(*) from tend.outbox, tend.driven_clock
                       where fallback is not null and state in ('rejected', 'bounced')
                          or state = 'planned' and not_before <= instant and starts_with(state_reason, 'refused by ')";
        dispatcher.drain_once().await.unwrap();
        while count(world.db(), refused).await > 0 {
            dispatcher.drain_once().await.unwrap();
        }
    }
}

fn ticks(company: &Company, stretch: Stretch) -> BTreeSet<DateTime<Utc>> {
    let quarters = std::iter::successors(Some(stretch.from), |at| Some(*at + TimeDelta::minutes(15)));
    let mut ticks: BTreeSet<_> = quarters.take_while(|at| *at < stretch.to).collect();
    for job in company.folder.jobs.values() {
        let schedule = job.to_spec().schedule;
        ticks.extend(schedule.into_iter().flat_map(|schedule| schedule.between(stretch.from, stretch.to, 10_000)));
    }
    ticks.retain(|at| *at < stretch.to);
    ticks.insert(stretch.to - TimeDelta::seconds(1));
    ticks
}

async fn approve(company: &Company, now: DateTime<Utc>) {
    let mut conn = company.world.pool().acquire().await.unwrap();
    for waiting in hold::waiting(&mut conn, None).await.unwrap() {
        if waiting.reason == "approval" {
            hold::approve(&mut conn, &waiting.job, Some(waiting.run_id), "assumed", now).await.unwrap();
        }
    }
}

/// Simulates on two copies, then runs for real; the three must be the same, and the original as it was before.
async fn holds(company: &Company, stretch: Stretch) -> String {
    drive(&company.world, stretch.from).await;
    let before = books(company.world.pool(), false).await;
    let (one, other) = (company.copy().await, company.copy().await);
    let report = company.simulate(&one, stretch).await;
    let again = company.simulate(&other, stretch).await;
    assert_eq!((report.text(), report.json()), (again.text(), again.json()));
    assert_eq!(report.page().unwrap(), again.page().unwrap());
    let (simulated, twice) = (books(one.db().pool(), true).await, books(other.db().pool(), true).await);
    same(&simulated, &twice);
    same(&before, &books(company.world.pool(), false).await);
    live(company, stretch).await;
    same(&simulated, &books(company.world.pool(), true).await);
    one.close().await;
    other.close().await;
    report.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stretch_with_the_shipped_jobs_is_the_same_simulated_twice_and_for_real() {
    let company = Company::shipped(120, "2026-06-01").await;
    // the first of June: invitations; a Tuesday: nurture
    let stretch = company.stretch("2026-05-31T16:00:00Z", "2026-06-02T16:00:00Z");
    let text = holds(&company, stretch).await;
    for least in [
        "select count(*) - 30 from tend.outbox where state = 'accepted'",
        "select count(*) - 1 from tend.decision",
        "select count(*) - 100 from tend.ladder_state",
        "select count(*) - 8 from tend.coupon where reserved_at is not null",
        "select count(*) - 1 from tend.hold where state = 'released'",
    ] {
        assert!(count(company.world.db(), least).await >= 0, "too little happens for a law: {least}\n{text}");
    }
}

/// A ladder each hour, a message in the hour that is left out or comes twice, behind the ladder; a share goes first.
fn bends(bench: &Bench) {
    bench.only(&["birthday"]);
    bench.ladder("hourly", "cron = \"0 * * * *\"\ntimezone = \"America/New_York\"");
    let file = bench.path().join("jobs/birthday.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text
        .replace("\"0 8 * * *\" ", "\"30 1,2 * * *\" ")
        .replace("timezone = \"Asia/Shanghai\"", "timezone = \"America/New_York\"")
        .replace("after       = [\"value-tiers\"]", "after       = [\"hourly\"]")
        .replace("{ ladder = \"value-tiers\", is = \"high\" }", "{ ladder = \"hourly\", is = \"some\" }")
        .replace("{ ladder = \"value-tiers\", is = \"mid\" }", "{ ladder = \"hourly\", is = \"none\" }")
        .replace(
            "[delivery]",
            "[safety]\ncanary = { share = \"20%\", wait = \"3h\", stop_if = { rejected = \"5%\" } }\n\n[delivery]",
        );
    let checks = text.find("# Examples that `tend check`").unwrap();
    std::fs::write(&file, &text[..checks]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn days_on_which_the_clocks_change_are_the_same_simulated_and_for_real() {
    for (from, to, runs) in [
        ("2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z", 4), // 01:30, and 02:30 at the first instant behind the gap, 03:00
        ("2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z", 4),
    ] {
        let bench = Bench::new("");
        bends(&bench);
        let company = Company::with(&bench.path().join("jobs")).await;
        company
            .world
            .sql(&format!(
                "insert into crm.customer (customer_id, email, timezone, birthday_month, birthday_day)
                 select 'c' || i, 'c' || i || '@example.com', case when i % 3 > 0 then 'America/New_York' end,
                        extract(month from d), extract(day from d)
                 from generate_series(1, 40) i, lateral (select date '{}' + 3 + i % 3 as d) x;
                 insert into crm.consent (customer_id, channel, recorded_at, granted)
                 select customer_id, 'email', '2020-01-01Z', true from crm.customer;
                 insert into crm.orders (customer_id, order_id, placed_at, amount)
                 select 'c' || i, 'o' || i, '2026-01-01Z', 10 from generate_series(1, 20) i",
                &from[..10]
            ))
            .await;
        let stretch = company.stretch(from, to);
        let text = holds(&company, stretch).await;
        let db = company.world.db();
        assert_eq!(
            count(db, "select count(*) from tend.job_run where job = 'birthday' and state = 'succeeded'").await,
            runs,
            "{text}"
        );
        assert!(
            count(db, "select count(*) from tend.hold where reason = 'canary' and state = 'released'").await > 0,
            "{text}"
        );
        let first =
            "select count(*) from tend.job_run where job = 'hourly' and slot = (select min(slot) from tend.job_run)";
        let begin = format!("select '{}'::timestamptz = min(slot) from tend.job_run", stretch.from);
        assert_eq!(
            (count(db, first).await, company.world.value(&begin).await),
            (1, "true".to_owned()),
            "the slot at the first instant"
        );
        let hours = (stretch.to - stretch.from).num_hours();
        let told = count(db, "select count(*) from tend.job_run where job = 'hourly'").await;
        assert!((hours - 2..=hours).contains(&told), "{told} hourly runs in {hours} hours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_lost_its_address_goes_by_the_next_channel_at_the_same_instant_simulated_and_for_real() {
    let bench = Bench::new("");
    bench.only(&["birthday", "value-tiers"]);
    let company = Company::with(&bench.path().join("jobs")).await;
    company
        .world
        .sql(
            "insert into crm.customer (customer_id, email, phone, birthday_month, birthday_day)
             select 'c' || i, 'c' || i || '@example.com', '+861380000000' || i, 6, 4 from generate_series(1, 3) i;
             insert into crm.consent (customer_id, channel, recorded_at, granted)
             select customer_id, channel, '2020-01-01Z', true from crm.customer, unnest(array['email', 'sms']) channel",
        )
        .await;
    // planned at eight, to go at ten
    live(&company, company.stretch("2026-05-31T23:30:00Z", "2026-06-01T01:00:00Z")).await;
    let owed =
        "select count(*) from tend.outbox where state = 'planned' and channel = 'email' and fallback is not null";
    assert_eq!(count(company.world.db(), owed).await, 3);
    company.world.sql("update crm.customer set email = null, phone = case customer_id when 'c1' then phone end where customer_id < 'c3'").await;
    holds(&company, company.stretch("2026-06-01T01:00:00Z", "2026-06-01T04:00:00Z")).await;
    let became = "select customer_id, channel, state, state_at = '2026-06-01T02:00:00Z' from tend.outbox order by 1";
    assert_eq!(
        company.world.rows(became).await,
        ["c1\tsms\taccepted\ttrue", "c2\temail\trejected\ttrue", "c3\temail\taccepted\ttrue"]
    );
}
