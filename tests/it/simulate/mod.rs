//! Simulations: what they promise about the copy, the original and the future.

mod command;
mod copies;
mod figures;
mod laws;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgPool};
use tend::clock::Clock;
use tend::db::{Copy, Database, DatabaseSettings};
use tend::jobfile::folder::{Folder, read_folder};
use tend::jobs::KINDS;
use tend::outbox::channel::settings::ChannelSettings;
use tend::progress::Progress;
use tend::settings::Settings;
use tend::simulate::{Course, Report, Stretch, report};
use tokio_util::sync::CancellationToken;

use crate::support::{World, instant};

/// A company with its jobs and its settings.
struct Company {
    world: World,
    settings: Settings,
    folder: Folder,
    /// Where its messages would be written.
    _outbox: tempfile::TempDir,
}

impl Company {
    /// A made-up company on a day, with the shipped jobs and codes for them.
    async fn shipped(customers: u32, day: &str) -> Self {
        let own = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut copy = std::process::Command::new("cp");
        copy.arg("-r").args([from.join("jobs"), from.join("templates")]).arg(own.path());
        assert!(copy.status().unwrap().success());
        // for real they would be thousands of sweeps that find nothing
        for sweep in ["sla.toml", "complaint-sla.toml"] {
            let file = own.path().join("jobs").join(sweep);
            let text = std::fs::read_to_string(&file).unwrap();
            let seldom = text.replace("\"* * * * *\" ", "\"*/15 * * * *\" ");
            assert_ne!(text, seldom, "{sweep}");
            std::fs::write(&file, seldom).unwrap();
        }
        let company = Self::with(&own.path().join("jobs")).await;
        tend::demo::fill(company.world.db(), customers, 1, day.parse().unwrap(), |_| Progress::silent()).await.unwrap();
        for (pool, codes) in [("winback-50", 3), ("winback-20", 2), ("nurture-50", 8)] {
            company.codes(pool, codes).await;
        }
        company
    }

    /// Nobody yet, and the jobs of a folder.
    async fn with(jobs: &Path) -> Self {
        let world = World::new().await;
        let outbox = tempfile::tempdir().unwrap();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let mut settings = Settings::read(&config, std::iter::empty()).unwrap();
        settings.time.source = Clock::Driven;
        for channel in settings.channels.values_mut() {
            let ChannelSettings::Recording(recording) = channel else { panic!("development records") };
            recording.folder = outbox.path().to_owned();
        }
        let folder = read_folder(jobs, KINDS).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        Self { world, settings, folder, _outbox: outbox }
    }

    async fn codes(&self, pool: &str, codes: u32) {
        self.world
            .sql(&format!(
                "insert into tend.coupon_pool (pool, low_water, created_at) values ('{pool}', 1, 'epoch');
                 insert into tend.coupon (pool, code, imported_at)
                 select '{pool}', '{pool}-' || i, 'epoch' from generate_series(1, {codes}) i"
            ))
            .await;
    }

    fn stretch(&self, from: &str, to: &str) -> Stretch {
        Stretch::new(instant(from), instant(to), self.settings.defaults.timezone).unwrap()
    }

    async fn copy(&self) -> Copy {
        copy_of(&self.world).await
    }

    /// Runs the stretch on a copy.
    async fn simulate(&self, copy: &Copy, stretch: Stretch) -> Report {
        let course = Course { db: copy.db(), settings: &self.settings, folder: &self.folder, stretch, approves: true };
        course.run(&Progress::silent(), &CancellationToken::new()).await.unwrap();
        report(&mut copy.db().pool().acquire().await.unwrap(), stretch, true).await.unwrap()
    }
}

async fn copy_of(world: &World) -> Copy {
    let settings = DatabaseSettings::new(world.url());
    Copy::make(world.db(), &settings, &CancellationToken::new(), |_| {}).await.unwrap()
}

/// Columns that two databases with the same history differ in, and why.
const BY_DESIGN: &[(&str, &str, &str)] = &[
    ("outbox", "public_id", "the public name of a message is random, so that nobody can guess it"),
    ("attempt", "owner", "which process sent it; a UUID per start"),
    ("attempt", "detail", "`recorded` or `assumed`: how it was handed over"),
    ("folder_revision", "applied_by", "who put the folder in force"),
    ("folder_revision", "forced", "the simulation puts it in force whatever was before"),
    ("change_reader", "watch", "which triggers of this database were seen; other ones in a copy"),
    ("sla_job", "watch", "which triggers of this database were seen; other ones in a copy"),
    ("sla_job", "as_of", "the last sweep; those that find nothing are passed over"),
    ("spec", "stored_at", "stored when it was first seen"),
    ("template", "stored_at", "stored when it was first seen"),
];
/// Tables that are about this database and the processes on it, not about the company; and the one of what was built to cross
/// the network, which a simulation does not.
const OF_THE_PLACE: &[&str] = &[
    "archive",
    "migration",
    "migration_crm",
    "driven_clock",
    "home",
    "link_secret",
    "replica",
    "dispatcher",
    "lease",
    "provider_state",
    "rate_bucket",
    "ramp",
];

/// Sweeps of deadlines that find nothing are passed over in a simulation, as `src/simulate/idle.rs` says: only those that did
/// something are compared, and that is where they differ in nothing.
const WITH_RESULT: &str = "where not (of_table.progress ?& '{tickets,clocks,alerts,told}'
    and (of_table.progress ->> 'clocks')::int + (of_table.progress ->> 'alerts')::int + (of_table.progress ->> 'told')::int = 0)";

/// A run by its job and slot: since some are passed over, their numbers differ. Links for actions name the run of their review.
fn of_slot(table: &str, column: String) -> String {
    if (table, column.as_str()) == ("letter", "data") {
        return r#"regexp_replace(of_table.data::text, '("subject": "\[)[0-9]+,', '\1run,', 'g') as data"#.to_owned();
    }
    if column != "run_id" {
        return column;
    }
    "coalesce((select concat_ws(' ', named.job, named.slot, named.business_key) from tend.job_run named where named.run_id = of_table.run_id),
              of_table.run_id::text) as run_id"
        .to_owned()
}

/// All rows of all tables, by table, in an order of their own.
async fn books(pool: &PgPool, leave_out: bool) -> BTreeMap<String, Vec<String>> {
    let tables: Vec<(String, String, Vec<String>)> = sqlx::query_as(
        "select n.nspname::text, c.relname::text, array_agg(a.attname::text order by a.attnum)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('tend', 'crm')
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relkind in ('r', 'p') group by 1, 2 order by 1, 2",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut books = BTreeMap::new();
    for (schema, table, mut columns) in tables {
        if leave_out && schema == "tend" {
            if OF_THE_PLACE.contains(&table.as_str()) {
                continue;
            }
            columns.retain(|column| !BY_DESIGN.iter().any(|(of, name, _)| (*of, *name) == (&*table, &**column)));
        }
        let columns: Vec<String> =
            columns.into_iter().map(|column| if leave_out { of_slot(&table, column) } else { column }).collect();
        let rows = if leave_out && table == "job_run" { WITH_RESULT } else { "" };
        let query = format!(
            "select row_to_json(r)::text from (select {} from {schema}.{table} of_table {rows}) r order by 1",
            columns.join(", ")
        );
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(pool).await.unwrap();
        books.insert(format!("{schema}.{table}"), rows);
    }
    books
}

/// Fails with the first few rows that only one of them has.
fn same(one: &BTreeMap<String, Vec<String>>, other: &BTreeMap<String, Vec<String>>) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (table, rows) in one {
        let others = &other[table];
        let only = |here: &[String], there: &[String]| -> Vec<String> {
            here.iter().filter(|row| !there.contains(row)).take(3).cloned().collect()
        };
        let (left, right) = (only(rows, others), only(others, rows));
        if rows != others {
            wrong.push(format!(
                "{table}: {} and {} rows\n  only one: {left:#?}\n  only other: {right:#?}",
                rows.len(),
                others.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn count(db: &Database, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(db.pool()).await.unwrap()
}

async fn drive(world: &World, to: DateTime<Utc>) {
    world.advance_to(to).await;
}
