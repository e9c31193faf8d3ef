//! The demonstration, as anybody runs it: three processes, and either story in its nine beats.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

const BEATS: usize = 9;
const PLACES: [&str; 3] = ["inderoy", "steinkjer", "snasa"];

#[test]
fn every_beat_holds_and_the_sentence_is_in_one_store_only() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let folder = root.path().join("nodes");
    let given = folder.to_str().expect("UTF-8");

    let output = demo(&["--once", "--json", "--data", given], root.path());
    let again = demo(&["--once", "--data", given], root.path());

    let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(failed_checks(&document), Vec::<&Value>::new());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(document["held"], true);
    let beats = document["beats"].as_array().expect("beats");
    assert_eq!(beats.len(), BEATS);
    assert!(beats.iter().all(|beat| beat["held"] == true && beat["table"]["steinkjer_school"] == json!([])));
    let counts =
        |inderoy: u64, steinkjer: u64| json!({ "inderoy": inderoy, "steinkjer": steinkjer, "snasa": 0 });
    let search = &document["search"];
    assert_eq!(search["sentence"], json!({ "stores": counts(1, 0), "handed_to": counts(0, 0) }));
    assert_eq!(search["control"], json!({ "stores": counts(1, 1), "handed_to": counts(0, 1) }));
    let receipt = &document["receipt"];
    assert_eq!((&receipt["erased"], &receipt["locked"]), (&json!(4), &json!(1)));
    assert!(PLACES.iter().all(|place| folder.join(place).join("stafett.toml").exists()));
    assert!(!again.status.success());
    assert!(text(&again.stderr).contains("expected an empty folder"), "{}", text(&again.stderr));
}

#[test]
fn the_child_that_moves_is_nobody_at_steinkjer_before_the_case_is_carried_over() {
    let root = tempfile::tempdir().expect("a temporary folder");

    let output = demo(&["--story", "move", "--once", "--json"], root.path());

    let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(failed_checks(&document), Vec::<&Value>::new());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!((&document["held"], &document["story"]), (&json!(true), &json!("move")));
    let beats = document["beats"].as_array().expect("beats");
    assert_eq!(beats.len(), BEATS);
    let read: Vec<usize> =
        beats.iter().map(|beat| beat["table"]["steinkjer_school"].as_array().expect("lines").len()).collect();
    assert_eq!(read, [0, 0, 0, 0, 0, 0, 4, 4, 5]);
    let others = |beat: &Value| (beat["table"]["ppt_steinkjer"].clone(), beat["table"]["snasa"].clone());
    assert!(beats.iter().all(|beat| others(beat) == (json!([]), json!([]))));
    let marked = beats[6]["table"]["steinkjer_school"].as_array().expect("lines");
    assert!(marked.iter().all(|line| line.as_str().is_some_and(|line| line.ends_with(" · Inderøy"))));
    let counts =
        |inderoy: u64, steinkjer: u64| json!({ "inderoy": inderoy, "steinkjer": steinkjer, "snasa": 0 });
    let search = &document["search"];
    assert_eq!(search["sentence"], json!({ "stores": counts(1, 0), "handed_to": counts(0, 0) }));
    assert_eq!(search["control"], json!({ "stores": counts(1, 1), "handed_to": counts(0, 0) }));
    assert_eq!(document["moved"], json!({ "carried": 4, "stayed": 2, "consents": 0 }));
    assert_eq!(document["receipt"], Value::Null);
}

#[test]
fn either_story_is_told_in_each_language_and_leaves_nothing_behind() {
    for (language, first, confirmed, counted) in [
        (
            "nb",
            "Oppdiktede personer. Kommunene har ikke deltatt.",
            "PPT Steinkjer har bekreftet: 4 slettet, 1 låst",
            "4 oppføringer fulgte med, 2 ble igjen, 0 samtykker fulgte med.",
        ),
        (
            "nn",
            "Oppdikta personar. Kommunane har ikkje delteke.",
            "PPT Steinkjer har stadfesta: 4 sletta, 1 låst",
            "4 oppføringar følgde med, 2 vart igjen, 0 samtykke følgde med.",
        ),
        (
            "en",
            "Invented people. The municipalities have not taken part.",
            "PPT Steinkjer has confirmed: 4 erased, 1 locked",
            "4 entries went along, 2 stayed, 0 consents followed.",
        ),
    ] {
        for (story, last) in [("sharing", confirmed), ("move", counted)] {
            let root = tempfile::tempdir().expect("a temporary folder");

            let output = demo(&["--story", story, "--once", "--lang", language], root.path());

            let told = text(&output.stdout);
            assert!(output.status.success(), "{told}{}", text(&output.stderr));
            assert_eq!(told.lines().next(), Some(first));
            assert!(told.contains(last), "{told}");
            let left = std::fs::read_dir(root.path()).expect("a folder").count();
            assert_eq!(left, 0, "{story} {language}");
        }
    }
}

/// Runs the demonstration with `temporary` as the place for temporary folders.
fn demo(arguments: &[&str], temporary: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    command.arg("demo").args(arguments).env("TMPDIR", temporary);
    command.output().expect("the program runs")
}

fn text(output: &[u8]) -> &str {
    std::str::from_utf8(output).expect("UTF-8")
}

fn failed_checks(document: &Value) -> Vec<&Value> {
    let beats = document["beats"].as_array().expect("beats");
    let checks = beats.iter().flat_map(|beat| beat["checks"].as_array().expect("checks"));
    checks.filter(|check| check["held"] != true).collect()
}
