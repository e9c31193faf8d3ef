//! `stafett serve`: serves, logs for machines, stops cleanly, and never shares its folder.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use crate::support::Node;

#[test]
fn node_stops_on_either_signal_within_the_deadline() {
    for signal in ["TERM", "INT"] {
        let node = Node::inderoy();
        let serving = node.serve();

        let (status, took, log) = serving.stop(signal);

        assert_eq!(status.code(), Some(0), "{log}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert!(log.contains(&format!("SIG{signal}")), "{log}");
    }
}

#[test]
fn node_stops_within_the_deadline_while_a_request_hangs() {
    let node = Node::inderoy();
    let serving = node.serve();
    let mut hanging = std::net::TcpStream::connect(&serving.web).expect("the API listens");
    std::io::Write::write_all(&mut hanging, b"GET /api/v1/cases HTTP/1.1\r\nHost: x\r\n")
        .expect("half a request");

    let (status, took, log) = serving.stop("TERM");

    assert_eq!(status.code(), Some(0), "{log}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn node_outlives_a_hang_up() {
    let node = Node::inderoy();
    let serving = node.serve();

    serving.signal("HUP");
    std::thread::sleep(Duration::from_millis(500));

    assert!(std::net::TcpStream::connect(&serving.web).is_ok());
    assert_eq!(serving.stop("TERM").0.code(), Some(0));
}

#[test]
fn stopped_node_starts_again_on_the_same_folder() {
    let node = Node::inderoy();

    for _ in 0..3 {
        assert!(node.serve().stop("TERM").0.success());
    }
}

#[test]
fn killed_node_starts_again_on_the_same_folder() {
    let node = Node::inderoy();

    node.serve().stop("KILL");

    assert!(node.serve().stop("TERM").0.success());
}

#[test]
fn second_process_on_a_folder_is_refused_and_the_first_goes_on() {
    let node = Node::inderoy();
    let serving = node.serve();

    let refused = node.run(["serve"]);

    assert_eq!(refused.err, "error: another process uses the store at store\n");
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(std::net::TcpStream::connect(&serving.web).is_ok());
    assert!(serving.stop("TERM").0.success());
}

#[test]
fn address_that_is_taken_is_named_and_the_folder_is_free_afterwards() {
    let node = Node::inderoy();
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let taken_web = tcp.local_addr().expect("an address").to_string();
    let taken_quic = udp.local_addr().expect("an address").to_string();

    let web = node.run(["serve", "--web", &taken_web]);
    let quic = node.run(["serve", "--quic", &taken_quic]);

    let taken = "Address already in use (os error 98)";
    assert_eq!(web.err, format!("error: web.listen: cannot listen on {taken_web} (TCP): {taken}\n"));
    assert_eq!(quic.err, format!("error: federation.listen: cannot listen on {taken_quic} (UDP): {taken}\n"));
    assert_eq!((web.code, quic.code), (Some(1), Some(1)));
    assert!(node.serve().stop("TERM").0.success());
}

#[test]
fn log_for_machines_is_one_json_object_a_line_and_names_nobody() {
    let node = Node::inderoy();
    node.add_person(1, "\"it-operator\"", None);
    let settings = node.read("stafett.toml");
    node.write(
        "stafett.toml",
        &format!("{settings}\n[observability]\nformat = \"json\"\nlevel = \"debug\"\n"),
    );
    let serving = node.serve();
    node.add_person(2, "\"it-operator\"", None);
    std::thread::sleep(Duration::from_secs(5));

    let (_, _, log) = serving.stop("TERM");

    assert!(log.lines().count() >= 3, "{log}");
    for line in log.lines() {
        let event: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(event["level"].is_string() && event["timestamp"].is_string(), "{line}");
    }
    assert!(log.contains("took over changed people"), "{log}");
    for name in ["Person 1", "Person 2", "Inderøy"] {
        assert!(!log.contains(name), "{name} in {log}");
    }
}

#[test]
fn level_of_the_environment_stands_above_the_settings() {
    let node = Node::inderoy();
    let quiet = crate::support::Serving::start(node.command(["serve"]).env("STAFETT_LOG", "error"));

    let (status, _, log) = quiet.stop("TERM");

    assert!(status.success());
    assert_eq!(log, "");
}
