//! The texts against one another, and against whoever uses them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;

/// The files of one language, each with its text.
fn files(language: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/texts").join(language);
    let entries = std::fs::read_dir(folder).expect("a folder of texts");
    let read = |path: &Path| std::fs::read_to_string(path).expect("a text");
    entries
        .map(|entry| entry.expect("an entry"))
        .map(|entry| (entry.file_name().into_string().expect("a name"), read(&entry.path())))
        .collect()
}

/// Each key with the names of its values.
fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) =
            line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            current = key.to_owned();
            let known = keys.insert(current.clone(), BTreeSet::new());
            assert_eq!(known, None, "{key} stands twice");
        }
        let values = line.split('$').skip(1);
        let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        keys.entry(current.clone()).or_default().extend(values.map(name));
    }
    keys.remove("");
    keys
}

fn all_keys(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let files = files(language);
    let mut all = BTreeMap::new();
    for (name, text) in &files {
        for (key, values) in keys(text) {
            assert_eq!(all.insert(key.clone(), values), None, "{name}: {key} stands in another file too");
        }
    }
    all
}

/// Every text that the sources of the pages name.
fn used() -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut used);
    used
}

fn collect(folder: &Path, used: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("tests") {
            collect(&path, used);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "html") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let is_code = |line: &&str| !line.trim_start().starts_with("//");
            let text: String = text.lines().filter(is_code).collect();
            for start in [".t(\"", "Key(\"", "Text::new(language, \""] {
                let rests = text.split(start).skip(1).filter_map(|rest| rest.split('"').next());
                let is_key = |key: &&str| {
                    key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                };
                used.extend(rests.filter(is_key).map(str::to_owned));
            }
        }
    }
}

#[test]
fn both_languages_have_the_same_texts_in_the_same_files_with_the_same_values() {
    let (nb, nn) = (files("nb"), files("nn"));

    assert_eq!(nb.keys().collect::<Vec<_>>(), nn.keys().collect::<Vec<_>>());
    for (name, text) in &nb {
        assert_eq!(keys(text), keys(&nn[name]), "{name}");
    }
}

#[test]
fn every_text_is_used_and_every_used_text_is_there() {
    let there: BTreeSet<String> = all_keys("nb").into_keys().collect();
    let used = used();

    let unused: Vec<_> = there.difference(&used).collect();
    let missing: Vec<_> = used.difference(&there).collect();
    assert!(unused.is_empty(), "nobody uses {unused:?}");
    assert!(missing.is_empty(), "there is no text {missing:?}");
}

/// Fluent takes what it cannot read for no text at all, without a word.
#[test]
fn every_text_is_read_and_says_something_in_both_languages() {
    for (language, folder) in [(Language::Nb, "nb"), (Language::Nn, "nn")] {
        for (key, values) in all_keys(folder) {
            let key: &'static str = key.leak();
            let filled = values
                .into_iter()
                .fold(Text::new(language, key), |text, value| text.with(String::leak(value), 7_u64));
            let said = filled.to_string();

            assert!(!said.is_empty() && said != key, "{folder} {key}");
            assert!(!said.contains(['{', '}', '$', '\u{2068}']), "{folder} {key}: {said}");
        }
    }
}

#[test]
fn plural_follows_the_number_and_values_are_filled_in_as_they_are() {
    let count = |language, count: usize| Text::new(language, "form-errors").with("count", count).to_string();
    let name =
        Text::new(Language::Nn, "frame-logged-in").with("name", "{ $role } <b>").with("role", "tilsett");

    assert_eq!(count(Language::Nb, 1), "Ett felt må rettes");
    assert_eq!(count(Language::Nb, 2), "2 felt må rettes");
    assert_eq!(count(Language::Nn, 1), "Eitt felt må rettast");
    assert_eq!(name.to_string(), "{ $role } <b>, tilsett");
}
