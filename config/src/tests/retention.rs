//! `[[retention]]`: what the municipality's law makes it keep.

use stafett_protocol::entry::EntryKind;
use stafett_protocol::erasure::retention::Retention;
use stafett_protocol::time::UnixMillis;

use super::support::{Folder, NODE, node_refusal, replaced};

const RULE: &str = r#"[[retention]]
kinds = ["goal", "measure"]
service = "school"
basis = "Skolens dokumentasjonsplikt, arkivlova"
from = 2026-08-01
until = 2027-07-31
"#;

/// The first millisecond of 1 August 2026 and of 1 August 2027 in Norway.
const BOUNDS: [u64; 2] = [1_785_535_200_000, 1_817_071_200_000];

fn with(rules: &str) -> String {
    format!("{NODE}\n{rules}")
}

fn read(rules: &str) -> Retention {
    let folder = Folder::new().write("stafett.toml", &with(rules));
    folder.load().expect("right settings").retention
}

fn refusal(from: &str, to: &str) -> String {
    let message = node_refusal(&with(&replaced(RULE, from, to)));
    message.split_once(": ").expect("a place").1.to_owned()
}

#[test]
fn nothing_is_kept_unless_something_is_set() {
    assert_eq!(read(""), Retention::default());
}

#[test]
fn rule_holds_from_its_first_day_through_its_last_in_the_nodes_own_time() {
    let retention = read(RULE);
    let words = |kind, at| {
        let basis = retention.basis_for(kind, &"school".parse().expect("a code"), UnixMillis(at));
        basis.map(|basis| basis.as_str().to_owned())
    };
    let kept = Some("Skolens dokumentasjonsplikt, arkivlova".to_owned());

    assert_eq!(words(EntryKind::Measure, BOUNDS[0]), kept);
    assert_eq!(words(EntryKind::Goal, BOUNDS[1] - 1), kept);
    assert_eq!(words(EntryKind::Goal, BOUNDS[0] - 1), None);
    assert_eq!(words(EntryKind::Goal, BOUNDS[1]), None);
    assert_eq!(words(EntryKind::Note, BOUNDS[0]), None);
}

#[test]
fn rule_without_service_and_end_holds_for_all_and_on() {
    let retention =
        read(&replaced(&replaced(RULE, "service = \"school\"\n", ""), "until = 2027-07-31\n", ""));

    let late = UnixMillis(BOUNDS[1] * 2);
    assert!(retention.basis_for(EntryKind::Goal, &"ppt".parse().expect("a code"), late).is_some());
}

#[test]
fn rules_stand_in_the_order_of_the_file() {
    let retention = read(&format!("{RULE}\n{}", replaced(RULE, "Skolens", "Rektors")));

    let words: Vec<&str> = retention.rules().iter().map(|rule| rule.basis.as_str()).collect();
    assert_eq!(words, ["Skolens dokumentasjonsplikt, arkivlova", "Rektors dokumentasjonsplikt, arkivlova"]);
}

#[test]
fn rule_that_nobody_could_follow_is_refused() {
    assert_eq!(
        refusal("\"goal\", \"measure\"", ""),
        "retention.kinds: expected at least one kind of entry, found nothing"
    );
    assert_eq!(
        refusal("\"goal\"", "\"gaol\""),
        "retention.kinds: expected a kind of entry such as note, goal or measure, found \"gaol\""
    );
    assert_eq!(
        refusal("service = \"school\"", "service = \"ppt\""),
        "retention.service: expected the code of one of [[services]], found \"ppt\""
    );
    assert_eq!(
        refusal("until = 2027-07-31", "until = 2026-07-31"),
        "retention.until: expected a day that is not before `from`, found 2026-07-31"
    );
}

#[test]
fn rule_without_words_or_with_words_that_are_no_line_is_refused() {
    let expected = "expected 1 to 400 bytes in one line, without control characters or direction marks";
    for words in ["", "to\\nlinjer", "snudd \\u202e", &"a".repeat(401)] {
        let message = refusal("Skolens dokumentasjonsplikt, arkivlova", words);

        assert!(message.starts_with(&format!("retention.basis: {expected}")), "{message}");
    }
    let missing = refusal("basis = \"Skolens dokumentasjonsplikt, arkivlova\"\n", "");
    assert_eq!(missing, format!("retention.basis: {expected}, found nothing"));
    let undated = refusal("from = 2026-08-01\n", "");
    assert!(undated.starts_with("retention.from: expected a date"), "{undated}");
}

#[test]
fn more_rules_than_a_receipt_has_room_for_are_refused() {
    assert_eq!(read(&RULE.repeat(64)).rules().len(), 64);

    let message = node_refusal(&with(&RULE.repeat(65)));

    assert!(message.ends_with("retention: expected at most 64 rules, found 65"), "{message}");
}
