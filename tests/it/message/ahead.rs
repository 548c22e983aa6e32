//! Places kept for the days ahead, against their definition: who would get a message on each of the seven days, as things
//! stand, on the first day on which it can go.

use std::collections::BTreeMap;

use super::plan::{Plan, changed, with_trigger};
use crate::support::World;

const CAPS: &str = "[[cap]]\nname = \"week\"\npurpose = [\"marketing\"]\nat_most = 2\nwithin = \"7d\"\n\
                    [[cap]]\nname = \"normal\"\npurpose = [\"marketing\"]\nat_most = 1\nwithin = \"10d\"\n\
                    when = { ladder = \"value-tiers\", is = \"normal\" }";

const HOLIDAY: &str = "on = \"holiday\"\noffset = \"-3d\"\nexpire_after = \"4d\"\n\
                       days = [{ name = \"fair\", calendar = \"solar\", month = 11, day = 28, title = \"The fair\" }]";

/// Customers of all sorts, what they had and are owed by other jobs, and what they had of this one. Everything is drawn by
/// a hash of the seed.
async fn crowd(world: &World, seed: u32) {
    world
        .sql(&format!(
            "create function pg_temp.draw(what text, i integer, of integer) returns integer language sql immutable
             return (('x' || left(md5({seed} || what || i), 7))::bit(28)::integer % of);
             create temp table crowd as
             select i, 'c' || i as id, date '2026-11-16' + pg_temp.draw('born', i, 18) as day from generate_series(1, 240) i;
             insert into crm.customer (customer_id, name, email, phone, locale, timezone, status, preferred_channel,
                                       birthday_month, birthday_day)
             select id, id, case when pg_temp.draw('mail', i, 8) > 0 then id || '@example.com' end,
                    case when pg_temp.draw('phone', i, 3) > 0 then '+86138' || 10000000 + i end, 'zh-CN',
                    (array[null, 'America/New_York', 'Pacific/Auckland', 'Asia/Shanghai'])[1 + pg_temp.draw('zone', i, 4)],
                    case when pg_temp.draw('status', i, 12) > 0 then 'active' else 'closed' end,
                    case when pg_temp.draw('prefers', i, 4) = 0 then 'sms' end,
                    extract(month from day), extract(day from day)
             from crowd;
             insert into crm.consent (customer_id, channel, recorded_at, granted)
             select id, channel, '2020-01-01Z', pg_temp.draw('granted' || channel, i, 5) > 0
             from crowd, unnest(array['email', 'sms']) channel where pg_temp.draw('asked' || channel, i, 6) > 0;
             insert into crm.orders (customer_id, order_id, placed_at, amount)
             select id, id || '-' || n, (day - make_interval(years => n)) + pg_temp.draw('hour', i, 24) * interval '1 hour', 10
             from crowd, generate_series(1, 2) n where n = 1 or pg_temp.draw('orders', i, 2) = 0;
             insert into tend.ladder_state (ladder, customer_id, level, since, reason, run_id)
             select 'value-tiers', id, (array['high', 'mid', 'normal'])[1 + pg_temp.draw('tier', i, 3)], '2026-01-01Z', '{{}}', 1
             from crowd;
             insert into tend.suppression (channel, address_key, reason, recorded_at)
             select 'email', tend.address_key('email', id || '@example.com'), 'bounced', '2026-01-01Z'
             from crowd where pg_temp.draw('bounced', i, 15) = 0;
             insert into tend.outbox (run_id, job, spec_hash, customer_id, occasion, purpose, topic, channel, template, locale, data,
                                      not_before, not_after, state, state_at, created_at)
             select 1, 'other', 'x', id, 'o' || n, 'marketing', 'news', 'email', 't', 'en', '{{}}', at, at + interval '1 day',
                    (array['accepted', 'planned', 'bounced'])[1 + pg_temp.draw('state' || n, i, 3)], at, at
             from crowd, generate_series(1, 3) n,
                  lateral (select timestamptz '2026-11-12Z' + pg_temp.draw('at' || n, i, 400) * interval '1 hour' as at) t
             where pg_temp.draw('has' || n, i, 3) = 0;
             insert into tend.reservation (job, customer_id, occasion, purpose, topic, channel, priority, at, run_id)
             select 'rival', id, 'r', 'marketing', 'news', 'email', 50 + 10 * pg_temp.draw('priority', i, 5),
                    timestamptz '2026-11-19Z' + pg_temp.draw('kept', i, 200) * interval '1 hour', 1
             from crowd where pg_temp.draw('rival', i, 4) = 0;
             insert into tend.occasion (job, customer_id, occasion, occurs_on, address_key, apart, run_id, claimed_at)
             select 'mine', id, (array['birthday:2026', 'birthday:2025', 'first_order:2026', 'holiday:fair:2026'])[1 + pg_temp.draw('which', i, 4)],
                    day - pg_temp.draw('corrected', i, 2), 'k' || i, '', 1, '2026-11-15Z'
             from crowd where pg_temp.draw('had', i, 4) = 0;
             drop table crowd;"
        ))
        .await;
}

const KEPT: &str = "select customer_id, occasion, purpose, topic, channel, priority, at from tend.reservation
                    where job = 'mine' order by customer_id collate \"C\", occasion";
const WOULD_GO: &str = "select customer_id || ' ' || occasion,
                               concat_ws(E'\\t', customer_id, occasion, purpose, topic, channel, priority,
                                         to_json(not_before) #>> '{}')
                        from tend.outbox where job = 'mine' and created_at > $1::timestamptz";

/// What the runs of the seven days after `day` would send, each as things stand now and rolled back.
async fn definition(world: &World, plan: &Plan, day: &str) -> Vec<String> {
    let first: chrono::NaiveDate = day.parse().unwrap();
    let mut kept = BTreeMap::new();
    for ahead in first.iter_days().skip(1).take(7) {
        let mut tx = world.pool().begin().await.unwrap();
        plan.step_of_that_day(&mut tx, &ahead.to_string()).await;
        let rows: Vec<(String, String)> =
            sqlx::query_as(WOULD_GO).bind(format!("{day} 12:00Z")).fetch_all(&mut *tx).await.unwrap();
        tx.rollback().await.unwrap();
        for (occasion, row) in rows {
            kept.entry(occasion).or_insert(row);
        }
    }
    let mut rows: Vec<String> = kept.into_values().collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn the_places_kept_are_those_of_the_runs_of_the_seven_days_ahead() {
    let first_order =
        with_trigger("on = \"anniversary\"\nfield = \"first_order\"\noffset = \"0d\"\nfeb_29 = \"feb_28\"");
    let files = [changed("priority = 80", "priority = 60"), first_order, with_trigger(HOLIDAY)];
    for (seed, file) in (1..).zip(files) {
        let world = World::new().await;
        crowd(&world, seed).await;
        let plan = Plan::named("mine", &file, CAPS);
        // the second run replaces what the first has kept
        for day in ["2026-11-18", "2026-11-20"] {
            plan.on(&world, day).await;
            let mut kept = world.rows(KEPT).await;
            kept.sort();
            assert!(kept.len() > 20, "too few are kept for a law: {}", kept.len());
            assert_eq!(kept, definition(&world, &plan, day).await, "seed {seed}, {day}");
        }
    }
}
