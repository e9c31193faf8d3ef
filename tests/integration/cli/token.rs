//! `stafett token`: made, listed and revoked beside a running node; only a hash is kept.

use sha2::{Digest, Sha256};

use crate::support::Node;

#[test]
fn token_opens_the_api_of_a_running_node_until_it_is_revoked() {
    let node = Node::inderoy();
    let person = node.add_person(1, "\"employee\"", Some("school"));
    let serving = node.serve();
    assert_eq!(serving.get("/api/v1/cases", "stafett_guess").0, 401);

    let created = node.run(["token", "create", "--person", &person, "--role", "employee", "--json"]).json();
    let token = created["token"].as_str().expect("a token");
    let (status, body) = serving.get("/api/v1/cases", token);
    assert_eq!(status, 200, "{body}");

    node.run(["token", "revoke", created["id"].as_str().expect("an id")]).out();
    assert_eq!(serving.get("/api/v1/cases", token).0, 401);
    assert!(serving.stop("TERM").0.success());
}

#[test]
fn token_has_256_random_bits_and_only_its_hash_is_on_the_disk() {
    let node = Node::inderoy();
    let person = node.add_person(1, "\"it-operator\"", None);
    let create = || {
        let created =
            node.run(["token", "create", "--person", &person, "--role", "it-operator", "--json"]).json();
        created["token"].as_str().expect("a token").to_owned()
    };

    let (token, other) = (create(), create());

    assert_ne!(token, other);
    assert_eq!((token.starts_with("stafett_"), token.len()), (true, 8 + 43));
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let files: Vec<_> = node.listing().into_keys().filter(|path| path.is_file()).collect();
    let holds = |needle: &[u8]| {
        files
            .iter()
            .any(|path| std::fs::read(path).expect("a file").windows(needle.len()).any(|part| part == needle))
    };
    assert!(holds(&hash), "the hash must be there");
    assert!(!holds(token.as_bytes()) && !holds(&token.as_bytes()[8..]), "the token must not be there");
    let listed = node.run(["token", "list"]).out();
    assert!(!listed.contains(&token), "{listed}");
}

#[test]
fn tokens_are_listed_with_person_role_and_state() {
    let node = Node::inderoy();
    let person = node.add_person(1, "\"it-operator\", \"archive\"", None);
    let create = |role| {
        node.run(["token", "create", "--person", &person, "--role", role, "--days", "1", "--json"]).json()
    };
    let (kept, revoked) = (create("it-operator"), create("archive"));
    let id = revoked["id"].as_str().expect("an id");

    node.run(["token", "revoke", id]).out();
    node.run(["token", "revoke", id]).out();

    let listed = node.run(["token", "list", "--json"]).json();
    let find = |id: &serde_json::Value| {
        listed.as_array().expect("tokens").iter().find(|token| token["id"] == *id).expect("a token").clone()
    };
    assert_eq!(
        (&find(&kept["id"])["counts"], &find(&kept["id"])["role"]),
        (&true.into(), &"it-operator".into())
    );
    assert_eq!(
        (&find(&revoked["id"])["counts"], &find(&revoked["id"])["person"]),
        (&false.into(), &person.into())
    );
    assert!(find(&revoked["id"])["revoked_at"].is_string());
}

#[test]
fn token_is_refused_for_a_role_that_the_person_does_not_have_and_for_nobody() {
    let node = Node::inderoy();
    let person = node.add_person(1, "\"it-operator\"", None);
    let before = node.listing();
    let create = |person: &str, role: &str| node.run(["token", "create", "--person", person, "--role", role]);

    let other_role = create(&person, "employee");
    let nobody = create("00000000-0000-4000-8000-000000000000", "it-operator");
    let no_role = create(&person, "mayor");
    let too_long =
        node.run(["token", "create", "--person", &person, "--role", "it-operator", "--days", "366"]);

    assert_eq!(other_role.err, format!("error: the person {person} does not have the role employee\n"));
    assert_eq!(
        nobody.err,
        "error: people.toml has nobody with the id 00000000-0000-4000-8000-000000000000\n"
    );
    assert_eq!((other_role.code, nobody.code), (Some(1), Some(1)));
    assert_eq!((no_role.code, too_long.code), (Some(2), Some(2)));
    assert_eq!(node.listing(), before);
}

#[test]
fn unknown_token_cannot_be_revoked() {
    let node = Node::inderoy();
    let id = "00000000-0000-4000-8000-000000000000";

    let refused = node.run(["token", "revoke", id]);

    assert_eq!(refused.err, format!("error: there is no token {id}: `stafett token list` shows them\n"));
    assert_eq!(refused.code, Some(1));
}
