//! A disk without room: a file system of a few pages in a mount namespace of its own, which ends
//! with the command.

use std::path::Path;
use std::process::Command;

use crate::support::{Answer, Node, STAFETT, answer, listing};

/// Runs `script` where `folder` is a file system of `kib` KiB.
fn on_small_disk(folder: &Path, kib: u32, script: &str) -> Answer {
    let mount = format!("mount -t tmpfs -o size={kib}k,mode=700 none \"$FOLDER\" && {script}");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "--user", "sh", "-c", &mount]);
    command.env("FOLDER", folder).env("STAFETT", STAFETT);
    answer(&mut command)
}

#[test]
fn init_on_a_full_disk_says_so_and_takes_back_what_it_made() {
    let around = tempfile::tempdir().expect("a temporary folder");
    let init = "\"$STAFETT\" init \"$FOLDER/node\" --municipality 5053 --organisation 997391853 --name Kommune; \
                code=$?; find \"$FOLDER\" -mindepth 1; exit $code";

    let refused = on_small_disk(around.path(), 64, init);

    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{}", refused.err);
    assert_eq!(refused.err, "error: the disk that holds the store is full: make room, then start again\n");
    assert!(listing(around.path()).is_empty());
}

#[test]
fn node_on_a_full_disk_does_not_start_and_its_files_stay() {
    let node = Node::inderoy();
    let copy = tempfile::tempdir().expect("a temporary folder");
    let serve = format!(
        "cp -a {}/. \"$FOLDER\" && cat /dev/zero > \"$FOLDER/fill\" 2>/dev/null; \
         sums() {{ (cd \"$FOLDER\" && find . -type f -size +0 ! -name fill ! -name '*-shm' | sort | xargs sha256sum); }}; \
         before=$(sums); \"$STAFETT\" serve --data \"$FOLDER\"; code=$?; after=$(sums); \
         test \"$before\" = \"$after\" || {{ echo changed; echo \"$before\"; echo \"$after\"; }}; exit $code",
        node.folder().display()
    );

    let refused = on_small_disk(copy.path(), 2_048, &serve);

    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{}", refused.err);
    assert_eq!(refused.err, "error: the disk that holds the store is full: make room, then start again\n");
}

#[test]
fn check_on_a_full_disk_names_the_folder_that_is_full() {
    let node = Node::inderoy();
    let copy = tempfile::tempdir().expect("a temporary folder");
    let check = format!(
        "cp -a {}/. \"$FOLDER\" && cat /dev/zero > \"$FOLDER/fill\" 2>/dev/null; \
         \"$STAFETT\" check --data \"$FOLDER\"",
        node.folder().display()
    );

    let checked = on_small_disk(copy.path(), 2_048, &check);

    assert_eq!(checked.code, Some(1), "{}", checked.out);
    let line =
        checked.out.lines().find(|line| line.starts_with("problem") && line.contains("cannot be written"));
    let line = line.unwrap_or_else(|| panic!("no such line: {}", checked.out));
    assert!(line.contains("No space left on device") && line.contains("make room"), "{line}");
}
