//! Commands that only read: their JSON parses, their output is for pipes, their node stays.

use std::process::Stdio;

use crate::support::{Node, STEINKJER, answer};

#[test]
fn every_reading_command_writes_json_that_parses() {
    let node = Node::inderoy();
    node.add(&Node::steinkjer(), None);

    for command in [
        ["identity", "--json"].as_slice(),
        &["partner", "list", "--json"],
        &["check", "--json"],
        &["holds", "--json"],
        &["token", "list", "--json"],
    ] {
        let read = node.run(command.iter().copied());

        assert!(read.json().is_object() || read.json().is_array(), "{command:?}: {}", read.out);
        assert_eq!((read.code, read.err.as_str()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn empty_node_holds_nothing() {
    let node = Node::inderoy();

    assert_eq!(node.run(["holds"]).out(), "the node holds no entries\n");
    assert_eq!(node.run(["holds", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn held_entries_are_listed_with_where_they_went_and_who_has_not_said_that_it_erased_them() {
    let node = Node::inderoy();
    let store = rusqlite::Connection::open(node.path("store/store.sqlite")).expect("a store");
    store
        .execute_batch(
            "INSERT INTO cases (case_id, owner, key_id, first_at)
                 VALUES (x'c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1', 997391853, randomblob(16), 1);
             INSERT INTO entry (entry_id, case_id, owner, kind, schema, generation, genesis, heads, changes,
                                state, stored_at, changed_at, sealed)
                 VALUES (x'e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1', x'c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1', 997391853, 4, 1, randomblob(16),
                         randomblob(32), randomblob(32), 1, 0, 1, 1, zeroblob(100));
             INSERT INTO entry_change (entry_id, generation, number, case_id, hash, stored_at, sealed)
                 SELECT entry_id, generation, 0, case_id, randomblob(32), 1, zeroblob(23) FROM entry;
             INSERT INTO disclosure (number, disclosure_id, partner, case_id, entry_id, generation, heads,
                                     disclosed_at, sealed)
                 SELECT 1, x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 840029212, case_id, entry_id, generation, heads,
                        1767225600000, zeroblob(1) FROM entry;
             INSERT INTO disclosure_ground (disclosure_id, grant_id, consent_id)
                 VALUES (x'd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', x'a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', x'b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1');
             INSERT INTO erase_order (order_id, case_id, partner, grant_id, queued_at, sealed)
                 SELECT x'f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1', case_id, 840029212, randomblob(16), 1767225600000,
                        zeroblob(1) FROM entry;
             INSERT INTO erase_order_entry (order_id, entry_id)
                 SELECT x'f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1', entry_id FROM entry;",
        )
        .expect("rows of an entry that was sent, and of an order that nobody has answered");

    let held = node.run(["holds", "--json"]).json();
    let table = node.run(["holds"]).out();

    let id = |pair: &str| format!("{0}{0}{0}{0}-{0}{0}-{0}{0}-{0}{0}-{0}{0}{0}{0}{0}{0}", pair);
    assert_eq!(
        held,
        serde_json::json!([{
            "entry": id("e1"),
            "case": id("c1"),
            "owner": "997391853",
            "kind": "goal",
            "bytes": 123,
            "state": held[0]["state"],
            "grants": [id("a1")],
            "consents": [id("b1")],
            "sent_to": [{ "partner": STEINKJER, "last_at": "2026-01-01T00:00:00Z" }],
            "receipts_missing": [{ "partner": STEINKJER, "since": "2026-01-01T00:00:00Z", "late": true }],
        }])
    );
    let row = table.lines().nth(1).expect("a row");
    let others = ["this node", "goal", "123", "live", STEINKJER].map(str::to_owned);
    for cell in [id("e1"), id("c1"), id("b1")].into_iter().chain(others) {
        assert!(row.contains(&cell), "{cell}: {table}");
    }
    assert!(row.ends_with(&format!("{STEINKJER} (late)")), "{table}");
}

#[test]
fn reader_that_goes_away_is_no_failure() {
    let node = Node::inderoy();
    let mut child =
        node.command(["identity", "--json"]).stdout(Stdio::piped()).spawn().expect("the program runs");
    drop(child.stdout.take());

    assert_eq!(child.wait().expect("a child").code(), Some(0));
}

#[test]
fn version_and_help_are_told() {
    let version = answer(&mut crate::support::stafett(["--version"])).out();
    let help = answer(&mut crate::support::stafett(["--help"])).out();

    assert_eq!(version, format!("stafett {}\n", env!("CARGO_PKG_VERSION")));
    for command in ["init", "serve", "identity", "partner", "check", "holds", "token", "session"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {help}");
    }
}
