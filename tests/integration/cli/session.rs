//! `stafett session`: ends what a person has open, beside a running node and on a stopped one.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::{Node, Serving};

/// A node at which anybody is picked who logs in.
fn picking_node() -> Node {
    let node = Node::inderoy();
    node.replace("stafett.toml", "development = false", "development = true");
    let settings = node.read("stafett.toml");
    node.write("stafett.toml", &(settings + "\n[development]\ndemo_login = true\n"));
    node
}

fn ask(serving: &Serving, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(&serving.web).expect("the pages are served");
    let web = &serving.web;
    let request = format!(
        "{head}Host: {web}\r\nAccept: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("a request is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in UTF-8");
    answer
}

/// Logs a person in and returns the cookie of the session.
fn log_in(serving: &Serving, person: &str) -> String {
    let head = "POST /login/demo HTTP/1.1\r\nSec-Fetch-Site: same-origin\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = ask(serving, head, &format!("as={person}%2Femployee"));
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let mut cookies = answer
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let session = cookies.find(|(_, cookie)| cookie.contains("-session=")).expect("a session").1;
    session.split(';').next().expect("a pair").to_owned()
}

fn is_in(serving: &Serving, cookie: &str) -> bool {
    let head = format!("GET /cases HTTP/1.1\r\nCookie: {cookie}\r\n");
    let answer = ask(serving, &head, "");
    let status = answer.split(' ').nth(1).expect("a status");
    assert!(["200", "401"].contains(&status), "{answer}");
    status == "200"
}

#[test]
fn all_sessions_of_one_person_end_at_once_on_a_running_node_and_nobody_elses() {
    let node = picking_node();
    let [lost, other] = [1, 2].map(|number| node.add_person(number, "\"employee\"", Some("school")));
    let serving = node.serve();
    let [first, second, kept] = [&lost, &lost, &other].map(|person| log_in(&serving, person));
    assert!([&first, &second, &kept].iter().all(|cookie| is_in(&serving, cookie)));

    let ended = node.run(["session", "end", &lost, "--json"]).json();

    assert_eq!((&ended["ended"], &ended["person"]), (&2.into(), &lost.as_str().into()));
    assert!(!is_in(&serving, &first) && !is_in(&serving, &second));
    assert!(is_in(&serving, &kept));
    let again = log_in(&serving, &lost);
    assert!(is_in(&serving, &again), "who still has access may log in again");
    assert!(serving.stop("TERM").0.success());
}

#[test]
fn sessions_end_on_a_stopped_node_too_and_for_somebody_who_has_no_access_any_more() {
    let node = picking_node();
    let people = node.read("people.toml");
    let person = node.add_person(1, "\"employee\"", Some("school"));
    let serving = node.serve();
    let cookie = log_in(&serving, &person);
    assert!(serving.stop("TERM").0.success());
    let with_access = node.read("people.toml");
    node.write("people.toml", &people);

    let ended = node.run(["session", "end", &person]).out();

    assert_eq!(ended, format!("ended 1 sessions of {person}\n"));
    node.write("people.toml", &with_access);
    let serving = node.serve();
    assert!(!is_in(&serving, &cookie));
    assert_eq!(node.run(["session", "end", &person]).out(), format!("ended 0 sessions of {person}\n"));
    assert!(serving.stop("TERM").0.success());
}

#[test]
fn what_is_no_id_of_a_person_and_a_store_that_is_not_there_are_refused() {
    let node = Node::inderoy();
    assert_eq!(node.run(["session", "end", "Marte"]).code, Some(2));
    std::fs::remove_file(node.path("store/store.sqlite")).expect("a store");

    let refused = node.run(["session", "end", "6f1d2c7e-9d0b-4a57-8a35-0c1f1e8f4b01"]);

    assert_eq!(refused.code, Some(1));
    assert!(refused.err.starts_with("error: ") && refused.err.lines().count() == 1, "{refused:?}");
}
