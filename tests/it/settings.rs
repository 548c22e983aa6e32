//! Settings: layers, errors, and what each environment forbids.

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use tend::clock::Clock;
use tend::outbox::channel::settings::RetryAfter;
use tend::settings::{Environment, Settings, SettingsError};
use tend::telemetry::LogFormat;

fn read(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(dir.path(), variables).map_err(|SettingsError(problems)| {
        let folder = format!("{}/", dir.path().display());
        SettingsError(problems.iter().map(|problem| problem.replace(&folder, "DIR/")).collect())
    })
}

fn problems(files: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
    read(files, variables).expect_err("these settings are wrong").to_string()
}

#[test]
fn the_binary_works_without_any_file() {
    let settings = read(&[], &[]).unwrap();
    assert_eq!(settings.environment, Environment::Development);
    assert!(settings.database.url.is_none());
    assert_eq!(settings.engine.lease_ttl, Duration::from_secs(30));
    assert_eq!(settings.channels.keys().collect::<Vec<_>>(), ["mail", "sms"]);
}

#[test]
fn later_layers_win_file_by_file_and_variable_by_variable() {
    let files = [
        ("default.toml", "[database]\nmax_connections = 3\nacquire_timeout = \"1m\"\n[company]\nname = \"A\""),
        ("staging.toml", "[company]\nname = \"B\""),
    ];
    let variables = [
        ("TEND__ENVIRONMENT", "staging"),
        ("TEND__DATABASE__URL", "postgres://u:geheim@h/d"),
        ("TEND__DATABASE__MAX_CONNECTIONS", "7"),
        ("TEND__TIME__SOURCE", "driven"),
        ("TEND__LOG__FILTER", ""),
        ("OTHER__LOG__FORMAT", "json"),
    ];
    let settings = read(&files, &variables).unwrap();
    assert_eq!(settings.database.max_connections, 7);
    assert_eq!(settings.database.acquire_timeout, Duration::from_secs(60));
    assert_eq!(settings.company.name, "B");
    assert_eq!(settings.time.source, Clock::Driven);
    assert_eq!(settings.log.format, LogFormat::Auto);
    assert_eq!(settings.database.url.as_ref().unwrap().expose_secret(), "postgres://u:geheim@h/d");
    assert!(!format!("{settings:?}").contains("geheim"), "a secret is never printed");
}

#[test]
fn all_errors_are_reported_at_once_with_key_place_and_variable() {
    let text = r#"
        colour = "red"
        [database]
        max_connections = "lots"
        acquire_timeout = "soon"
        conect_timeout = "3s"
        url_file = "/nowhere/url"
        [engine]
        max_running = 0
        overdue = "0s"
        plan_interval = 5
        [time]
        source = "sundial"
        [defaults]
        timezone = "Asia/Beijing"
        [log]
        filter = "tend=loud"
        format = ["json"]
        [outbox]
        batch = "many"
        lease = "3s"
        heartbeat = "often"
        [channels.a]
        kind = "pigeon"
        [channels.b]
        kind = "smtp"
        host = "h"
        connections = "four"
        timeout = "5 parsecs"
        form = "x"
        [channels]
        c = 3
        d = { sort = "sms" }
    "#;
    let variables = [("TEND__COMPANY__LOGO", "x"), ("TEND__ENGINE__MAX_ATTEMPTS", "-1")];
    insta::assert_snapshot!(problems(&[("default.toml", text)], &variables));
}

#[test]
fn a_file_that_is_not_toml_says_where() {
    let said = problems(&[("development.toml", "[database]\nurl = postgres")], &[]);
    assert!(said.contains("line 2") && said.contains("development.toml"), "{said}");
}

#[test]
fn an_unknown_environment_and_a_missing_folder_are_errors() {
    insta::assert_snapshot!(problems(&[], &[("TEND__ENVIRONMENT", "prod")]), @r#"
    the settings are wrong:
      TEND__ENVIRONMENT is "prod"; it must be development, staging or production
    "#);
    let error = Settings::read(Path::new("/nowhere/settings"), []).unwrap_err().to_string();
    assert!(error.contains("--config /nowhere/settings: there is no such folder"), "{error}");
}

#[test]
fn no_mistake_hides_another() {
    let files = [
        ("default.toml", "[engine]\nmax_runing = 3"),
        ("staging.toml", "[database]\nurl = postgres"),
        ("production.toml", "this file is of another environment"),
    ];
    let variables = [
        ("TEND__ENVIRONMENT", "staging"),
        ("TEND__LOG__FORMAT", "loud"),
        ("TEND__DATABASE__[", "x"),
        ("TEND__DATABSE__URL", "x"),
        ("TEND__TIME__SOURCE", "sundial"),
    ];
    insta::assert_snapshot!(problems(&files, &variables));
    let wrong = [("TEND__ENVIRONMENT", "prod"), variables[1], variables[2]];
    let said = problems(&files, &wrong);
    for part in ["TEND__ENVIRONMENT is \"prod\"", "engine.max_runing", "log.format", "TEND__DATABASE__["] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(!said.contains("toml: "), "which of the files holds is not known: {said}");
    let error = Settings::read(Path::new("/nowhere"), [("TEND__LOG__FORMAT".to_owned(), "loud".to_owned())]);
    let said = error.unwrap_err().to_string();
    assert!(said.contains("no such folder") && said.contains("log.format"), "{said}");
}

#[test]
fn production_refuses_what_would_reach_nobody_or_lie_about_the_time() {
    let text = "[channels.mail]\nkind = \"recording\"\nfolder = \"x\"\n[time]\nsource = \"driven\"";
    insta::assert_snapshot!(problems(&[("production.toml", text)], &[("TEND__ENVIRONMENT", "production")]));
}

#[test]
fn development_refuses_channels_that_reach_people_unless_told() {
    let text = "[channels.mail]\nkind = \"smtp\"\nhost = \"localhost\"\ntls = \"none\"\nfrom = \"a@example.com\"";
    let said = problems(&[("default.toml", text)], &[]);
    assert!(said.contains("channels.mail.kind: development refuses"), "{said}");
    read(&[("default.toml", text)], &[("TEND__OUTBOX__ALLOW_REAL_CHANNELS", "true")]).unwrap();
    read(&[("default.toml", text)], &[("TEND__OUTBOX__REDIRECT_TO__EMAIL", "me@example.com")]).unwrap();
}

#[test]
fn a_number_of_a_channel_may_come_from_a_variable() {
    let text = "[channels.mail]\nkind = \"smtp\"\nhost = \"localhost\"\ntls = \"none\"\nfrom = \"a@example.com\"";
    let variables = [("TEND__OUTBOX__ALLOW_REAL_CHANNELS", "true"), ("TEND__CHANNELS__MAIL__CONNECTIONS", "9")];
    let settings = read(&[("default.toml", text)], &variables).unwrap();
    assert_eq!(settings.channels["mail"].connections(), 9);
}

#[test]
fn the_shipped_files_are_right() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    Settings::read(&shipped, []).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "postgres://tend:a-long-password@db/crm\n").unwrap();
    let text = std::fs::read_to_string(shipped.join("production.toml")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in &mut lines {
        if let Some((key, _)) = line.split_once("_file = \"/run/") {
            *line = format!("{key}_file = {:?}", secret.to_str().unwrap());
        }
    }
    std::fs::write(dir.path().join("production.toml"), lines.join("\n")).unwrap();
    let variables = [("TEND__ENVIRONMENT".to_owned(), "production".to_owned())];
    let settings = Settings::read(dir.path(), variables).unwrap();
    assert_eq!(settings.database.url.unwrap().expose_secret(), "postgres://tend:a-long-password@db/crm");
}

#[test]
fn the_channels_that_the_shipped_file_explains_are_right() {
    let shipped = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/default.toml")).unwrap();
    let explained = shipped.split("\n\n").filter(|part| part.starts_with("#[channels.NAME]"));
    let channels: Vec<String> = explained
        .enumerate()
        .map(|(at, part)| {
            let lines =
                part.lines().filter(|line| line.contains(" = ") && !line.starts_with("# ") || line.starts_with("#["));
            lines.map(|line| format!("{}\n", &line[1..])).collect::<String>().replace("NAME", &format!("c{at}"))
        })
        .collect();
    assert_eq!(channels.len(), 4);
    let text = format!("{}[outbox]\nemail = \"c0\"\nallow_real_channels = true", channels.join("\n"));
    let settings = read(&[("default.toml", &text)], &[]).unwrap();
    assert_eq!(settings.channels["c0"].retry_after(), RetryAfter::default(), "the default is named");
    let least = "[channels.mail]\nkind = \"smtp\"\nhost = \"h\"\nfrom = \"a@example.com\"\n\
                 [channels.sms]\nkind = \"webhook\"\nurl = \"https://h\"\n[outbox]\nallow_real_channels = true";
    let bare = read(&[("default.toml", least)], &[]).unwrap();
    for (named, least) in [("c0", "mail"), ("c1", "sms")] {
        let (named, least) = (&settings.channels[named], &bare.channels[least]);
        assert_eq!(named.sort(), least.sort());
        assert_eq!(named.connections(), least.connections());
        assert_eq!(named.on_unknown(), least.on_unknown());
    }
}
