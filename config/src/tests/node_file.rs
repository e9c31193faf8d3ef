//! `stafett.toml` and the environment.

use std::time::Duration;

use super::support::{Folder, NODE, node_refusal, replaced};
use crate::{Environment, LogLevel, load};

fn with(line: &str) -> String {
    format!("{NODE}\n{line}\n")
}

#[test]
fn unknown_key_is_refused_where_it_stands() {
    let text = replaced(NODE, "name = \"Inderøy kommune\"", "navn = \"Inderøy kommune\"");

    assert_eq!(
        node_refusal(&text),
        "stafett.toml:4:1: node.navn: expected one of municipality, organisation, name, language, time_zone, \
         development, found an unknown key"
    );
}

#[test]
fn unknown_section_is_refused_where_it_stands() {
    assert_eq!(
        node_refusal(&with("[web_server]")),
        "stafett.toml:18:2: web_server: expected one of node, federation, transport, store, web, login, observability, \
         areas, services, consent, retention, action_guide, transitions, moving_reminders, duty_to_report, development, found an unknown key"
    );
}

#[test]
fn organisation_number_with_a_wrong_check_digit_is_refused() {
    assert_eq!(
        node_refusal(&replaced(NODE, "997391853", "997391854")),
        "stafett.toml:3:16: node.organisation: expected an organisation number of nine digits in quotes, \
         the last its check digit, found \"997391854\""
    );
}

#[test]
fn organisation_number_without_quotes_is_refused() {
    assert_eq!(
        node_refusal(&replaced(NODE, "\"997391853\"", "997391853")),
        "stafett.toml:3:16: node.organisation: expected an organisation number of nine digits in quotes, \
         the last its check digit, found 997391853"
    );
}

#[test]
fn municipality_number_of_five_digits_is_refused() {
    assert_eq!(
        node_refusal(&replaced(NODE, "\"5053\"", "\"50530\"")),
        "stafett.toml:2:16: node.municipality: expected a municipality number of four digits in quotes, \
         found \"50530\""
    );
}

#[test]
fn missing_key_is_refused_at_the_head_of_its_section() {
    assert_eq!(
        node_refusal(&format!("\n{}", replaced(NODE, "municipality = \"5053\"\n", ""))),
        "stafett.toml:2:1: node.municipality: expected a municipality number of four digits in quotes, found nothing"
    );
}

#[test]
fn empty_file_is_refused_for_its_first_missing_key() {
    assert_eq!(
        node_refusal(""),
        "stafett.toml:1:1: node.municipality: expected a municipality number of four digits in quotes, found nothing"
    );
}

#[test]
fn text_that_is_no_toml_is_refused_where_reading_stopped() {
    assert_eq!(
        node_refusal(&replaced(NODE, "\"Inderøy kommune\"", "Inderøy kommune")),
        "stafett.toml:4:8: expected TOML, found: string values must be quoted, expected literal string"
    );
}

#[test]
fn column_counts_characters_and_not_bytes() {
    let text = replaced(NODE, "names.nb = \"Språk\"", "names = { nb = \"Språk\", sma = \"\" }");

    assert!(
        node_refusal(&text).starts_with("stafett.toml:8:25: areas.names.sma: "),
        "{}",
        node_refusal(&text)
    );
}

#[test]
fn absent_file_is_named() {
    let folder = Folder::new();

    let refused = load(&folder.path("other.toml"), &Environment::default());

    assert_eq!(
        folder.message(refused),
        "other.toml: expected a readable file, found: No such file or directory (os error 2)"
    );
}

#[test]
fn name_with_a_direction_mark_is_refused() {
    let message = node_refusal(&replaced(NODE, "Inderøy kommune", "Inder\u{202e}øy"));

    assert_eq!(
        message,
        "stafett.toml:4:8: node.name: expected 1 to 200 characters without line breaks or direction marks, \
         found \"Inder\\u{202e}øy\""
    );
}

#[test]
fn unknown_time_zone_is_refused() {
    let text = replaced(NODE, "municipality = ", "time_zone = \"Europe/Inderøy\"\nmunicipality = ");

    assert_eq!(
        node_refusal(&text),
        "stafett.toml:2:13: node.time_zone: expected a time zone of the system's database such as Europe/Oslo, \
         found \"Europe/Inderøy\""
    );
}

#[test]
fn web_on_an_address_that_is_not_loopback_is_refused() {
    assert_eq!(
        node_refusal(&with("[web]\nlisten = \"0.0.0.0:8443\"")),
        "stafett.toml:19:10: web.listen: expected a loopback address, or web.behind_proxy = true, \
         found \"0.0.0.0:8443\""
    );
}

#[test]
fn web_behind_a_proxy_may_listen_everywhere() {
    let text = with("[web]\nlisten = \"0.0.0.0:8443\"\nbehind_proxy = true");

    let config = Folder::new().write("stafett.toml", &text).config();

    assert_eq!(config.web.listen.to_string(), "0.0.0.0:8443");
}

#[test]
fn web_listens_on_either_loopback_address_without_a_proxy() {
    for address in ["127.0.0.1:1", "[::1]:65535"] {
        let text = with(&format!("[web]\nlisten = \"{address}\""));

        let config = Folder::new().write("stafett.toml", &text).config();

        assert_eq!(config.web.listen.to_string(), address);
    }
}

#[test]
fn second_service_with_one_code_is_refused() {
    let text = with("[[services]]\ncode = \"school\"\nnames.nb = \"SFO\"\nkind = \"after-school\"");

    assert_eq!(
        node_refusal(&text),
        "stafett.toml:19:8: services.code: expected each code once, found a second \"school\""
    );
}

#[test]
fn second_area_with_one_code_is_refused() {
    let text = with("[[areas]]\ncode = \"language\"\nnames.nb = \"Tale\"");

    assert_eq!(
        node_refusal(&text),
        "stafett.toml:19:8: areas.code: expected each code once, found a second \"language\""
    );
}

#[test]
fn node_without_areas_or_services_is_refused() {
    let without_areas = replaced(NODE, "[[areas]]\ncode = \"language\"\nnames.nb = \"Språk\"\n", "");
    let without_services =
        replaced(NODE, "[[services]]\ncode = \"school\"\nnames.nb = \"Skole\"\nkind = \"school\"\n", "");

    assert_eq!(
        node_refusal(&without_areas),
        "stafett.toml:1:1: areas: expected at least one area, found nothing"
    );
    assert_eq!(
        node_refusal(&without_services),
        "stafett.toml:1:1: services: expected at least one service, found nothing"
    );
}

#[test]
fn unknown_kind_of_service_is_refused_with_the_known_ones() {
    let message = node_refusal(&replaced(NODE, "kind = \"school\"", "kind = \"skole\""));

    assert_eq!(
        message,
        "stafett.toml:13:8: services.kind: expected kindergarten, school, after-school, health-station, midwife, \
         ppt, child-welfare, nav, mental-health, habilitation, family-counselling, respite, coordinating-unit \
         or other, found \"skole\""
    );
}

#[test]
fn table_in_the_place_of_an_array_of_tables_is_refused() {
    assert_eq!(
        node_refusal(&replaced(NODE, "[[areas]]", "[areas]")),
        "stafett.toml:6:1: areas: expected an array of tables, found a table"
    );
}

#[test]
fn number_outside_its_range_is_refused_with_the_range() {
    for (text, found) in [("4", "4"), ("121", "121"), ("-15", "-15"), ("\"15\"", "\"15\"")] {
        assert_eq!(
            node_refusal(&with(&format!("[transport]\nidle_s = {text}"))),
            format!("stafett.toml:19:10: transport.idle_s: expected 5 to 120 seconds, found {found}")
        );
    }
    assert_eq!(
        node_refusal(&with("[transport]\nincoming_max = 99999999999999999999")),
        "stafett.toml:19:16: transport.incoming_max: expected 8 to 1024 connections, found 99999999999999999999"
    );
}

#[test]
fn bounds_of_a_range_are_within_it() {
    for (text, seconds) in [("10", 10), ("120", 120), ("0x78", 120), ("1_0", 10)] {
        let text = with(&format!("[transport]\nidle_s = {text}"));

        let config = Folder::new().write("stafett.toml", &text).config();

        assert_eq!(config.transport.idle, Duration::from_secs(seconds));
    }
}

#[test]
fn keep_alive_longer_than_half_of_idle_is_refused_at_what_was_given() {
    assert_eq!(
        node_refusal(&with("[transport]\nkeep_alive_s = 8")),
        "stafett.toml:19:16: transport.keep_alive_s: expected at most half of idle_s, 7, found 8"
    );
    assert_eq!(
        node_refusal(&with("[transport]\nidle_s = 9")),
        "stafett.toml:19:10: transport.idle_s: expected at least twice keep_alive_s, 10, found 9"
    );
}

#[test]
fn stream_window_larger_than_the_connection_window_is_refused_at_what_was_given() {
    assert_eq!(
        node_refusal(&with("[transport]\nstream_window_bytes = 1048577")),
        "stafett.toml:19:23: transport.stream_window_bytes: expected at most receive_window_bytes, 1048576, \
         found 1048577"
    );
    assert_eq!(
        node_refusal(&with("[transport]\nreceive_window_bytes = 524287")),
        "stafett.toml:19:24: transport.receive_window_bytes: expected at least stream_window_bytes, 524288, \
         found 524287"
    );
}

#[test]
fn longest_wait_below_the_shortest_is_refused() {
    let text = format!("{NODE}redial_min_s = 10\nredial_max_s = 9\n");

    assert_eq!(
        node_refusal(&text),
        "stafett.toml:18:16: federation.redial_max_s: expected at least redial_min_s, 10, found 9"
    );
}

#[test]
fn entry_level_above_the_last_level_is_refused() {
    assert_eq!(
        node_refusal(&with("[action_guide]\nentry_level = 4")),
        "stafett.toml:19:15: action_guide.entry_level: expected 0 to 3 as the number of a level, found 4"
    );
}

#[test]
fn more_levels_than_ten_are_refused() {
    let levels = "{ nb = \"x\" }, ".repeat(11);

    assert_eq!(
        node_refusal(&with(&format!("[action_guide]\nlevels = [{levels}]"))),
        "stafett.toml:19:10: action_guide.levels: expected at most 10 levels, found 11"
    );
}

#[test]
fn guide_with_one_level_opens_on_it() {
    let text = with("[action_guide]\nlevels = [{ nb = \"Nivå A\" }]");

    let config = Folder::new().write("stafett.toml", &text).config();

    assert_eq!(config.action_guide.entry_level, 0);
    assert_eq!(config.action_guide.level(0).map(|names| names.nb.as_str()), Some("Nivå A"));
    assert_eq!(config.action_guide.level(1), None);
}

#[test]
fn keys_or_journal_inside_the_data_folder_are_refused() {
    assert_eq!(
        node_refusal(&with("[store]\nkeys = \"store/../store/./keys\"")),
        "stafett.toml:19:8: store.keys: expected a folder outside store.folder, found \"store/../store/./keys\""
    );
    assert_eq!(
        node_refusal(&with("[store]\njournal = \"store\"")),
        "stafett.toml:19:11: store.journal: expected a folder outside store.folder, found \"store\""
    );
    assert_eq!(
        node_refusal(&with("[store]\nfolder = \"keys\"\nkeys = \"keys/own\"")),
        "stafett.toml:20:8: store.keys: expected a folder outside store.folder, found \"keys/own\""
    );
    assert_eq!(
        node_refusal(&with("[store]\nfolder = \".\"")),
        "stafett.toml:19:10: store.folder: expected a folder without store.journal in it, found \".\""
    );
}

#[test]
fn folder_beside_another_with_a_longer_name_is_apart_from_it() {
    let text = with("[store]\nfolder = \"data\"\nkeys = \"data-keys\"\njournal = \"../journal\"");
    let folder = Folder::new().write("stafett.toml", &text);

    let store = folder.config().store;

    assert_eq!(store.folder, folder.path("data"));
    assert_eq!(store.key_files().wrapping_key, folder.path("data-keys/wrapping.key"));
}

#[test]
fn folder_that_cannot_be_listed_is_named() {
    let folder = Folder::new();
    for name in ["store", "keys"] {
        std::fs::create_dir(folder.path(name)).expect("a new folder");
    }
    let folder = folder.write("journal", "a file");

    let refused = folder.config().store.check_folders();

    assert_eq!(
        folder.message(refused),
        "journal: expected a readable folder, found: Not a directory (os error 20)"
    );
}

#[test]
fn recording_frames_is_refused_on_a_node_with_real_persons() {
    assert_eq!(
        node_refusal(&with("[development]\nrecord_frames = \"frames\"")),
        "stafett.toml:19:17: development.record_frames: expected node.development = true beside it, \
         found node.development = false"
    );
}

#[test]
fn moving_the_clock_is_refused_on_a_node_with_real_persons_or_that_others_reach() {
    let moved = "[development]\nclock = \"clock\"\n";
    assert_eq!(
        node_refusal(&with(moved)),
        "stafett.toml:19:9: development.clock: expected node.development = true beside it, found \
         node.development = false"
    );
    let development = replaced(NODE, "[node]", "[node]\ndevelopment = true");
    let reached = replaced(&development, "127.0.0.1:7443", "192.0.2.7:7443");
    assert_eq!(
        node_refusal(&format!("{reached}{moved}")),
        "stafett.toml:19:9: development.clock: expected every listen address to be loopback, found \
         federation.listen = 192.0.2.7:7443"
    );
}

#[test]
fn recording_frames_is_refused_on_a_node_that_others_reach() {
    let development = replaced(NODE, "[node]", "[node]\ndevelopment = true");
    let record = "[development]\nrecord_frames = \"frames\"\n";
    let reached = replaced(&development, "127.0.0.1:7443", "192.0.2.7:7443");
    let web = "[web]\nlisten = \"192.0.2.7:8443\"\nbehind_proxy = true\n";

    assert_eq!(
        node_refusal(&format!("{reached}{record}")),
        "stafett.toml:19:17: development.record_frames: expected every listen address to be loopback, \
         found federation.listen = 192.0.2.7:7443"
    );
    assert_eq!(
        node_refusal(&format!("{development}{web}{record}")),
        "stafett.toml:22:17: development.record_frames: expected every listen address to be loopback, \
         found web.listen = 192.0.2.7:8443"
    );
}

#[test]
fn shorter_quiet_before_a_generation_is_refused_on_a_node_with_real_persons() {
    let quiet = "[development]\ngeneration_quiet_s = 2\n";
    let development = replaced(NODE, "[node]", "[node]\ndevelopment = true");
    let folder = Folder::new().write("stafett.toml", &format!("{development}{quiet}"));

    assert_eq!(
        node_refusal(&with(quiet)),
        "stafett.toml:19:22: development.generation_quiet_s: expected node.development = true beside it, \
         found node.development = false"
    );
    assert_eq!(folder.config().development.generation_quiet_s, Some(2));
    assert_eq!(
        node_refusal(&with("[development]\ngeneration_quiet_s = 601\n")),
        "stafett.toml:19:22: development.generation_quiet_s: expected 1 to 600 seconds, found 601"
    );
}

#[test]
fn environment_overrides_the_file() {
    let folder = Folder::new();
    let environment = Environment::from_iter([
        ("STAFETT_LOG", "warn"),
        ("STAFETT_WEB_LISTEN", "127.0.0.1:9000"),
        ("STAFETT_QUIC_LISTEN", "[::]:9001"),
        ("PATH", "/bin"),
    ]);

    let config = load(&folder.path("stafett.toml"), &environment).expect("a right environment");

    assert_eq!(config.observability.level, LogLevel::Warn);
    assert_eq!(config.web.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.federation.listen.to_string(), "[::]:9001");
}

#[test]
fn environment_is_held_to_the_same_rules() {
    let cases = [
        (
            ("STAFETT_LOG", "loud"),
            "environment: STAFETT_LOG: expected error, warn, info, debug or trace, found \"loud\"",
        ),
        (
            ("STAFETT_WEB_LISTEN", "0.0.0.0:8443"),
            "environment: STAFETT_WEB_LISTEN: expected a loopback address, or web.behind_proxy = true, \
             found \"0.0.0.0:8443\"",
        ),
        (
            ("STAFETT_WEBLISTEN", "127.0.0.1:9000"),
            "environment: STAFETT_WEBLISTEN: expected one of STAFETT_LOG, STAFETT_WEB_LISTEN, \
             STAFETT_QUIC_LISTEN, found an unknown variable",
        ),
    ];
    let folder = Folder::new();
    for (variable, message) in cases {
        let refused = load(&folder.path("stafett.toml"), &Environment::from_iter([variable]));

        assert_eq!(folder.message(refused), message);
    }
}

#[test]
fn file_must_be_right_also_where_the_environment_overrides_it() {
    let folder = Folder::new().write("stafett.toml", &with("[observability]\nlevel = \"loud\""));

    let refused = load(&folder.path("stafett.toml"), &Environment::from_iter([("STAFETT_LOG", "warn")]));

    assert_eq!(
        folder.message(refused),
        "stafett.toml:19:9: observability.level: expected error, warn, info, debug or trace, found \"loud\""
    );
}

#[test]
fn long_value_is_shortened_to_one_line() {
    let message = node_refusal(&replaced(NODE, "Inderøy kommune", &format!("a\\n{}", "b".repeat(400))));

    assert_eq!(message.lines().count(), 1);
    assert!(message.ends_with(&format!("found \"a\\n{}\" …", "b".repeat(58))), "{message}");
}

fn with_login(login: &str) -> String {
    with(&format!("[login]\npublic_url = \"https://stafett.example\"\n{login}"))
}

const STAFF: &str = "[login.oidc.staff]\nname = \"Konto\"\nissuer = \"https://login.example\"\n\
                     client_id = \"stafett\"\nclient_file = \"keys/login.pem\"\n";

#[test]
fn provider_for_staff_alone_is_read_with_its_defaults() {
    let folder = Folder::new().write("stafett.toml", &with_login(STAFF));
    let login = folder.config().login;

    let staff = login.staff.expect("a provider");
    assert_eq!(login.family, None);
    assert_eq!(staff.client, crate::ClientProof::Key { file: folder.path("keys/login.pem"), id: None });
    assert_eq!((staff.account_claim.as_str(), staff.roles_claim, staff.acr_values.len()), ("sub", None, 0));
}

#[test]
fn provider_without_tls_is_refused_outside_development() {
    let open = STAFF.replace("https://login.example", "http://127.0.0.1:3000");
    let elsewhere = STAFF.replace("https://login.example", "http://login.example");
    let development = |login: &str| replaced(&with_login(login), "[node]", "[node]\ndevelopment = true");

    for (text, found) in
        [(with_login(&open), "http://127.0.0.1:3000"), (development(&elsewhere), "http://login.example")]
    {
        let message = node_refusal(&text);
        assert!(
            message.contains(
                "login.oidc.staff.issuer: expected https://, or http:// on loopback beside \
                              node.development = true, found"
            ),
            "{message}"
        );
        assert!(message.contains(found), "{message}");
    }
    assert!(Folder::new().write("stafett.toml", &development(&open)).load().is_ok());
}

#[test]
fn provider_is_refused_without_what_it_needs() {
    for (text, expected) in [
        (with(STAFF), "login.public_url: expected an address that begins with https://"),
        (
            with_login(&STAFF.replace("client_id = \"stafett\"\n", "")),
            "login.oidc.staff.client_id: expected 1 to 200",
        ),
        (
            with_login(&STAFF.replace("client_file = \"keys/login.pem\"\n", "")),
            "client_file: expected a path",
        ),
        (
            with_login(&format!("{STAFF}client_method = \"none\"")),
            "expected client_secret_basic or private_key_jwt",
        ),
        (
            with_login(&format!("{STAFF}client_method = \"client_secret_basic\"\nclient_key_id = \"1\"")),
            "expected no client_key_id beside client_secret_basic",
        ),
        (
            with_login(&STAFF.replace("login.example", "login.example/")),
            "expected an address that begins with https://",
        ),
        (
            with_login("[login.oidc.other]\nname = \"x\""),
            "expected one of staff, family, found an unknown key",
        ),
    ] {
        let message = node_refusal(&text);
        assert!(message.contains(expected), "{message}");
    }
}
