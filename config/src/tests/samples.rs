//! The samples are right, and name every key that there is.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::support::{Folder, samples};
use crate::{Environment, Partners, People, load};
use crate::{
    ROOT_KEYS, action_guide, area, consent, development, duty_to_report, federation, login, moving_reminder,
    names, node, observability, partner, people, retention, service, store, transition, transport, web,
};

/// A section with its keys.
type Keys = (&'static str, &'static [&'static str]);

/// Every section of the node's file with its keys.
const NODE_SECTIONS: [Keys; 29] = [
    ("", ROOT_KEYS),
    ("node", node::KEYS),
    ("federation", federation::KEYS),
    ("transport", transport::KEYS),
    ("store", store::KEYS),
    ("web", web::KEYS),
    ("login", login::KEYS),
    ("login.oidc", login::PROVIDERS),
    ("login.oidc.staff", login::OIDC_KEYS),
    ("login.oidc.family", login::OIDC_KEYS),
    ("observability", observability::KEYS),
    ("areas", area::KEYS),
    ("areas.names", names::KEYS),
    ("services", service::KEYS),
    ("services.names", names::KEYS),
    ("consent", consent::KEYS),
    ("consent.givers", consent::GIVER_KEYS),
    ("consent.purposes", consent::PURPOSE_KEYS),
    ("consent.purposes.names", names::KEYS),
    ("retention", retention::KEYS),
    ("action_guide", action_guide::KEYS),
    ("action_guide.levels", names::KEYS),
    ("transitions", transition::KEYS),
    ("transitions.names", names::KEYS),
    ("moving_reminders", moving_reminder::KEYS),
    ("moving_reminders.who", names::KEYS),
    ("moving_reminders.what", names::KEYS),
    ("duty_to_report", duty_to_report::KEYS),
    ("development", development::KEYS),
];
const PARTNER_SECTIONS: [Keys; 5] = [
    ("", partner::KEYS),
    ("keys", partner::KEYS_KEYS),
    ("agreement", partner::AGREEMENT_KEYS),
    ("services", partner::SERVICE_KEYS),
    ("services.names", names::KEYS),
];
const PEOPLE_SECTIONS: [Keys; 2] = [("", people::KEYS), ("person", people::PERSON_KEYS)];

fn sample(name: &str) -> String {
    std::fs::read_to_string(samples().join(name)).expect("a sample")
}

/// Writes a sample's text over the file of that name in a folder and reads it.
fn refusal(name: &str, text: &str) -> Option<String> {
    let folder = Folder::new().write("stafett.toml", &sample("full.toml"));
    let refused = match name {
        "full.toml" => folder.write_and("stafett.toml", text, |folder| folder.load().err()),
        "partner.toml" => folder.write_and("partners/one.toml", text, |folder| folder.partners().err()),
        _ => folder.write_and("people.toml", text, |folder| folder.people().err()),
    };
    refused.map(|error| error.to_string())
}

#[test]
fn every_sample_is_read() {
    for name in ["minimal.toml", "full.toml", "development.toml"] {
        let config = load(&samples().join(name), &Environment::default());

        assert!(config.is_ok(), "{name}: {config:?}");
    }
    assert_eq!(refusal("partner.toml", &sample("partner.toml")), None);
    assert_eq!(refusal("people.toml", &sample("people.toml")), None);
}

#[test]
fn samples_for_partner_and_people_fit_the_minimal_node() {
    let config = load(&samples().join("minimal.toml"), &Environment::default()).expect("a right sample");

    let partner = Partners::load_one(&samples().join("partner.toml"), &config, None).expect("a right sample");
    let people = People::load_file(&samples().join("people.toml"), &config).expect("a right sample");
    let by_hand = samples().join("partner-by-hand.toml");
    let by_hand = Partners::load_one(&by_hand, &config, None).expect("a right sample");

    assert!(by_hand.is_by_hand());
    assert_eq!(partner.organisation.to_string(), "840029212");
    assert_eq!(people.len(), 4);
}

#[test]
fn full_sample_is_the_minimal_one_with_every_default_written_out() {
    let mut full = load(&samples().join("full.toml"), &Environment::default()).expect("a right sample");
    let minimal = load(&samples().join("minimal.toml"), &Environment::default()).expect("a right sample");

    full.file.clone_from(&minimal.file);
    assert_eq!(full, minimal);
}

#[test]
fn samples_name_exactly_the_keys_that_exist() {
    let all: [(&str, &[Keys]); 3] = [
        ("full.toml", &NODE_SECTIONS),
        ("partner.toml", &PARTNER_SECTIONS),
        ("people.toml", &PEOPLE_SECTIONS),
    ];
    for (name, sections) in all {
        let known: BTreeSet<String> =
            sections.iter().flat_map(|(section, keys)| keys.iter().map(|key| joined(section, key))).collect();
        let table = uncommented(&sample(name)).parse::<toml::Table>().expect("a sample is TOML");

        let mut named = BTreeSet::new();
        collect("", &table, &mut named);

        assert_eq!(named, known, "{name}");
    }
}

#[test]
fn every_key_of_a_sample_says_its_default_or_that_it_is_required() {
    for name in ["full.toml", "partner.toml"] {
        let mut comment = String::new();
        for line in sample(name).lines() {
            if line.starts_with("# ") {
                let _ = writeln!(comment, "{line}");
            } else {
                let is_setting = key_of(line).is_some();
                let said = comment.starts_with("# Default: ") || comment.starts_with("# Required");
                assert!(!is_setting || said, "{name}: {line}");
                comment.clear();
            }
        }
    }
}

/// So no key is accepted and then not read.
#[test]
fn every_key_refuses_a_value_of_another_type() {
    for name in ["full.toml", "partner.toml", "people.toml"] {
        let text = with_sections_given(&sample(name));
        let mut section = String::new();
        let mut tried = 0;
        for (index, line) in text.lines().enumerate() {
            if let Some(head) = line.strip_prefix('[') {
                section = head.trim_matches(['[', ']']).to_owned();
            }
            let Some(key) = key_of(line) else { continue };
            let wrong = with_line(&text, index, &format!("{key} = 1.5"));

            let message = refusal(name, &wrong).unwrap_or_default();

            assert!(
                message.contains(&format!(" {}: expected ", joined(&section, key))),
                "{name} {key}: {message}"
            );
            tried += 1;
        }
        assert!(tried > 5, "{name}");
    }
}

#[test]
fn every_section_refuses_a_key_that_it_does_not_know() {
    for name in ["full.toml", "partner.toml", "people.toml"] {
        let text = with_sections_given(&sample(name));
        let heads = text.lines().enumerate().filter(|(_, line)| line.starts_with('['));
        let mut wrong: Vec<_> =
            heads.map(|(index, line)| with_line(&text, index, &format!("{line}\nextra = 1"))).collect();
        wrong.push(format!("extra = 1\n{text}"));
        wrong.extend((name != "people.toml").then(|| text.replace("names.nb", "names.extra = 1\nnames.nb")));
        for wrong in wrong {
            let message = refusal(name, &wrong).unwrap_or_default();

            assert!(message.ends_with(", found an unknown key"), "{name}: {message}");
        }
    }
}

fn joined(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// The key of a line that is a setting, also of one that is left out.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.strip_prefix('#').unwrap_or(line).split_once(" = ")?;
    let is_key = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.');
    (is_key && !key.is_empty()).then_some(key)
}

/// Puts `line` in the place of the setting that begins at `index`, which may be an array of many lines.
fn with_line(text: &str, index: usize, line: &str) -> String {
    let opens = text.lines().nth(index).is_some_and(|line| line.ends_with('['));
    let mut lines = text.lines();
    let mut changed: Vec<&str> = lines.by_ref().take(index).collect();
    changed.push(line);
    lines.next();
    if opens {
        lines.by_ref().find(|line| *line == "]");
    }
    changed.extend(lines);
    changed.join("\n")
}

/// Turns every setting that is left out into one that is given.
fn uncommented(text: &str) -> String {
    let line = |line: &str| {
        let left_out = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty());
        left_out.unwrap_or(line).to_owned()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Turns a section that is left out, head and all, into one that is given.
fn with_sections_given(text: &str) -> String {
    let mut is_left_out = false;
    let line = |line: &str| {
        is_left_out = line.starts_with("#[") || (is_left_out && !line.is_empty());
        if is_left_out { uncommented(line) } else { line.to_owned() }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn collect(path: &str, table: &toml::Table, named: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = joined(path, key);
        let tables = match value {
            toml::Value::Table(table) => vec![table],
            toml::Value::Array(items) => items.iter().filter_map(toml::Value::as_table).collect(),
            _ => Vec::new(),
        };
        for table in tables {
            collect(&path, table, named);
        }
        named.insert(path);
    }
}
