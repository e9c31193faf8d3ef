//! What the code may depend on and name: dependencies point inwards, and no partner's bytes reach
//! Automerge's decoders (law 9).

use std::path::{Path, PathBuf};
use std::process::Command;

/// Files that may name a decoder of Automerge, each with the reason.
const DECODERS_ALLOWED: [(&str, &str); 1] =
    [("protocol/src/case/document.rs", "loads this node's own private case document")];

/// How a decoder of Automerge is named in source.
const DECODERS: [&str; 10] = [
    "automerge::sync",
    "receive_sync_message",
    "load_incremental",
    "Automerge::load",
    "AutoCommit::load",
    "load_unverified",
    "automerge::Change::from_bytes",
    "Change::from_bytes",
    "Change::try_from(",
    "automerge::Bundle",
];

#[test]
fn rules_depend_on_no_runtime_no_network_and_no_database() {
    let tree = dependencies(&["-p", "stafett-protocol", "-e", "normal"]);

    assert!(tree.iter().any(|name| name == "automerge"), "the tree was read");
    for shell in ["tokio", "quinn", "rusqlite", "axum", "hyper", "reqwest", "stafett-node", "stafett-config"]
    {
        assert!(!tree.iter().any(|name| name == shell), "stafett-protocol depends on {shell}");
    }
}

#[test]
fn settings_depend_on_the_rules_and_not_on_the_node() {
    let tree = dependencies(&["-p", "stafett-config", "-e", "normal"]);

    assert!(tree.iter().any(|name| name == "stafett-protocol"));
    for shell in ["tokio", "quinn", "rusqlite", "axum", "stafett-node"] {
        assert!(!tree.iter().any(|name| name == shell), "stafett-config depends on {shell}");
    }
}

#[test]
fn one_cryptographic_library_and_no_other() {
    let tree = dependencies(&["--workspace", "-e", "normal,build,dev"]);

    assert!(tree.iter().any(|name| name == "aws-lc-rs"));
    for other in ["ring", "openssl", "openssl-sys", "native-tls"] {
        assert!(!tree.iter().any(|name| name == other), "{other} is in the tree");
    }
}

#[test]
fn no_source_file_names_a_decoder_of_automerge() {
    let mut seen = 0;
    for file in
        ["protocol/src", "config/src", "node/src"].iter().flat_map(|folder| sources(&root().join(folder)))
    {
        let name = file.strip_prefix(root()).expect("below the root").display().to_string();
        if name.contains("/tests") || DECODERS_ALLOWED.iter().any(|(allowed, _)| *allowed == name) {
            continue;
        }
        seen += 1;
        let source = std::fs::read_to_string(&file).expect("a source file");
        for (number, line) in source.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for decoder in DECODERS {
                assert!(!code.contains(decoder), "{name}:{} names {decoder}", number + 1);
            }
        }
    }
    assert!(seen > 50, "{seen} files were read");
}

#[test]
fn only_one_file_names_the_encoding_of_frames() {
    for file in sources(&root().join("protocol/src")).into_iter().chain(sources(&root().join("node/src"))) {
        let name = file.strip_prefix(root()).expect("below the root").display().to_string();
        let source = std::fs::read_to_string(&file).expect("a source file");
        let calls = ["bincode::encode_to_vec", "bincode::decode_from_slice", "bincode::config"];
        let is_codec = name == "protocol/src/wire/codec.rs" || name.contains("/tests");
        assert!(is_codec || !calls.iter().any(|call| source.contains(call)), "{name} names bincode");
    }
}

#[test]
fn only_the_store_takes_a_change_for_checked_because_it_sealed_it() {
    let mut takers = Vec::new();
    for file in ["config/src", "node/src"].iter().flat_map(|folder| sources(&root().join(folder))) {
        let name = file.strip_prefix(root()).expect("below the root").display().to_string();
        let source = std::fs::read_to_string(&file).expect("a source file");
        let calls = ["CheckedChange::from_store", "CheckedChange::from_sealed_row"];
        if calls.iter().any(|call| source.contains(call)) {
            takers.push(name);
        }
    }
    assert_eq!(takers, ["node/src/store/entry.rs"]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The names of all packages in a tree.
fn dependencies(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["tree", "--offline", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
