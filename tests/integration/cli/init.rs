//! `stafett init`: a whole node or none.

use std::os::unix::fs::PermissionsExt;

use crate::support::{INDEROY, Node, answer, listing, stafett};

const GIVEN: [&str; 6] =
    ["--municipality", "5053", "--organisation", "997391853", "--name", "Inderøy kommune"];

#[test]
fn new_node_has_closed_folders_and_files_and_needs_nothing_else_to_be_checked() {
    let node = Node::inderoy();

    for (path, (mode, hash)) in node.listing() {
        assert_eq!(mode & 0o077, 0, "{} is open to others: {mode:o}", path.display());
        if hash.is_none() {
            assert_eq!(mode, 0o700, "{}", path.display());
        }
    }
    for key in ["tls.key", "tls.crt", "signing.key", "wrapping.key"] {
        let mode = std::fs::metadata(node.path(&format!("keys/{key}"))).expect("a key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
    for part in
        ["stafett.toml", "people.toml", "partners", "store/store.sqlite", "store/keys.sqlite", "journal"]
    {
        assert!(node.path(part).exists(), "{part}");
    }
    assert!(!node.path(".init").exists());
    let checked = node.run(["check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.out);
}

#[test]
fn init_says_what_to_do_next() {
    let around = tempfile::tempdir().expect("a temporary folder");
    let folder = around.path().join("node");

    let made = answer(stafett(["init"]).arg(&folder).args(GIVEN)).out();

    let first = made.lines().next().expect("a line");
    assert_eq!(first, format!("made {}: Inderøy kommune (997391853)", folder.display()));
    for step in ["identity", "partner add", "check", "serve"] {
        assert!(made.contains(&format!("stafett {step} --data {}", folder.display())), "{step}: {made}");
    }
}

#[test]
fn init_tells_programs_the_same_keys_as_identity() {
    let around = tempfile::tempdir().expect("a temporary folder");
    let folder = around.path().join("node");

    let made = answer(stafett(["init", "--json"]).arg(&folder).args(GIVEN));
    let known = answer(stafett(["identity", "--json", "--data"]).arg(&folder));

    assert_eq!(made.json()["organisation"], INDEROY);
    for key in ["tls_fingerprint", "signing_key"] {
        assert_eq!(made.json()[key], known.json()[key]);
        assert_eq!(made.json()[key].as_str().map(str::len), Some(64));
    }
}

#[test]
fn second_init_is_refused_and_changes_nothing() {
    let node = Node::inderoy();
    let before = node.listing();

    let refused = answer(stafett(["init"]).arg(node.folder()).args(GIVEN));

    let folder = node.folder();
    assert_eq!(
        refused.err,
        format!("error: expected an empty folder at {}, found files in it\n", folder.display())
    );
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert_eq!(node.listing(), before);
}

#[test]
fn init_into_an_empty_folder_keeps_the_folder_and_into_a_used_one_keeps_the_files() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let used = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(used.path().join("letter.txt"), "not ours").expect("a writable folder");
    let before = listing(used.path());

    let made = answer(stafett(["init"]).arg(empty.path()).args(GIVEN));
    let refused = answer(stafett(["init"]).arg(used.path()).args(GIVEN));

    assert_eq!(made.code, Some(0), "{}", made.err);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert_eq!(listing(used.path()), before);
}

#[test]
fn interrupted_init_is_named_and_left_alone() {
    let around = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(around.path().join(".init")).expect("a writable folder");

    let refused = answer(stafett(["init"]).arg(around.path()).args(GIVEN));

    let staging = around.path().join(".init");
    assert_eq!(
        refused.err,
        format!(
            "error: {} is being made, or that was interrupted: remove it if nothing else makes it\n",
            staging.display()
        )
    );
    assert_eq!(listing(around.path()).len(), 1);
}

#[test]
fn init_where_no_folder_can_be_made_leaves_nothing_behind() {
    let around = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(around.path().join("file"), "").expect("a writable folder");
    let before = listing(around.path());

    let refused = answer(stafett(["init"]).arg(around.path().join("file/node")).args(GIVEN));

    let folder = around.path().join("file/node");
    let made = format!("error: the folder {} cannot be made: ", folder.display());
    assert!(refused.err.starts_with(&made), "{}", refused.err);
    assert!(refused.err.ends_with("Not a directory (os error 20)\n"), "{}", refused.err);
    assert_eq!((refused.code, refused.err.lines().count()), (Some(1), 1));
    assert_eq!(listing(around.path()), before);
}

#[test]
fn init_that_fails_half_way_takes_back_every_folder_that_it_made() {
    let around = tempfile::tempdir().expect("a temporary folder");
    let name_too_long = "x".repeat(201);

    let refused = answer(stafett(["init"]).arg(around.path().join("deep/inside/node")).args([
        "--municipality",
        "5053",
        "--organisation",
        "997391853",
        "--name",
        &name_too_long,
    ]));

    assert!(
        refused
            .err
            .starts_with("error: these arguments make no node: node.name: expected 1 to 200 characters"),
        "{}",
        refused.err
    );
    assert_eq!((refused.code, refused.err.lines().count()), (Some(1), 1));
    assert!(listing(around.path()).is_empty());
}

#[test]
fn wrong_check_digit_is_refused_before_anything_is_made() {
    let around = tempfile::tempdir().expect("a temporary folder");

    let refused = answer(stafett(["init"]).arg(around.path().join("node")).args([
        "--municipality",
        "5053",
        "--organisation",
        "997391854",
        "--name",
        "Inderøy kommune",
    ]));

    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("the check digit does not fit"), "{}", refused.err);
    assert!(listing(around.path()).is_empty());
}

#[test]
fn two_nodes_have_no_key_in_common() {
    let (one, other) = (Node::inderoy(), Node::inderoy());

    for key in ["tls.key", "tls.crt", "signing.key", "wrapping.key"] {
        let path = format!("keys/{key}");
        assert_ne!(one.read(&path), other.read(&path), "{key}");
    }
}
