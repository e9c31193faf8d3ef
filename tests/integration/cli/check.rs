//! `stafett check`: tells what is wrong, each in its own words, and what to do.

use crate::support::{Node, STEINKJER};

/// The findings about the partner, by their codes.
fn codes(node: &Node) -> Vec<String> {
    let checked = node.run(["check", "--json"]);
    let report = checked.json();
    let well = report["well"].as_bool().expect("a verdict");
    assert_eq!(checked.code, Some(if well { 0 } else { 1 }), "{report}");
    let findings = report["findings"].as_array().expect("findings");
    let of_partner = findings.iter().filter(|finding| finding["part"] == "partner");
    of_partner.map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn whole_node_without_partners_is_well() {
    let node = Node::inderoy();

    let checked = node.run(["check"]);

    assert_eq!(checked.code, Some(0), "{}", checked.out);
    assert!(!checked.out.contains("problem"), "{}", checked.out);
    for part in ["configuration", "login", "keys", "store", "partners"] {
        assert!(checked.out.lines().any(|line| line.split_whitespace().nth(1) == Some(part)), "{part}");
    }
    assert_eq!(node.run(["check", "--json"]).json()["well"], true);
}

#[test]
fn check_changes_nothing() {
    let node = Node::inderoy();
    node.add(&Node::steinkjer(), None);
    let before = node.listing();

    node.run(["check"]);

    assert_eq!(node.listing(), before);
}

#[test]
fn silence_a_wrong_key_and_a_missing_agreement_are_told_apart() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    let serving = steinkjer.serve();
    inderoy.add(&steinkjer, Some(&serving.quic));

    assert_eq!(codes(&inderoy), ["agreement", "no-agreement-there"]);

    let key =
        steinkjer.run(["identity", "--json"]).json()["tls_fingerprint"].as_str().expect("a key").to_owned();
    let file = format!("partners/{STEINKJER}.toml");
    inderoy.replace(&file, &key, &"ab".repeat(32));
    assert_eq!(codes(&inderoy), ["agreement", "wrong-key"]);
    let told = inderoy.run(["check"]).out;
    assert!(told.contains(&format!("wrong key: its node shows {key}")), "{told}");

    inderoy.replace(&file, &"ab".repeat(32), &key);
    assert!(serving.stop("TERM").0.success());
    assert_eq!(codes(&inderoy), ["agreement", "no-answer"]);
    let told = inderoy.run(["check"]).out;
    let line = told.lines().find(|line| line.starts_with("problem")).expect("a problem");
    assert!(line.contains("UDP is blocked on the way, or the node is down"), "{line}");
}

#[test]
fn partner_without_an_address_is_unknown_and_no_problem() {
    let node = Node::inderoy();
    node.add(&Node::steinkjer(), None);

    assert_eq!(codes(&node), ["agreement", "dials-us"]);
}

#[test]
fn agreement_that_ended_is_a_problem_and_one_to_come_is_not() {
    let node = Node::inderoy();
    node.add(&Node::steinkjer(), None);
    let file = format!("partners/{STEINKJER}.toml");

    node.replace(&file, "until = 2199-12-31", "until = 2026-01-02");
    assert_eq!(codes(&node), ["agreement-ended"]);
    node.replace(&file, "from = 2026-01-01\nuntil = 2026-01-02", "from = 2198-01-01\nuntil = 2199-12-31");
    assert_eq!(codes(&node), ["agreement-not-begun"]);
}

#[test]
fn key_that_is_missing_and_settings_that_are_wrong_are_problems_with_a_remedy() {
    let node = Node::inderoy();
    std::fs::remove_file(node.path("keys/tls.key")).expect("a key");
    let keyless = node.run(["check"]);
    node.replace("stafett.toml", "language = \"nb\"", "language = \"da\"");
    let wrong = node.run(["check"]);

    for (checked, part, remedy) in
        [(keyless, "keys", "restore the keys from their backup"), (wrong, "configuration", "mend it")]
    {
        assert_eq!(checked.code, Some(1), "{}", checked.out);
        let line = checked.out.lines().find(|line| line.starts_with("problem")).expect("a problem");
        assert!(line.contains(part) && line.contains(remedy), "{line}");
    }
}

#[test]
fn store_behind_its_journal_and_a_damaged_store_are_found() {
    let node = Node::inderoy();
    let closing = r#"{"number":0,"previous":null,"at":1,"closed":"agreement-ended","partner":"840029212"}"#;
    node.write("journal/journal.jsonl", &format!("{closing}\n"));
    let restored = node.run(["check"]);
    node.write("journal/journal.jsonl", "not a line of it\n");
    let broken = node.run(["check"]);

    let problem = |out: &str| out.lines().find(|line| line.starts_with("problem")).map(str::to_owned);
    let restored = problem(&restored.out).unwrap_or_else(|| panic!("{restored:?}"));
    assert!(restored.contains("the store lacks 1 lines of its journal"), "{restored}");
    let broken = problem(&broken.out).unwrap_or_else(|| panic!("{broken:?}"));
    assert!(broken.contains("the journal is broken at line 1"), "{broken}");
}

#[test]
fn check_beside_a_running_node_disturbs_nothing_and_finds_it_well() {
    let node = Node::inderoy();
    let serving = node.serve();

    let checked = node.run(["check"]);

    assert_eq!(checked.code, Some(0), "{}", checked.out);
    assert!(serving.stop("TERM").0.success());
}

#[test]
fn partner_whose_file_was_deleted_by_hand_while_it_holds_something_is_a_problem() {
    let node = Node::inderoy();
    node.add(&Node::steinkjer(), None);
    let store = rusqlite::Connection::open(node.path("store/store.sqlite")).expect("a store");
    let hold = "INSERT INTO held (partner, entry_id, case_id, generation)
                VALUES (840029212, randomblob(16), randomblob(16), randomblob(16))";
    store.execute(hold, []).expect("a table of what partners hold");
    assert!(!codes(&node).contains(&"file-missing".to_owned()));

    std::fs::remove_file(node.path(&format!("partners/{STEINKJER}.toml"))).expect("a file");

    let told = node.run(["check"]).out;
    let line = told.lines().find(|line| line.starts_with("problem")).unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains(STEINKJER) && line.contains("orders to erase cannot reach it"), "{line}");
    let (_, _, log) = node.serve().stop("TERM");
    let error = log.lines().find(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("{log}"));
    assert!(error.contains(STEINKJER) && error.contains("file is gone"), "{error}");
    assert!(!log.contains("took over"), "nothing has changed: {log}");
}

#[test]
fn key_that_others_could_read_is_told_apart_from_one_that_is_missing() {
    use std::os::unix::fs::PermissionsExt;

    let node = Node::inderoy();
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(node.path("keys/signing.key"), open).expect("an own file");
    let told = node.run(["check"]).out;
    let line = told.lines().find(|line| line.starts_with("problem")).unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains("chmod 600 keys/signing.key") && line.contains("known to others"), "{line}");

    let node = Node::inderoy();
    std::fs::set_permissions(node.path("store"), std::fs::Permissions::from_mode(0o755))
        .expect("an own folder");
    let told = node.run(["check"]).out;
    let line = told.lines().find(|line| line.starts_with("problem")).unwrap_or_else(|| panic!("{told}"));
    assert!(line.split_whitespace().nth(1) == Some("store") && line.contains("chmod 700 store"), "{line}");
}

const LOGIN: &str = r#"
[login]
public_url = "https://stafett.kommune.example"

[login.oidc.staff]
name = "Konto"
issuer = "https://konto.example"
client_id = "stafett"
client_method = "client_secret_basic"
client_file = "login.secret"
"#;

/// The findings about logging in: state and code of each.
fn login(node: &Node) -> Vec<(String, String)> {
    let report = node.run(["check", "--json"]).json();
    let findings = report["findings"].as_array().expect("findings");
    let of_login = findings.iter().filter(|finding| finding["part"] == "login");
    let word = |finding: &serde_json::Value, key: &str| finding[key].as_str().expect("a word").to_owned();
    of_login.map(|finding| (word(finding, "state"), word(finding, "code"))).collect()
}

fn told(node: &Node, code: &str) -> String {
    let report = node.run(["check", "--json"]).json();
    let mut findings = report["findings"].as_array().expect("findings").iter();
    let finding = findings.find(|finding| finding["code"] == code).expect("the finding");
    format!("{}: {}", finding["found"].as_str().expect("a text"), finding["remedy"].as_str().unwrap_or("-"))
}

fn is(state: &str, code: &str) -> (String, String) {
    (state.to_owned(), code.to_owned())
}

#[test]
fn each_setting_of_the_login_that_cannot_work_is_named_with_what_to_do() {
    let node = Node::inderoy();
    node.add_person(1, "\"employee\"", Some("school"));
    assert_eq!(login(&node), [is("unknown", "no-login")]);
    let settings = node.read("stafett.toml");
    node.write("stafett.toml", &(settings + LOGIN));

    let problems = [("problem", "client-file"), ("problem", "no-names"), ("problem", "public-address")];
    assert_eq!(login(&node), problems.map(|(state, code)| is(state, code)));
    assert_eq!(node.run(["check"]).code, Some(1));
    let file = told(&node, "client-file");
    assert!(file.contains("login.secret") && file.contains("login.oidc.staff.client_file"), "{file}");
    assert!(told(&node, "no-names").contains("1 of 1 people cannot log in: they have no staff_login"));
    assert!(told(&node, "public-address").contains("set behind_proxy = true under [web]"));

    node.write("login.secret", "hemmelig");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(node.path("login.secret"), mode).expect("a mode");
    let people = node.read("people.toml");
    node.write(
        "people.toml",
        &(people.trim_end().to_owned() + "\nstaff_login = \"marte@kommune.example\"\n"),
    );
    let settings = node.read("stafett.toml");
    node.write("stafett.toml", &settings.replace("[web]\n", "[web]\nbehind_proxy = true\n"));

    assert_eq!(login(&node), [is("ok", "provider")], "{}", node.run(["check"]).out);
    assert!(!node.run(["check"]).out.contains("hemmelig"), "no secret is repeated");
}

#[test]
fn name_at_a_provider_that_there_is_not_is_a_problem() {
    let node = Node::inderoy();
    node.add_person(1, "\"employee\"", Some("school"));
    let people = node.read("people.toml");
    node.write(
        "people.toml",
        &(people.trim_end().to_owned() + "\nstaff_login = \"marte@kommune.example\"\n"),
    );

    assert_eq!(login(&node), [is("unknown", "no-login"), is("problem", "no-provider")]);
    let told = told(&node, "no-provider");
    assert!(told.contains("add [login.oidc.staff]") && !told.contains("marte"), "{told}");
}
