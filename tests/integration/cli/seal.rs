//! `stafett seal` and `stafett clock`: what seals a node, and the commands that open it.

use crate::support::{Node, STEINKJER, wait_until};

/// A line of the journal that the store does not have, as after a restore.
fn restored(node: &Node) {
    let closing = format!(
        r#"{{"number":0,"previous":null,"at":1,"closed":"agreement-ended","partner":"{STEINKJER}"}}"#
    );
    node.write("journal/journal.jsonl", &format!("{closing}\n"));
}

#[test]
fn node_that_is_not_sealed_says_so_and_refuses_to_be_opened() {
    let node = Node::inderoy();

    assert_eq!(node.run(["seal", "status"]).out(), "the node is not sealed\n");
    for command in [&["seal", "replay"][..], &["seal", "reconfirm", "--yes"]] {
        let refused = node.run(command.iter().copied());
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.starts_with("error: there is nothing to"), "{}", refused.err);
    }
}

#[test]
fn restored_node_names_the_command_that_opens_it_in_status_check_log_and_health() {
    let node = Node::inderoy();
    restored(&node);

    let status = node.run(["seal", "status"]).out();
    assert!(status.contains("restored from a backup"), "{status}");
    assert!(status.contains("next: stafett seal replay\nthe store lacks 1 lines"), "{status}");
    let checked = node.run(["check"]).out;
    assert!(checked.contains("`stafett seal status` says what is next"), "{checked}");
    let serving = node.serve();
    assert_eq!(serving.get("/health/ready", "").0, 503);
    let (_, _, log) = serving.stop("TERM");
    let error = log.lines().find(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("{log}"));
    assert!(error.contains("starts sealed") && error.contains("stafett seal replay"), "{error}");
}

#[test]
fn journal_is_replayed_on_a_stopped_node_and_on_one_that_runs() {
    for runs in [false, true] {
        let node = Node::inderoy();
        restored(&node);
        let serving = runs.then(|| node.serve());

        let replayed = node.run(["seal", "replay", "--json"]).json();

        assert_eq!(replayed["lines"], 1, "{replayed}");
        assert_eq!(replayed["agreements_ended"], serde_json::json!([STEINKJER]));
        assert_eq!(node.run(["seal", "status", "--json"]).json()["sealed"], false);
        if let Some(serving) = serving {
            assert_eq!(serving.get("/health/ready", "").0, 204);
            assert!(serving.stop("TERM").0.success());
        }
        let told = node.run(["seal", "status"]).out();
        assert!(told.contains("restored 1 times"), "{told}");
    }
}

#[test]
fn lost_and_broken_journals_seal_and_are_never_made_or_written_by_themselves() {
    for text in [None, Some("not a line of it\n")] {
        let node = Node::inderoy();
        match text {
            None => std::fs::remove_file(node.path("journal/journal.jsonl")).expect("a journal"),
            Some(text) => node.write("journal/journal.jsonl", text),
        }
        let serving = node.serve();
        assert_eq!(serving.get("/health/ready", "").0, 503);
        assert!(serving.stop("TERM").0.success());
        assert_eq!(node.path("journal/journal.jsonl").exists(), text.is_some());
        let status = node.run(["seal", "status", "--json"]).json();
        assert_eq!(status["because"], serde_json::json!(["journal-lost"]), "{status}");
        let unasked = node.run(["seal", "reconfirm"]);
        assert!(unasked.code == Some(1) && unasked.err.contains("--yes"), "{unasked:?}");

        let opened = node.run(["seal", "reconfirm", "--yes", "--json"]).json();

        assert_eq!(opened["incarnation"], 1, "{opened}");
        assert_eq!(node.run(["check"]).code, Some(0));
        assert_eq!(node.path("journal/journal.jsonl.1").exists(), text.is_some());
    }
}

#[test]
fn clock_is_shown_and_confirmed_on_a_stopped_node_and_on_one_that_runs() {
    let node = Node::inderoy();
    let serving = node.serve();
    wait_until("the first mark", || node.run(["clock", "status", "--json"]).json()["mark"].is_u64());
    assert!(serving.stop("TERM").0.success());
    let later = "UPDATE meta SET number = number + 9000000000 WHERE name = 'high-water-mark'";
    let store = rusqlite::Connection::open(node.path("store/store.sqlite")).expect("a store");
    assert_eq!(store.execute(later, []).expect("writes"), 1);
    drop(store);

    let serving = node.serve();
    assert_eq!(serving.get("/health/ready", "").0, 503);
    let told = node.run(["clock", "status"]).out();
    assert!(told.contains("the system's clock jumped by -"), "{told}");
    assert!(told.contains("stafett clock confirm") && told.contains("stafett clock reset"), "{told}");
    let refused = node.run(["clock", "confirm"]);
    assert!(refused.code == Some(1) && refused.err.contains("stafett clock reset"), "{refused:?}");
    assert_eq!(serving.get("/health/ready", "").0, 503);
    let reset = node.run(["clock", "reset", "--json"]).json();
    let apart =
        reset["node"].as_u64().expect("a moment").abs_diff(reset["system"].as_u64().expect("a moment"));
    assert!(apart < 10_000, "the mark was not lowered: {reset}");
    assert_eq!(serving.get("/health/ready", "").0, 204);
    assert!(serving.stop("TERM").0.success());

    let confirmed = node.run(["clock", "confirm"]).out();
    assert!(confirmed.ends_with("sealed  no\n"), "{confirmed}");
    let store = rusqlite::Connection::open(node.path("store/store.sqlite")).expect("a store");
    let said = "SELECT count(*) FROM operator_word WHERE done_at IS NOT NULL AND word = 'clock-reset'";
    let said: i64 = store.query_row(said, [], |row| row.get(0)).expect("a table of what was said");
    assert_eq!(said, 1, "who lowered the mark is not on record");
}
