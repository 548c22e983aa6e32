//! Calendars beside the job folder: read with it, put in force with it, loaded by runs.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use tend::jobfile::calendars::NamedCalendars;
use tend::jobfile::folder::{Folder, read_with};
use tend::jobfile::kind::{Kind, ReadContext};
use tend::jobfile::reader::{Reader, read_text};
use tend::jobfile::store::{Applying, Basis, apply_folder};
use tend::jobs::KINDS;
use tend::jobs::calendars::load;

use super::{at, date};
use crate::support::World;

const TIERS: &str = "title = \"Tiers\"\n[retier]\nwindow = \"365d\"\n[[retier.level]]\nname = \"high\"\n\
    when = { field = \"spend\", at_least = 1000 }\n[[retier.level]]\nname = \"normal\"\n";
const DESK: &str = "zone = \"Asia/Shanghai\"\nfirst_day = \"2026-01-01\"\nlast_day = \"2026-12-31\"\n\
    [hours]\nmonday-friday = [\"08:00-20:00\"]\n[off]\n2026-06-01 = \"Founders' day\"\n";

struct Company {
    dir: tempfile::TempDir,
}

impl Company {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("jobs")).unwrap();
        std::fs::create_dir(dir.path().join("calendars")).unwrap();
        std::fs::write(dir.path().join("jobs/tiers.toml"), TIERS).unwrap();
        Self { dir }
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join("calendars").join(name), text).unwrap();
    }

    fn read(&self) -> Folder {
        let (jobs, calendars) = (self.dir.path().join("jobs"), self.dir.path().join("calendars"));
        read_with(&jobs, Some(&calendars), KINDS).unwrap_or_else(|problems| panic!("{problems}"))
    }

    async fn apply(&self, world: &World) {
        let applying = Applying { who: "test", basis: Basis::Forced, clock: world.clock(), kinds: KINDS };
        apply_folder(world.db(), &self.read(), applying).await.unwrap();
    }
}

async fn rows(world: &World) -> Vec<(String, Option<NaiveDate>, DateTime<Utc>)> {
    sqlx::query_as("select name, last_day, stored_at from tend.calendar order by name")
        .fetch_all(world.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_calendars_of_the_folder_are_in_force_with_it_and_runs_load_them() {
    let (world, company) = (World::new().await, Company::new());
    let mut conn = world.pool().acquire().await.unwrap();
    let shipped = load(&mut conn).await.unwrap();
    assert_eq!(shipped.names().collect::<Vec<_>>(), ["always", "cn", "weekdays"], "without any rows");

    company.put("desk.toml", DESK);
    company.put("hotline.toml", "zone = \"UTC\"\nholidays_of = \"desk\"\n[hours]\nmonday-sunday = [\"00:00-24:00\"]\n");
    company.apply(&world).await;
    let first = rows(&world).await;
    let names: Vec<_> = first.iter().map(|(name, last, _)| (name.as_str(), *last)).collect();
    assert_eq!(names, [("desk", Some(date("2026-12-31"))), ("hotline", Some(date("2026-12-31")))]);
    let all = load(&mut conn).await.unwrap();
    assert_eq!(all.names().collect::<Vec<_>>(), ["always", "cn", "desk", "hotline", "weekdays"]);
    assert!(!all.get("hotline").unwrap().works(date("2026-06-01")).unwrap());
    assert_eq!(all.get("desk").unwrap().next_open(at("2026-05-31T00:00:00Z")), Ok(at("2026-06-02T00:00:00Z")));

    // another holiday: a new revision, though no job changed
    world.advance_to(at("2030-01-01T00:00:00Z")).await;
    company.put("desk.toml", &DESK.replace("2026-06-01 =", "2026-06-02 ="));
    company.apply(&world).await;
    let all = load(&mut conn).await.unwrap();
    assert!(
        all.get("desk").unwrap().works(date("2026-06-01")).unwrap(),
        "what was made of the old text is not used any more"
    );
    let second = rows(&world).await;
    assert_eq!(second[1], first[1], "whose text is the same is as old as it was");
    assert_ne!(second[0], first[0]);

    std::fs::remove_file(company.dir.path().join("calendars/hotline.toml")).unwrap();
    company.apply(&world).await;
    assert_eq!(rows(&world).await.len(), 1, "what has no file any more is not in force");
}

#[tokio::test]
async fn an_own_copy_of_a_shipped_file_is_as_good_as_none() {
    let (world, company) = (World::new().await, Company::new());
    let without = company.read().hash;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/calendars");
    for file in ["cn.toml", "weekdays.toml", "always.toml"] {
        std::fs::copy(shipped.join(file), company.dir.path().join("calendars").join(file)).unwrap();
    }
    assert_eq!(company.read().hash, without);
    company.apply(&world).await;
    assert_eq!(rows(&world).await, []);
    // one that differs is the company's own
    company.put("weekdays.toml", "zone = \"UTC\"\n[hours]\nmonday = [\"09:00-10:00\"]\n");
    assert_ne!(company.read().hash, without);
    company.apply(&world).await;
    assert_eq!(
        rows(&world).await.iter().map(|(name, last, _)| (name.as_str(), *last)).collect::<Vec<_>>(),
        [("weekdays", None)]
    );
}

#[test]
fn mistakes_in_calendars_are_problems_of_the_folder_with_their_places() {
    let company = Company::new();
    company.put("desk.toml", "zone = \"Asia/Shangai\"\n[hours]\nmonday = [\"18:00-09:00\"]\n");
    let (jobs, calendars) = (company.dir.path().join("jobs"), company.dir.path().join("calendars"));
    let problems = read_with(&jobs, Some(&calendars), KINDS).unwrap_err().render(false);
    for part in [
        "desk.toml:1:8",
        "did you mean \"Asia/Shanghai\"",
        "desk.toml:3:11",
        "\"18:00-09:00+1\"",
        "2 problems in 1 file",
    ] {
        assert!(problems.contains(part), "{part}: {problems}");
    }
}

#[test]
fn a_folder_of_calendars_that_the_settings_name_must_be_there() {
    let company = Company::new();
    let read =
        |folder: &str| read_with(&company.dir.path().join("jobs"), Some(&company.dir.path().join(folder)), KINDS);
    std::fs::remove_dir(company.dir.path().join("calendars")).unwrap();
    assert!(read("calendars").is_ok(), "the usual one need not");
    let problems = read("calender").unwrap_err().render(false);
    assert!(
        problems.contains("there is no such folder of calendars") && problems.contains("calendars.folder"),
        "{problems}"
    );
}

#[test]
fn a_calendar_that_a_job_file_names_must_exist_unless_the_file_was_stored() {
    let read = |known: Option<_>, text: &str| {
        let calendars = NamedCalendars::new(known);
        let (name, problems) = read_text(&"a.toml".into(), &Arc::from(text), |file| calendars.read(file, "calendar"));
        (name, problems.render(false), calendars.named().into_iter().collect::<Vec<_>>())
    };
    let shipped = || Some(tend::calendar::business::Calendars::shipped().clone());
    let (name, problems, named) = read(shipped(), "calendar = \"cn\"");
    assert_eq!((name.as_deref(), named), (Some("cn"), vec!["cn".to_owned()]), "{problems}");
    let (name, problems, named) = read(shipped(), "calendar = \"weekday\"");
    assert_eq!((name, named.len()), (None, 0));
    assert!(
        problems.contains("there is no calendar \"weekday\"") && problems.contains("did you mean `weekdays`"),
        "{problems}"
    );
    assert_eq!(read(None, "calendar = \"gone-since\"").0.as_deref(), Some("gone-since"));
}

/// A kind that does nothing but name a calendar.
struct Naming;

impl Kind for Naming {
    fn name(&self) -> &'static str {
        "naming"
    }

    fn read(&self, file: &mut Reader<'_>, context: &ReadContext<'_>) -> Option<Arc<dyn tend::engine::door::Job>> {
        context.calendars.read(&mut file.table("naming")?, "calendar")?;
        let text = TIERS.replace("title = \"Tiers\"\n", "");
        let (job, _) =
            read_text(&"tiers.toml".into(), &Arc::from(text), |top| tend::jobs::retier::Retier.read(top, context));
        job
    }

    fn schema(&self) -> Vec<(&'static str, serde_json::Value)> {
        Vec::new()
    }
}

#[tokio::test]
async fn a_shipped_calendar_that_a_job_names_is_in_force_with_the_names_of_its_jobs() {
    let (world, company) = (World::new().await, Company::new());
    std::fs::write(
        company.dir.path().join("jobs/tiers.toml"),
        "title = \"x\"\n[schedule]\ncron = \"0 2 * * *\"\ntimezone = \"UTC\"\n[naming]\ncalendar = \"cn\"\n",
    )
    .unwrap();
    const NAMING: &[&dyn Kind] = &[&Naming];
    let folder =
        read_with(&company.dir.path().join("jobs"), None, NAMING).unwrap_or_else(|problems| panic!("{problems}"));
    let applying = Applying { who: "test", basis: Basis::Forced, clock: world.clock(), kinds: NAMING };
    apply_folder(world.db(), &folder, applying).await.unwrap();
    let found: (String, Vec<String>) =
        sqlx::query_as("select name, jobs from tend.calendar").fetch_one(world.pool()).await.unwrap();
    assert_eq!(found, ("cn".to_owned(), vec!["tiers".to_owned()]));
}
