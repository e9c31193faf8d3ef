//! What must stop a node: one clear message, exit code 1, and nothing on disk is touched.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use crate::support::{Answer, Listing, Node, answer};

/// Asserts that a node does not start, with exactly this message, and that its folder stays as it is.
fn refuses_to_serve(node: &Node, message: &str) {
    let before = node.listing();

    let refused = node.run(["serve"]);

    assert_refused(&refused, message);
    assert_same(&before, &node.listing());
}

fn assert_refused(refused: &Answer, message: &str) {
    assert_eq!(refused.err, format!("error: {message}\n"));
    assert_eq!(refused.out, "");
    assert_eq!(refused.code, Some(1));
}

fn assert_same(before: &Listing, after: &Listing) {
    let changed: Vec<_> = after.iter().filter(|(path, file)| before.get(*path) != Some(file)).collect();
    assert!(changed.is_empty() && before.len() == after.len(), "changed: {changed:?}\nbefore: {before:?}");
}

#[test]
fn unknown_key_is_refused() {
    let node = Node::inderoy();
    node.replace("stafett.toml", "language = \"nb\"", "language = \"nb\"\ncolour = \"red\"");

    refuses_to_serve(
        &node,
        "stafett.toml:9:1: node.colour: expected one of municipality, organisation, name, language, time_zone, \
         development, found an unknown key",
    );
}

#[test]
fn organisation_number_with_a_wrong_check_digit_is_refused() {
    let node = Node::inderoy();
    node.replace("stafett.toml", "organisation = \"997391853\"", "organisation = \"997391854\"");

    refuses_to_serve(
        &node,
        "stafett.toml:5:16: node.organisation: expected an organisation number of nine digits in quotes, the \
         last its check digit, found \"997391854\"",
    );
}

#[test]
fn settings_that_are_no_toml_are_refused() {
    let node = Node::inderoy();
    node.write("stafett.toml", "[node\n");

    let refused = node.run(["serve"]);

    assert!(refused.err.starts_with("error: stafett.toml:1:6: expected TOML, found: "), "{}", refused.err);
    assert_eq!((refused.code, refused.err.lines().count()), (Some(1), 1));
}

#[test]
fn folder_without_settings_is_refused_and_told_how_to_begin() {
    let empty = tempfile::tempdir().expect("a temporary folder");

    let refused = answer(crate::support::stafett(["serve", "--data"]).arg(empty.path()));

    let folder = empty.path().display();
    assert_refused(
        &refused,
        &format!("{folder} holds no stafett.toml: `stafett init DIR` makes a node's folder"),
    );
    assert!(crate::support::listing(empty.path()).is_empty());
}

#[test]
fn unknown_variable_of_the_environment_is_refused() {
    let node = Node::inderoy();

    let refused = answer(node.command(["serve"]).env("STAFETT_WEBLISTEN", "127.0.0.1:1"));

    assert_refused(
        &refused,
        "environment: STAFETT_WEBLISTEN: expected one of STAFETT_LOG, STAFETT_WEB_LISTEN, STAFETT_QUIC_LISTEN, \
         found an unknown variable",
    );
}

#[test]
fn pages_on_an_open_address_without_a_proxy_are_refused() {
    let node = Node::inderoy();

    let refused = node.run(["serve", "--web", "0.0.0.0:8443"]);

    assert_refused(
        &refused,
        "command line: --web: expected a loopback address, or web.behind_proxy = true, found \
         \"0.0.0.0:8443\"",
    );
}

#[test]
fn login_by_picking_a_person_on_an_open_address_is_refused() {
    let node = Node::inderoy();
    node.replace("stafett.toml", "development = false", "development = true");
    let settings = node.read("stafett.toml");
    node.write("stafett.toml", &format!("{settings}\n[development]\ndemo_login = true\n"));
    let line = settings.lines().count() + 3;
    let place = format!("stafett.toml:{line}:14: development.demo_login");

    let before = node.listing();
    let refused = node.run(["serve", "--quic", "127.0.0.1:0", "--web", "192.0.2.7:8443"]);
    assert_refused(
        &refused,
        "command line: --web: expected a loopback address, or web.behind_proxy = true, found \
         \"192.0.2.7:8443\"",
    );
    let refused = node.run(["serve", "--quic", "192.0.2.7:7443", "--web", "127.0.0.1:0"]);
    assert_refused(
        &refused,
        &format!(
            "{place}: expected every listen address to be loopback, found federation.listen = 192.0.2.7:7443"
        ),
    );
    assert_same(&before, &node.listing());

    node.write(
        "stafett.toml",
        &format!("{settings}\n[development]\ndemo_login = true\n")
            .replace("[web]\n", "[web]\nbehind_proxy = true\n"),
    );
    let refused = node.run(["serve", "--quic", "127.0.0.1:0", "--web", "192.0.2.7:8443"]);
    assert!(refused.err.contains("expected no proxy in front of the pages"), "{}", refused.err);
    assert_eq!(refused.code, Some(1));
}

#[test]
fn login_by_picking_a_person_among_real_people_is_refused() {
    let node = Node::inderoy();
    let settings = node.read("stafett.toml");
    node.write("stafett.toml", &format!("{settings}\n[development]\ndemo_login = true\n"));

    let refused = node.run(["serve", "--quic", "127.0.0.1:0", "--web", "127.0.0.1:0"]);

    let expected = "development.demo_login: expected node.development = true beside it";
    assert!(refused.err.contains(expected), "{}", refused.err);
    assert_eq!(refused.code, Some(1));
}

#[test]
fn two_partners_with_one_key_are_refused() {
    let node = Node::inderoy();
    node.add(&Node::steinkjer(), None);
    let file = format!("partners/{}.toml", crate::support::STEINKJER);
    let other = node.read(&file).replace("840029212", "938587418").replace("5006", "5041");
    node.write("partners/snaasa.toml", &other);

    let before = node.listing();
    let refused = node.run(["serve"]);

    assert_refused(
        &refused,
        "partners/snaasa.toml:14:15: keys.tls_current: expected a key that nobody else has, found a key of \
         840029212",
    );
    assert_same(&before, &node.listing());
}

#[test]
fn partner_that_is_this_node_is_refused() {
    let node = Node::inderoy();
    let own = node.partner_file(None);
    std::fs::copy(own, node.path("partners/own.toml")).expect("a writable folder");

    refuses_to_serve(
        &node,
        "partners/own.toml:2:16: organisation: expected another organisation than this node's, found 997391853",
    );
}

#[test]
fn missing_key_file_is_refused_for_each_of_the_four() {
    for name in ["tls.key", "tls.crt", "signing.key", "wrapping.key"] {
        let node = Node::inderoy();
        std::fs::remove_file(node.path(&format!("keys/{name}"))).expect("a key");

        refuses_to_serve(
            &node,
            &format!("the node's keys cannot be used: keys/{name}: No such file or directory (os error 2)"),
        );
    }
}

#[test]
fn key_file_that_others_can_read_is_refused() {
    let node = Node::inderoy();
    let open = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(node.path("keys/signing.key"), open).expect("an own file");

    refuses_to_serve(
        &node,
        "the node's keys cannot be used: keys/signing.key is open to others: expected mode 600, found 640",
    );
}

#[test]
fn keys_of_another_organisation_are_refused() {
    let node = Node::inderoy();
    node.replace("stafett.toml", "organisation = \"997391853\"", "organisation = \"840029212\"");

    refuses_to_serve(&node, "the certificate names organisation 997391853, and the settings name 840029212");
}

#[test]
fn wrapping_key_of_another_store_is_refused() {
    let node = Node::inderoy();
    node.write("keys/wrapping.key", &format!("{}\n", "5a".repeat(32)));

    refuses_to_serve(&node, "the wrapping key is not the one of this store");
}

#[test]
fn missing_folder_of_data_is_refused_and_not_made() {
    for name in ["store", "journal"] {
        let node = Node::inderoy();
        std::fs::remove_dir_all(node.path(name)).expect("a folder");

        refuses_to_serve(
            &node,
            &format!("{name}: expected a readable folder, found: No such file or directory (os error 2)"),
        );
    }
}

#[test]
fn data_folder_that_the_nodes_user_may_not_read_is_refused() {
    let node = Node::inderoy();
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(node.path("store"), closed.clone()).expect("an own folder");

    let refused = answer_as_nobody(&node);

    std::fs::set_permissions(node.path("store"), std::fs::Permissions::from_mode(0o700))
        .expect("an own folder");
    assert_refused(&refused, "store: expected a readable folder, found: Permission denied (os error 13)");
}

#[test]
fn data_folder_that_cannot_be_written_is_refused() {
    let node = Node::inderoy();
    let read_only = std::fs::Permissions::from_mode(0o500);
    std::fs::set_permissions(node.path("store"), read_only).expect("an own folder");
    for name in ["lock", "store.sqlite", "keys.sqlite"] {
        let read_only = std::fs::Permissions::from_mode(0o400);
        std::fs::set_permissions(node.path(&format!("store/{name}")), read_only).expect("an own file");
    }
    let before = node.listing();

    let refused = answer_as_nobody(&node);

    assert_refused(
        &refused,
        "expected a folder that can be read and written at store: Permission denied (os error 13)",
    );
    assert_same(&before, &node.listing());
}

/// Serves as a user whom rights of files bind: the superuser hands the node over first.
fn answer_as_nobody(node: &Node) -> Answer {
    const NOBODY: u32 = 65_534;
    let mut command = node.command(["serve"]);
    if is_superuser() {
        let around = node.folder().parent().expect("a parent").to_owned();
        std::fs::set_permissions(&around, std::fs::Permissions::from_mode(0o755)).expect("an own folder");
        for path in std::iter::once(node.folder()).chain(node.listing().into_keys()) {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("the superuser may");
        }
        // The program itself may lie where nobody else can go.
        let program = around.join("stafett");
        // By another process: one that this one starts meanwhile would hold an own copy open, and a program
        // that is open for writing is not run.
        let copied = std::process::Command::new("cp").arg(crate::support::STAFETT).arg(&program).status();
        assert!(copied.is_ok_and(|status| status.success()), "a program is copied");
        command = std::process::Command::new(program);
        command.args(["serve", "--data"]).arg(node.folder()).uid(NOBODY).gid(NOBODY);
    }
    node.relative(answer(&mut command))
}

fn is_superuser() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

#[test]
fn store_that_a_newer_program_wrote_is_refused_by_every_command_that_opens_it() {
    let node = Node::inderoy();
    let person = node.add_person(1, "\"it-operator\"", None);
    let known = replace_schema(&node.path("store/store.sqlite"), 99);
    let before = node.listing();

    for command in [
        vec!["serve"],
        vec!["holds"],
        vec!["token", "list"],
        vec!["token", "create", "--person", &person, "--role", "it-operator"],
    ] {
        let refused = node.run(command);

        let message = format!("the store has schema 99, and this program knows schemas up to {known}");
        assert_refused(&refused, &message);
        assert_same(&before, &node.listing());
    }
}

/// Records a migration that no program has yet, as a newer one would, and answers which one this
/// program wrote last.
fn replace_schema(path: &Path, number: u32) -> u32 {
    let store = rusqlite::Connection::open(path).expect("a store");
    let newest = "SELECT max(number) FROM migration";
    let known = store.query_one(newest, [], |row| row.get(0)).expect("a table of migrations");
    let row =
        "INSERT INTO migration (number, name, sha256, applied_at) VALUES (?1, 'later', zeroblob(32), 0)";
    store.execute(row, [number]).expect("a table of migrations");
    store.pragma_update(None, "wal_checkpoint", "TRUNCATE").expect("a store");
    known
}

#[test]
fn store_that_is_no_database_is_refused() {
    let node = Node::inderoy();
    node.write("store/store.sqlite", &"not a database ".repeat(100));

    refuses_to_serve(&node, "expected a store at store/store.sqlite, found something else");
}

#[test]
fn person_with_an_unknown_role_is_refused_without_repeating_anything() {
    let node = Node::inderoy();
    node.add_person(1, "\"Kari Nordmann\"", None);

    let refused = node.run(["serve"]);

    assert!(refused.err.starts_with("error: people.toml:"), "{}", refused.err);
    assert!(!refused.err.contains("Nordmann"), "{}", refused.err);
    assert_eq!((refused.code, refused.err.lines().count()), (Some(1), 1));
}

#[test]
fn arguments_that_are_not_understood_give_another_exit_code() {
    let misread = answer(&mut crate::support::stafett(["serve", "--colour", "red"]));

    assert_eq!(misread.code, Some(2));
    assert!(misread.err.contains("--colour"), "{}", misread.err);
}
