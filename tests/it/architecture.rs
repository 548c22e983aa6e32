//! The house rules that the compiler does not hold: who may know whom, what job SQL may not say, how long a file may
//! be, that every table says what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::World;

/// Who may know whom. An entry with `::` opens one door of a room, not the room. `cli` and `daemon` wire everything and
/// are known by nobody; `main` knows `cli`.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("calendar", &["spelling"]),
    ("chart", &[]),
    ("progress", &[]),
    ("telemetry", &[]),
    ("spelling", &[]),
    ("figures", &[]),
    ("db", &[]),
    ("settings", &["clock", "db", "telemetry", "outbox::channel", "spelling"]),
    ("person", &["db"]),
    // how an instant is written for a person
    ("task", &["clock::shown", "spelling"]),
    ("action", &["clock::shown", "figures", "outbox::letter"]),
    ("web", &["action", "clock", "db", "settings", "outbox", "task"]),
    ("import", &["db", "progress", "spelling"]),
    ("demo", &["calendar", "db", "import", "progress"]),
    ("engine", &["clock", "db", "figures", "settings"]),
    ("outbox", &["clock", "db", "figures", "settings", "calendar", "spelling"]),
    (
        "jobfile",
        &[
            "calendar",
            "clock",
            "engine::door",
            "engine::planner",
            "engine::replay",
            "engine::schedule",
            "engine::specs",
            "figures",
            "outbox::template",
            "db",
            "spelling",
        ],
    ),
    ("checks", &["db", "engine", "jobfile"]),
    ("simulate", &["clock", "db", "engine", "jobfile", "jobs", "outbox::dispatch", "progress", "settings"]),
    (
        "filter",
        &[
            "calendar",
            "figures",
            "jobfile::duration",
            "jobfile::kind",
            "jobfile::problem",
            "jobfile::reader",
            "jobfile::value",
            "spelling",
        ],
    ),
    (
        "jobs",
        &[
            // how an instant is written for a person; who asks for the time is found by the linter
            "action",
            "clock::shown",
            "calendar",
            "chart",
            "engine::door",
            "figures",
            "filter",
            "jobfile::calendars",
            "jobfile::checks",
            "jobfile::duration",
            "jobfile::head",
            "jobfile::kind",
            "jobfile::problem",
            "jobfile::reader",
            "jobfile::value",
            "outbox::channel",
            "outbox::coupon",
            "outbox::letter",
            "outbox::message",
            "outbox::policy",
            "outbox::survey",
            "outbox::template",
            "task",
        ],
    ),
];
const WIRING: &[&str] = &["cli", "daemon", "main", "lib"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(below: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(below)];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The first folder below `src`, or the file.
fn room(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    inside.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Code without comments, roughly: what follows `//` or `--` on a line is dropped.
fn code(path: &Path, comment: &str) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split(comment).next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// `room::door` for every `crate::room::door…` in the text.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if at > 0 && code.as_bytes()[at - 1] == b'$' {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        let path: Vec<&str> = rest[..end].split("::").filter(|part| !part.is_empty()).take(2).collect();
        match path[..] {
            [] => panic!("`use crate::{{…}}` hides who knows whom; write one line a room"),
            // `crate::room::{door, other::Thing}` opens several doors.
            [room] if rest[end..].starts_with('{') => {
                found.extend(doors(&rest[end + 1..]).iter().map(|door| format!("{room}::{door}")));
            }
            _ => {
                found.insert(path.join("::"));
            }
        }
    }
    found
}

/// The first name of each entry of a braced list; `text` begins inside it.
fn doors(text: &str) -> Vec<String> {
    let (mut depth, mut found, mut name, mut named) = (0, Vec::new(), String::new(), false);
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.extend((!name.is_empty()).then(|| std::mem::take(&mut name)));
                named = false;
            }
            letter if depth == 0 && !named && (letter.is_alphanumeric() || letter == '_') => name.push(letter),
            _ if !name.is_empty() => {
                found.push(std::mem::take(&mut name));
                named = true;
            }
            _ => {}
        }
    }
    found.extend((!name.is_empty()).then_some(name));
    found
}

#[test]
fn rooms_know_only_whom_they_may() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_KNOW.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in files("src", ".rs") {
        let room = room(&path);
        if WIRING.contains(&room.as_str()) {
            continue;
        }
        let Some(may) = allowed.get(room.as_str()) else {
            wrong.push(format!("{}: the room {room} is not in the table of this test", shown(&path)));
            continue;
        };
        for import in imports(&code(&path, "//")) {
            let whom = import.split("::").next().unwrap();
            if whom != room && !may.contains(&whom) && !may.contains(&import.as_str()) {
                wrong.push(format!("{}: {room} may not know crate::{import}", shown(&path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_rooms_has_no_circle_among_whole_rooms() {
    let edges: BTreeMap<&str, Vec<&str>> = MAY_KNOW.iter().map(|(room, may)| (*room, may.to_vec())).collect();
    fn reaches<'a>(
        from: &'a str,
        to: &str,
        edges: &BTreeMap<&'a str, Vec<&'a str>>,
        seen: &mut BTreeSet<&'a str>,
    ) -> bool {
        edges.get(from).into_iter().flatten().any(|next| {
            // A door that knows nothing of its room's inside (plain settings, plain templates) makes no circle.
            let room = next.split("::").next().unwrap();
            !next.contains("channel") && (room == to || (seen.insert(room) && reaches(room, to, edges, seen)))
        })
    }
    for (room, _) in MAY_KNOW {
        assert!(!reaches(room, room, &edges, &mut BTreeSet::new()), "{room} comes back to itself");
    }
}

#[test]
fn the_settings_of_channels_know_nobody() {
    // `settings` includes them, so they must not know `settings` or anything that does.
    let mut paths = files("src/outbox/channel/settings", ".rs");
    paths.push(root().join("src/outbox/channel/settings.rs"));
    for path in paths {
        let known = imports(&code(&path, "//"));
        assert!(known.is_empty(), "{} knows {known:?}", shown(&path));
    }
}

#[test]
fn job_sql_never_asks_for_now_or_for_chance() {
    let banned = [
        "now()",
        "current_date",
        "current_timestamp",
        "current_time",
        "localtime",
        "clock_timestamp",
        "statement_timestamp",
        "transaction_timestamp",
        "timeofday",
        "random(",
        "gen_random_uuid",
        "nextval",
        "commit",
        "rollback",
    ];
    let mut wrong = Vec::new();
    for folder in ["src/jobs", "src/filter", "src/task"] {
        for (ending, comment) in [(".sql", "--"), (".rs", "//")] {
            for path in files(folder, ending) {
                let code = code(&path, comment).to_lowercase();
                for word in banned {
                    if code.contains(word) {
                        wrong.push(format!("{}: {word}", shown(&path)));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "a job is a function of its as-of, in a transaction it cannot end:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn sql_is_composed_only_where_names_are_constants() {
    let may = ["src/filter/", "src/import/load.rs", "src/db/"];
    let wrong: Vec<String> = files("src", ".rs")
        .iter()
        .filter(|path| code(path, "//").contains("AssertSqlSafe"))
        .map(|path| shown(path))
        .filter(|path| !may.iter().any(|may| path.starts_with(may)))
        .collect();
    assert!(wrong.is_empty(), "composed SQL belongs into filter/: {}", wrong.join(", "));
}

#[test]
fn files_are_short_and_rooms_say_what_they_are() {
    let mut wrong = Vec::new();
    for path in [files("src", ".rs"), files("tests", ".rs"), files("benches", ".rs")].concat() {
        let text = fs::read_to_string(&path).unwrap();
        if text.lines().count() > 400 {
            wrong.push(format!("{}: {} lines, at most 400", shown(&path), text.lines().count()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: begins without saying what it is (//!)", shown(&path)));
        }
        if ["util.rs", "utils.rs", "common.rs", "helpers.rs"].iter().any(|name| path.ends_with(name)) {
            wrong.push(format!("{}: name the responsibility", shown(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let tests: String = [files("tests", ".rs"), files("src", ".rs")]
        .concat()
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let orphans: Vec<String> = [files("tests", ".snap"), files("src", ".snap")]
        .concat()
        .iter()
        .filter(|path| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let name = stem.rsplit("__").next().unwrap();
            let name = name.rsplit_once('-').filter(|(_, n)| n.parse::<u32>().is_ok()).map_or(name, |(name, _)| name);
            let name = name.split('@').next().unwrap();
            // a snapshot of a test over folders bears the name of the folder beside it
            let of_folder = path.ancestors().nth(2).is_some_and(|beside| beside.join(&stem).is_dir());
            !of_folder && !tests.contains(&format!("fn {name}(")) && !tests.contains(&format!("\"{name}\""))
        })
        .map(|path| shown(path))
        .collect();
    assert!(orphans.is_empty(), "snapshots nobody looks at: {}", orphans.join(", "));
}

#[tokio::test]
async fn every_table_column_and_function_says_what_it_is() {
    let world = World::new().await;
    let silent = "select c.oid::regclass::text || coalesce('.' || a.attname, '')
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('tend', 'crm')
        left join lateral (select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
                           union all select null, 0) a on a.attnum = 0 or c.relkind <> 'v'
        where c.relkind in ('r', 'p', 'v') and coalesce(col_description(c.oid, nullif(a.attnum, 0)::int), case when a.attnum = 0 then obj_description(c.oid, 'pg_class') end, '') = ''
        union all
        select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname in ('tend', 'crm')
        where obj_description(p.oid, 'pg_proc') is null";
    let silent = world.rows(&format!("select * from ({silent}) s order by 1")).await;
    assert!(silent.is_empty(), "without a comment: {}", silent.join(", "));
}

#[test]
fn the_settings_file_explains_every_setting() {
    let text = fs::read_to_string(root().join("config/default.toml")).unwrap();
    let mut explained = false;
    let mut wrong = Vec::new();
    for line in text.lines() {
        let is_key = line.starts_with(|c: char| c.is_ascii_lowercase());
        if is_key && !explained {
            wrong.push(line.to_owned());
        }
        // A comment explains the keys that follow it without an empty line.
        explained = line.starts_with("# ") || (explained && !line.is_empty());
    }
    assert!(wrong.is_empty(), "settings without a comment: {wrong:?}");
}
