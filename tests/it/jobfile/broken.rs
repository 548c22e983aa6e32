//! A folder of broken job folders, each with what is said about it.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tend::jobfile::folder::read_folder;
use tend::jobfile::reader::read_text;
use tend::jobs::KINDS;

const FOLDERS: &str = "tests/it/broken";

fn cases() -> Vec<String> {
    let entries = std::fs::read_dir(FOLDERS).unwrap().map(|entry| entry.unwrap());
    let dirs = entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap());
    let mut names: Vec<_> = dirs.filter(|name| name != "snapshots" && name != "templates").collect();
    names.sort();
    names
}

#[test]
fn every_broken_folder_is_refused_with_the_words_on_record() {
    let names = cases();
    assert!(names.len() >= 40, "{}", names.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../broken/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in names {
            let problems = read_folder(&Path::new(FOLDERS).join(&name), KINDS).expect_err(&name);
            insta::assert_snapshot!(name, problems.render(false));
        }
    });
}

#[test]
fn what_is_said_has_a_place_and_something_to_do() {
    for name in cases() {
        let problems = read_folder(&Path::new(FOLDERS).join(&name), KINDS).expect_err(&name);
        let json = problems.to_json();
        for problem in json.as_array().unwrap() {
            let (message, help) = (problem["message"].as_str().unwrap(), problem["help"].as_str());
            assert!(!message.ends_with('.') && !message.is_empty(), "{name}: {message}");
            assert!(help.is_none_or(|help| !help.is_empty()), "{name}: {message}");
            assert_eq!(problem["line"].is_null(), problem["column"].is_null(), "{name}: {message}");
        }
    }
}

#[test]
fn a_colour_is_used_only_when_asked_for() {
    let problems = read_folder(&Path::new(FOLDERS).join("unknown-key-corn"), KINDS).unwrap_err();
    assert!(!problems.render(false).contains('\u{1b}') && problems.render(true).contains('\u{1b}'));
}

#[test]
fn a_byte_order_mark_is_tolerated() {
    let dir = tempfile::tempdir().unwrap();
    super::write(dir.path(), "ladder", &format!("\u{feff}{}", super::ladder("Ladder", "0 2 * * *")));
    assert_eq!(super::read(dir.path()).jobs["ladder"].head.title, "Ladder");
}

fn shipped() -> Vec<String> {
    let files = std::fs::read_dir("jobs").unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// A slip of the keyboard: something cut, doubled or put in.
#[derive(Debug, Clone)]
enum Slip {
    Cut(usize, usize),
    Double(usize, usize),
    Insert(usize, String),
}

fn slip() -> impl Strategy<Value = Slip> {
    let words = prop_oneof![
        Just("\"".to_owned()),
        Just("[".to_owned()),
        Just("]]".to_owned()),
        Just("{".to_owned()),
        Just("\n".to_owned()),
        Just("=".to_owned()),
        Just("会".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("\\u0000".to_owned()),
        Just("'''".to_owned()),
        Just("-1e999".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just(" when = { all = [] }".to_owned()),
        ".{1,3}"
    ];
    prop_oneof![
        (0..4000_usize, 1..60_usize).prop_map(|(at, len)| Slip::Cut(at, len)),
        (0..4000_usize, 1..60_usize).prop_map(|(at, len)| Slip::Double(at, len)),
        (0..4000_usize, words).prop_map(|(at, word)| Slip::Insert(at, word)),
    ]
}

fn slipped(text: &str, slips: &[Slip]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for slip in slips {
        match slip {
            Slip::Cut(at, len) => {
                let from = at % (chars.len() + 1);
                chars.drain(from..(from + len).min(chars.len()));
            }
            Slip::Double(at, len) => {
                let from = at % (chars.len() + 1);
                let piece = chars[from..(from + len).min(chars.len())].to_vec();
                chars.splice(from..from, piece);
            }
            Slip::Insert(at, word) => {
                let from = at % (chars.len() + 1);
                chars.splice(from..from, word.chars());
            }
        }
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_slip_of_the_keyboard_breaks_the_reader(which in 0..8_usize, slips in prop::collection::vec(slip(), 1..6)) {
        let shipped = shipped();
        let text = slipped(&shipped[which % shipped.len()], &slips);
        let dir = tempfile::tempdir().unwrap();
        super::write(dir.path(), "job", &text);
        if let Err(problems) = read_folder(dir.path(), KINDS) {
            prop_assert!(!problems.is_empty());
            // what is shown has its place inside the file
            for problem in problems.to_json().as_array().unwrap() {
                if let Some(line) = problem["line"].as_u64() {
                    prop_assert!(line as usize <= text.lines().count() + 1);
                }
            }
            prop_assert!(!problems.render(true).is_empty());
        }
    }

    #[test]
    fn no_text_at_all_breaks_the_reader(text in "(?s).{0,200}") {
        let (_, problems) = read_text(&"a.toml".into(), &Arc::from(text.as_str()), |reader| reader.string("title"));
        prop_assert_eq!(problems.to_json().as_array().unwrap().is_empty(), problems.is_empty());
        prop_assert!(!problems.render(false).is_empty());
    }
}
