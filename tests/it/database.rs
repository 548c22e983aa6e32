//! Connections, migrations, the gate, the private Postgres.

use std::task::Poll;

use tend::db::{ConnectError, Database, DatabaseSettings, GateError, MigrateFailure, gate, migrate};

use crate::support::{World, eventually};

#[tokio::test]
async fn every_connection_works_in_utc_and_notices_a_lost_client() {
    let world = World::new().await;
    assert_eq!(world.value("select current_setting('timezone')").await, "UTC");
    assert_eq!(world.value("select current_setting('client_connection_check_interval')").await, "2s");
    assert_eq!(world.value("select current_setting('application_name')").await, "tend");
}

#[tokio::test]
async fn a_transaction_shows_its_name_while_it_lasts() {
    let world = World::new().await;
    let mut tx = world.db().begin("claim").await.unwrap();
    let name: String =
        sqlx::query_scalar("select current_setting('application_name')").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(name, "tend: claim");
    sqlx::query("create table public.t ()").execute(&mut *tx).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(world.value("select to_regclass('public.t') is null").await, "true");
}

#[tokio::test]
async fn a_second_migration_does_nothing_and_the_gate_opens() {
    let world = World::empty().await;
    assert!(matches!(gate(world.db()).await, Err(GateError::Empty)));
    assert!(migrate(world.db(), true).await.unwrap().applied > 0);
    assert_eq!(migrate(world.db(), true).await.unwrap().applied, 0);
    gate(world.db()).await.unwrap();
}

#[tokio::test]
async fn the_gate_refuses_an_older_a_newer_and_a_changed_schema() {
    let world = World::new().await;
    world.sql("create table public.kept as select * from tend.migration").await;
    world.sql("delete from tend.migration where version = (select max(version) from tend.migration)").await;
    assert!(matches!(gate(world.db()).await, Err(GateError::Older { .. })));
    world.sql("delete from tend.migration; insert into tend.migration select * from public.kept").await;
    world.sql("update tend.migration set checksum = 'x' where version = 1").await;
    assert!(matches!(gate(world.db()).await, Err(GateError::Changed(1))));
    world.sql("delete from tend.migration; insert into tend.migration select * from public.kept").await;
    world.sql("insert into tend.migration values (9999, 'later', now(), true, 'x', 0)").await;
    let error = gate(world.db()).await.unwrap_err();
    assert!(matches!(error, GateError::Newer { found: 9999, .. }), "{error}");
}

#[tokio::test]
async fn the_contract_check_lists_all_that_is_missing_at_once() {
    let world = World::new().await;
    world.sql("drop table crm.staff; alter table crm.orders drop column channel; alter table crm.orders alter amount type double precision").await;
    let error = gate(world.db()).await.unwrap_err().to_string();
    for part in [
        "crm.staff (staff_id text",
        "crm.orders.channel text is missing",
        "crm.orders.amount is double precision, needed is numeric",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[tokio::test]
async fn a_company_brings_views_of_its_own() {
    let world = World::empty().await;
    assert!(matches!(migrate(world.db(), false).await, Err(MigrateFailure::Contract(_))));
    world.sql(include_str!("../../migrations/crm/0001_contract.sql")).await;
    world.sql(include_str!("../../migrations/crm/0003_product_view.sql")).await;
    world.sql(include_str!("../../migrations/crm/0005_work.sql")).await;
    world
        .sql(
            "alter schema crm rename to company; create schema crm;
              do $$ declare t text; begin
                  for t in select tablename from pg_tables where schemaname = 'company' loop
                      execute format('create %s view crm.%I as select * from company.%I',
                                     case t when 'staff' then 'materialized' else '' end, t, t);
                  end loop; end $$",
        )
        .await;
    assert!(matches!(migrate(world.db(), true).await, Err(MigrateFailure::ForeignCrm)));
    migrate(world.db(), false).await.unwrap();
    gate(world.db()).await.unwrap();
}

#[tokio::test]
async fn a_refused_connection_says_where_and_why_and_never_the_password() {
    let world = World::new().await;
    let connect = async |url: String| Database::connect(&DatabaseSettings::new(url)).await.unwrap_err().to_string();
    let nobody_there = connect("postgres://me:secret@127.0.0.1:1/shop".to_owned()).await;
    assert!(nobody_there.contains("\"shop\" as \"me\" at 127.0.0.1:1"), "{nobody_there}");
    let no_database = connect(world.url().replace("/test_", "/missing_")).await;
    assert!(no_database.contains("does not exist"), "{no_database}");
    let no_user = connect(world.url().replace("postgres@", "nobody:secret@")).await;
    assert!(no_user.contains("role \"nobody\" does not exist"), "{no_user}");
    for message in [nobody_there, no_database, no_user] {
        assert!(!message.contains("secret"), "{message}");
    }
    assert!(matches!(Database::connect(&DatabaseSettings::new("mysql://x")).await, Err(ConnectError::Url(_))));
}

#[tokio::test]
async fn a_private_postgres_that_dies_is_started_again_with_its_data() {
    let world = World::with_own_server().await;
    world.sql("create table public.kept as select 7 as n").await;
    let before = world.server_pid();
    world.restart_immediately().await;
    assert_ne!(world.server_pid(), before);
    eventually("the rows are there", async || world.value("select n from public.kept").await == "7").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_of_one_directory_share_one_server_and_the_second_takes_over() {
    use tend::db::embedded::PrivatePostgres;
    let dir = open_folder();
    let home = dir.path().join("postgres");
    let first = PrivatePostgres::start(&home, false).unwrap();
    let second = PrivatePostgres::start(&home, false).unwrap();
    assert_eq!(first.pid(), second.pid());
    let before = first.pid();
    first.stop();
    eventually("the second one has its own", async || second.pid().is_some_and(|pid| Some(pid) != before)).await;
    eventually("it answers", async || Database::connect(&DatabaseSettings::new(second.url())).await.is_ok()).await;
    second.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_postgres_works_below_a_folder_that_is_closed_to_its_user() {
    use std::os::unix::fs::PermissionsExt;
    use tend::db::embedded::PrivatePostgres;
    let dir = tempfile::Builder::new().prefix("tend-own-").tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let asked = dir.path().join(".tend/postgres");
    for _ in ["first", "again"] {
        let postgres = PrivatePostgres::start(&asked, false).unwrap();
        Database::connect(&DatabaseSettings::new(postgres.url())).await.unwrap().close().await;
        // As root the server is another user, so its files are elsewhere, and this is a link to them.
        let home = postgres.dir().to_path_buf();
        assert_eq!(asked.canonicalize().unwrap(), home);
        postgres.stop();
    }
    let home = asked.canonicalize().unwrap();
    std::fs::remove_dir_all(home).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_url_a_private_postgres_is_opened_and_migrated() {
    let dir = open_folder();
    let mut settings = DatabaseSettings::new("");
    settings.url = None;
    settings.private_dir = dir.path().join("postgres");
    let opened = tend::db::open(&settings, false).await.unwrap();
    gate(&opened.db).await.unwrap();
    opened.db.close().await;
    settings.postgres_bin = Some("/nowhere".into());
    settings.private_dir = dir.path().join("other");
    let error = tend::db::open(&settings, false).await.unwrap_err().to_string();
    assert!(error.contains("apt-get install postgresql") && error.contains("/nowhere"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_in_one_line_without_the_password() {
    use tend::db::embedded::PrivatePostgres;
    let dir = open_folder();
    let postgres = PrivatePostgres::start(&dir.path().join("postgres"), false).unwrap();
    let db = Database::connect(&DatabaseSettings::new(postgres.url())).await.unwrap();
    std::fs::write(postgres.dir().join("data/pg_hba.conf"), "local all postgres trust\nlocal all all scram-sha-256\n")
        .unwrap();
    sqlx::raw_sql("create role shop login password 'right'; select pg_reload_conf()").execute(db.pool()).await.unwrap();
    let url = |password: &str| postgres.url().replace("postgres@", &format!("shop:{password}@"));
    eventually("the server has read its new rules", async || {
        Database::connect(&DatabaseSettings::new(url("wrong"))).await.is_err()
    })
    .await;
    let error = Database::connect(&DatabaseSettings::new(url("wrong"))).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot connect to the database \"tend\" as \"shop\" on the socket"), "{error}");
    assert!(error.ends_with("password authentication failed for user \"shop\""), "{error}");
    Database::connect(&DatabaseSettings::new(url("right"))).await.unwrap();
}

/// A folder the server's user may pass through.
fn open_folder() -> tempfile::TempDir {
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    tempfile::Builder::new().prefix("tend-own-").permissions(open).tempdir().unwrap()
}

#[tokio::test]
async fn a_transaction_dropped_while_it_begins_leaves_no_connection_inside_one() {
    let world = World::new().await;
    let mut witness = world.db().dedicated().await.unwrap();
    for polls in 1..12 {
        let mut begin = Box::pin(world.db().begin("dropped"));
        let mut left = polls;
        std::future::poll_fn(|context| {
            left -= 1;
            match begin.as_mut().poll(context) {
                Poll::Pending if left > 0 => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
        .await;
        drop(begin);
        eventually("no connection of the pool lies in a transaction", async || {
            sqlx::query_scalar::<_, bool>(
                "select not exists (select from pg_stat_activity
                                    where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle')",
            )
            .fetch_one(&mut witness)
            .await
            .unwrap()
        })
        .await;
    }
}
