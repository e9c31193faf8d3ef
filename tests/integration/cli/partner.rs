//! `stafett partner` and `stafett identity`: from one node's identity to the other's partner.

use crate::support::{INDEROY, Node, STEINKJER, wait_until};

#[test]
fn identity_of_one_node_becomes_a_partner_of_the_other() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    let file = steinkjer.partner_file(Some("stafett.steinkjer.example:7443"));

    let added = inderoy.run(["partner", "add", file.to_str().expect("UTF-8")]).out();

    assert!(added.starts_with("added Steinkjer kommune (840029212): partners/840029212.toml\n"), "{added}");
    let listed = inderoy.run(["partner", "list", "--json"]).json();
    let known = steinkjer.run(["identity", "--json"]).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(listed[0]["organisation"], STEINKJER);
    assert_eq!(listed[0]["agreement"], "in-force");
    assert_eq!(listed[0]["address"], "stafett.steinkjer.example:7443");
    assert_eq!(listed[0]["tls_current"], known["tls_fingerprint"]);
    assert_eq!(listed[0]["signing_current"], known["signing_key"]);
    let table = inderoy.run(["partner", "list"]).out();
    assert!(table.lines().any(|line| line.contains(STEINKJER) && line.contains("in force")), "{table}");
}

#[test]
fn identity_file_without_an_agreement_is_refused_until_somebody_fills_it_in() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    let open = steinkjer.path("identity.toml");
    std::fs::write(&open, steinkjer.run(["identity", "--toml"]).out()).expect("a writable folder");
    let before = inderoy.listing();

    let refused = inderoy.run(["partner", "add", open.to_str().expect("UTF-8")]);

    assert!(refused.err.contains("agreement.reference: expected"), "{}", refused.err);
    assert_eq!(refused.code, Some(1));
    assert_eq!(inderoy.listing(), before);
    let text = std::fs::read_to_string(&open).expect("a file");
    assert!(!text.contains("2026"), "nothing is invented: {text}");
    let mut text = text;
    for (blank, filled, next) in [
        ("reference = \"\"", "reference = \"2026/1042-3\"", "agreement.processor_agreement: expected"),
        ("processor_agreement = \"\"", "processor_agreement = \"none\"", "agreement.from: expected"),
        ("#from = YYYY-MM-DD", "from = 2026-01-01", "agreement.until: expected"),
    ] {
        text = text.replacen(&format!("\n{blank}\n"), &format!("\n{filled}\n"), 1);
        std::fs::write(&open, &text).expect("a writable folder");
        let refused = inderoy.run(["partner", "add", open.to_str().expect("UTF-8")]);
        assert!(refused.err.contains(next), "{}", refused.err);
    }
}

#[test]
fn agreement_under_which_no_own_service_receives_is_a_problem_until_one_does() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    let file = steinkjer.partner_file(None);
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, text.replace("our_services = [\"school\"]", "our_services = []"))
        .expect("writable");

    let added = inderoy.run(["partner", "add", file.to_str().expect("UTF-8")]).out();
    let checked = inderoy.run(["check"]);

    let nobody = "no own service may receive from Steinkjer kommune (840029212)";
    let problem = format!("problem: {nobody}; set our_services in partners/840029212.toml\n");
    assert!(added.contains(&problem), "{added}");
    assert!(inderoy.run(["partner", "list"]).out().lines().any(|line| line.ends_with(" none")));
    let line = format!("{nobody}: set our_services in partners/840029212.toml");
    assert!(
        checked.out.lines().any(|found| found.starts_with("problem") && found.ends_with(&line)),
        "{checked:?}"
    );
    assert_eq!(checked.code, Some(1));
    inderoy.replace("partners/840029212.toml", "our_services = []", "our_services = [\"school\"]");
    assert_eq!(inderoy.run(["check"]).code, Some(0));
    assert!(inderoy.run(["partner", "list"]).out().lines().any(|line| line.ends_with(" school")));
}

#[test]
fn partner_is_not_added_twice_and_is_replaced_only_when_asked() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    inderoy.add(&steinkjer, None);
    std::fs::rename(inderoy.path("partners/840029212.toml"), inderoy.path("partners/steinkjer.toml"))
        .expect("an own file");
    let file = steinkjer.partner_file(Some("127.0.0.1:9"));
    let file = file.to_str().expect("UTF-8");
    let before = inderoy.listing();

    let refused = inderoy.run(["partner", "add", file]);
    assert_eq!(refused.err, "error: 840029212 is a partner already: --replace takes the new file over\n");
    assert_eq!(inderoy.listing(), before);

    let replaced = inderoy.run(["partner", "add", file, "--replace"]).out();
    assert!(
        replaced.starts_with("replaced Steinkjer kommune (840029212): partners/steinkjer.toml\n"),
        "{replaced}"
    );
    assert_eq!(inderoy.run(["partner", "list", "--json"]).json()[0]["address"], "127.0.0.1:9");
    assert_eq!(inderoy.listing().len(), before.len());
}

#[test]
fn partner_with_a_key_of_another_partner_or_of_this_node_is_refused() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    inderoy.add(&steinkjer, None);
    let copied = std::fs::read_to_string(steinkjer.partner_file(None)).expect("a file");
    let thief = copied.replace("840029212", "938587418");
    let own_key =
        inderoy.run(["identity", "--json"]).json()["signing_key"].as_str().expect("a key").to_owned();
    let their_key =
        steinkjer.run(["identity", "--json"]).json()["signing_key"].as_str().expect("a key").to_owned();
    let file = inderoy.folder().with_file_name("thief.toml");
    let add = || inderoy.run(["partner", "add", file.to_str().expect("UTF-8")]);
    let before = inderoy.listing();

    std::fs::write(&file, &thief).expect("a writable folder");
    let of_partner = add();
    std::fs::write(&file, thief.replace(&their_key, &own_key)).expect("a writable folder");
    let of_own = add();

    assert_eq!(of_partner.err, "error: expected keys that nobody else has, found a key of 840029212\n");
    assert!(
        of_own.err.ends_with("expected a key that nobody else has, found a key of this node\n"),
        "{}",
        of_own.err
    );
    assert_eq!((of_partner.code, of_own.code), (Some(1), Some(1)));
    assert_eq!(inderoy.listing(), before);
}

#[test]
fn removing_asks_and_without_a_terminal_needs_to_be_told() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    inderoy.add(&steinkjer, None);
    let before = inderoy.listing();

    let refused = inderoy.run(["partner", "remove", STEINKJER]);

    assert_eq!(
        refused.err,
        "error: there is no terminal to ask on: --yes ends the agreement with 840029212\n"
    );
    assert_eq!(inderoy.listing(), before);
}

#[test]
fn removing_on_a_terminal_does_what_the_operator_answers() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    inderoy.add(&steinkjer, None);
    let remove = format!(
        "{} partner remove {STEINKJER} --data {}",
        crate::support::STAFETT,
        inderoy.folder().display()
    );
    let answer_with = |key: &str| {
        let typed = format!("printf '{key}' | script --quiet --return --command '{remove}' /dev/null");
        let ended = std::process::Command::new("sh").args(["-c", &typed]).output().expect("script runs");
        (ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned())
    };
    let before = inderoy.listing();

    let (declined, said) = answer_with("n");
    assert_eq!(declined, Some(1), "{said}");
    assert!(said.contains("End the agreement with Steinkjer kommune (840029212)?"), "{said}");
    assert_eq!(inderoy.listing(), before);

    let (agreed, said) = answer_with("y");
    assert_eq!(agreed, Some(0), "{said}");
    assert!(inderoy.path("partners/removed/840029212.toml").exists(), "{said}");
}

#[test]
fn partner_that_never_held_anything_is_set_aside_at_once() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    inderoy.add(&steinkjer, None);

    let removed = inderoy.run(["partner", "remove", STEINKJER, "--yes"]).out();

    assert!(removed.contains("its file is partners/removed/840029212.toml"), "{removed}");
    assert!(inderoy.path("partners/removed/840029212.toml").exists());
    assert_eq!(inderoy.run(["partner", "list", "--json"]).json(), serde_json::json!([]));
    let again = inderoy.run(["partner", "remove", STEINKJER, "--yes"]);
    assert_eq!(again.err, "error: there is no partner 840029212: `stafett partner list` shows them\n");
}

#[test]
fn partner_that_may_still_hold_something_stays_for_orders_to_erase_until_it_does_not() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    inderoy.add(&steinkjer, None);
    let store = rusqlite::Connection::open(inderoy.path("store/store.sqlite")).expect("a store");
    store
        .execute(
            "INSERT INTO held (partner, entry_id, case_id, generation)
             VALUES (840029212, randomblob(16), randomblob(16), randomblob(16))",
            [],
        )
        .expect("a table of what partners hold");

    let ended = inderoy.run(["partner", "remove", STEINKJER, "--yes"]).out();

    assert!(ended.contains("nothing but orders to erase is sent from now on"), "{ended}");
    assert!(
        ended.contains("left: 0 grants that have not ended, 1 entries of ours there, 0 orders"),
        "{ended}"
    );
    let listed = inderoy.run(["partner", "list", "--json"]).json();
    assert_eq!((&listed[0]["organisation"], &listed[0]["agreement"]), (&STEINKJER.into(), &"revoked".into()));

    store.execute("DELETE FROM held", []).expect("a table of what partners hold");
    let removed = inderoy.run(["partner", "remove", STEINKJER, "--yes"]).out();
    assert!(removed.starts_with("removed 840029212: nothing of ours is there"), "{removed}");
}

#[test]
fn renewed_certificate_keeps_the_key_that_partners_pin() {
    let node = Node::inderoy();
    let before = (node.run(["identity", "--json"]).json(), node.read("keys/tls.crt"));

    let renewed = node.run(["identity", "--json", "--renew-certificate"]).json();

    assert_eq!(renewed["tls_fingerprint"], before.0["tls_fingerprint"]);
    assert_eq!(renewed["organisation"], INDEROY);
    assert_ne!(node.read("keys/tls.crt"), before.1);
}

#[test]
fn running_node_takes_partners_over_without_a_restart_and_keeps_them_over_a_bad_file() {
    let (inderoy, steinkjer) = (Node::inderoy(), Node::steinkjer());
    let serving = steinkjer.serve();
    inderoy.add(&steinkjer, Some(&serving.quic));
    let reachable = || {
        let report = inderoy.run(["check", "--json"]).json();
        let findings = report["findings"].as_array().expect("findings").clone();
        findings.iter().any(|finding| finding["code"] == "reachable")
    };
    assert!(!reachable(), "no agreement at Steinkjer yet");

    steinkjer.add(&inderoy, None);
    wait_until("Steinkjer never took its new partner over", reachable);
    steinkjer.write("partners/broken.toml", "organisation = ");
    std::thread::sleep(std::time::Duration::from_secs(5));

    assert!(reachable(), "a bad file must not end a good agreement");
    let (status, _, log) = serving.stop("TERM");
    assert!(status.success());
    assert!(log.contains("the changed partners are refused"), "{log}");
}
