//! The folder of partners.

use std::collections::BTreeSet;

use stafett_protocol::agreement::{Moves, Standing};
use stafett_protocol::consent::Sector;
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::time::{DAY, HOUR, UnixMillis};

use super::support::{Folder, PARTNER, partner_refusal, replaced};
use crate::OwnKeys;
use crate::partner::{AgreementTerms, SigningPublicKey, TlsFingerprint};

const ONES: [u8; 32] = [0x11; 32];
const TWOS: [u8; 32] = [0x22; 32];

/// A second partner with keys of its own.
fn snasa() -> String {
    PARTNER
        .replace("840029212", "964982031")
        .replace(&"1".repeat(64), &"3".repeat(64))
        .replace(&"2".repeat(64), &"4".repeat(64))
}

#[test]
fn partners_are_read_from_every_toml_file_that_is_not_hidden() {
    let folder = Folder::new()
        .write("partners/steinkjer.toml", PARTNER)
        .write("partners/snasa.toml", &snasa())
        .write("partners/.draft.toml", "no partner")
        .write("partners/notes.txt", "no partner");

    let partners = folder.partners().expect("two right files");

    let names: Vec<_> = partners.iter().map(|partner| partner.organisation.to_string()).collect();
    assert_eq!(names, ["840029212", "964982031"]);
    assert_eq!(
        partners.by_tls(&TlsFingerprint::new([0x33; 32])).map(|partner| partner.organisation.value()),
        Some(964_982_031)
    );
    assert_eq!(partners.by_tls(&TlsFingerprint::new([0x44; 32])), None);
}

#[test]
fn agreement_holds_from_its_first_to_its_last_day_in_the_time_zone_of_the_node() {
    let folder = Folder::new().write("partners/steinkjer.toml", PARTNER);

    let partners = folder.partners().expect("a right file");
    let agreement = partners.iter().next().expect("one partner").agreement();

    // 2026-07-31T22:00:00Z and 2028-07-31T22:00:00Z: midnight in Oslo in summer.
    let starts_at = UnixMillis(20_665 * DAY + 22 * HOUR);
    let ends_at = UnixMillis(21_396 * DAY + 22 * HOUR);
    assert_eq!((agreement.from, agreement.until), (starts_at, ends_at));
    assert!(agreement.holds(UnixMillis(ends_at.0 - 1)));
    assert!(!agreement.holds(ends_at));
    assert_eq!(agreement.areas.iter().map(|area| area.as_str()).collect::<Vec<_>>(), ["language"]);
    assert_eq!(agreement.services.iter().map(|code| code.as_str()).collect::<Vec<_>>(), ["ppt"]);
}

#[test]
fn agreement_of_one_day_holds_on_that_day() {
    let folder = Folder::new()
        .write("partners/steinkjer.toml", &replaced(PARTNER, "until = 2028-07-31", "until = 2026-08-01"));

    let agreement = folder.partners().expect("a right file").iter().next().expect("one partner").agreement();

    assert_eq!(agreement.until.since(agreement.from), DAY);
}

#[test]
fn agreement_across_the_end_of_summer_time_has_an_hour_more() {
    let text = replaced(PARTNER, "from = 2026-08-01", "from = 2026-10-25");
    let folder = Folder::new()
        .write("partners/steinkjer.toml", &replaced(&text, "until = 2028-07-31", "until = 2026-10-25"));

    let agreement = folder.partners().expect("a right file").iter().next().expect("one partner").agreement();

    assert_eq!(agreement.until.since(agreement.from), 25 * HOUR);
}

#[test]
fn last_day_before_the_first_is_refused() {
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "until = 2028-07-31", "until = 2026-07-31")),
        "partners/steinkjer.toml:15:9: agreement.until: expected a date not before agreement.from, 2026-08-01, \
         found 2026-07-31"
    );
}

#[test]
fn date_that_is_no_date_is_refused() {
    let cases = [
        (
            "2026-02-30",
            "partners/steinkjer.toml:14:8: expected TOML, found: invalid date, expected day between 01 and 28",
        ),
        (
            "\"2026-08-01\"",
            "partners/steinkjer.toml:14:8: agreement.from: expected a date such as 2026-08-01, without quotes, \
             found \"2026-08-01\"",
        ),
        (
            "2026-08-01T00:00:00Z",
            "partners/steinkjer.toml:14:8: agreement.from: expected a date such as 2026-08-01, without quotes, \
             found 2026-08-01T00:00:00Z",
        ),
        (
            "1969-12-31",
            "partners/steinkjer.toml:14:8: agreement.from: expected a date in the years 1970 to 9998, \
             found 1969-12-31",
        ),
    ];
    for (date, message) in cases {
        assert_eq!(partner_refusal(&replaced(PARTNER, "2026-08-01", date)), message);
    }
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "2028-07-31", "9999-12-31")),
        "partners/steinkjer.toml:15:9: agreement.until: expected a date in the years 1970 to 9998, found 9999-12-31"
    );
}

#[test]
fn area_that_the_node_does_not_have_is_refused() {
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "[\"language\"]", "[\"language\", \"home\"]")),
        "partners/steinkjer.toml:16:22: agreement.areas: expected an area of the node's own settings, found \"home\""
    );
}

#[test]
fn agreement_without_areas_is_refused() {
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "[\"language\"]", "[]")),
        "partners/steinkjer.toml:11:1: agreement.areas: expected at least one area, found nothing"
    );
}

#[test]
fn agreement_says_which_cases_may_move_apart_from_what_is_shared() {
    let text =
        replaced(PARTNER, "our_services", "moving_areas = [\"language\"]\nmoving_from = true\nour_services");
    let text = format!(
        "{text}takes_over = true\n\n[[services]]\ncode = \"school\"\nnames.nb = \"Skole\"\nshares = false\n"
    );
    let folder = Folder::new().write("partners/steinkjer.toml", &text);

    let agreement = folder.partners().expect("a right file").iter().next().expect("one partner").agreement();

    let codes =
        |services: &BTreeSet<ServiceCode>| services.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(codes(&agreement.services), ["ppt"], "the school only takes over, and it does not here");
    assert_eq!(codes(&agreement.moves.services), ["ppt"]);
    assert_eq!(agreement.moves.areas, agreement.areas);
    assert!(agreement.moves.from_there);
    let silent = Folder::new().write("partners/steinkjer.toml", PARTNER);
    let silent = silent.partners().expect("a right file").iter().next().expect("one partner").agreement();
    assert_eq!(silent.moves, Moves::default(), "nothing moves where nothing is agreed");
}

#[test]
fn municipalities_that_share_nothing_may_let_cases_move() {
    let text = replaced(PARTNER, "areas = [\"language\"]", "areas = []\nmoving_areas = [\"language\"]");
    let text = replaced(&text, "our_services = [\"school\"]\n", "");
    let text = format!("{text}shares = false\ntakes_over = true\n");
    let folder = Folder::new().write("partners/steinkjer.toml", &text);

    let agreement = folder.partners().expect("a right file").iter().next().expect("one partner").agreement();

    assert!(agreement.services.is_empty() && agreement.areas.is_empty());
    assert_eq!(agreement.moves.areas.len(), 1);
    let shares = replaced(&text, "shares = false", "shares = true");
    assert_eq!(
        partner_refusal(&shares),
        "partners/steinkjer.toml:11:1: agreement.areas: expected at least one area, found nothing"
    );
}

#[test]
fn service_that_takes_cases_over_needs_areas_that_may_go_along() {
    assert_eq!(
        partner_refusal(&format!("{PARTNER}takes_over = true\n")),
        "partners/steinkjer.toml:11:1: agreement.moving_areas: expected at least one area, for a service that \
         takes cases over, found nothing"
    );
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "our_services", "moving_areas = [\"language\"]\nour_services")),
        "partners/steinkjer.toml:17:16: agreement.moving_areas: expected none, or a service that takes cases \
         over, found 1 areas"
    );
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "our_services", "moving_areas = [\"home\"]\nour_services")),
        "partners/steinkjer.toml:17:17: agreement.moving_areas: expected an area of the node's own settings, \
         found \"home\""
    );
}

#[test]
fn service_of_ours_that_the_node_does_not_have_is_refused() {
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "[\"school\"]", "[\"nav\"]")),
        "partners/steinkjer.toml:17:17: agreement.our_services: expected a service of the node's own settings, \
         found \"nav\""
    );
}

#[test]
fn area_named_twice_is_refused() {
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "[\"language\"]", "[\"language\", \"language\"]")),
        "partners/steinkjer.toml:16:22: agreement.areas: expected each code once, found a second \"language\""
    );
}

#[test]
fn second_service_of_a_partner_with_one_code_is_refused() {
    assert_eq!(
        partner_refusal(&format!("{PARTNER}\n[[services]]\ncode = \"ppt\"\nnames.nb = \"PPT\"\n")),
        "partners/steinkjer.toml:24:8: services.code: expected each code once, found a second \"ppt\""
    );
}

#[test]
fn partner_without_services_is_refused() {
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "[[services]]\ncode = \"ppt\"\nnames.nb = \"PPT\"\n", "")),
        "partners/steinkjer.toml:1:1: services: expected at least one service, found nothing"
    );
}

#[test]
fn second_file_for_one_organisation_is_refused() {
    let folder = Folder::new().write("partners/a.toml", PARTNER).write("partners/b.toml", PARTNER);

    let refused = folder.partners();

    assert_eq!(
        folder.message(refused),
        "partners/b.toml:1:16: organisation: expected one file for each partner, found a second file for 840029212"
    );
}

#[test]
fn own_organisation_as_partner_is_refused() {
    let message = partner_refusal(&replaced(
        PARTNER,
        "organisation = \"840029212\"\n",
        "organisation = \"997391853\"\n",
    ));

    assert_eq!(
        message,
        "partners/steinkjer.toml:1:16: organisation: expected another organisation than this node's, found 997391853"
    );
}

#[test]
fn key_that_two_partners_share_is_refused_whatever_its_place() {
    let ones = "1".repeat(64);
    let with_next_tls =
        replaced(&snasa(), "signing_current", &format!("tls_next = \"{ones}\"\nsigning_current"));
    let with_signing = snasa().replace(&"4".repeat(64), &ones);

    for (text, place) in
        [(with_next_tls, "9:12: keys.tls_next"), (with_signing, "9:19: keys.signing_current")]
    {
        let folder = Folder::new().write("partners/a.toml", PARTNER).write("partners/b.toml", &text);

        let refused = folder.partners();

        assert_eq!(
            folder.message(refused),
            format!("partners/b.toml:{place}: expected a key that nobody else has, found a key of 840029212")
        );
    }
}

#[test]
fn key_that_stands_in_one_file_twice_is_refused() {
    let text = replaced(
        PARTNER,
        "\n\n[agreement]",
        &format!("\nsigning_next = \"{}\"\n\n[agreement]", "2".repeat(64)),
    );

    assert_eq!(
        partner_refusal(&text),
        "partners/steinkjer.toml:10:16: keys.signing_next: expected a key that nobody else has, \
         found a key that stands in this file twice"
    );
}

#[test]
fn own_key_at_a_partner_is_refused() {
    let folder = Folder::new().write("partners/steinkjer.toml", PARTNER);
    let other = [0x55; 32];
    let same_tls = OwnKeys { tls: TlsFingerprint::new(ONES), signing: SigningPublicKey::new(other) };
    let same_signing = OwnKeys { tls: TlsFingerprint::new(other), signing: SigningPublicKey::new(TWOS) };
    let none = OwnKeys { tls: TlsFingerprint::new(other), signing: SigningPublicKey::new([0x66; 32]) };

    assert_eq!(
        folder.message(folder.partners_beside(&same_tls)),
        "partners/steinkjer.toml:8:15: keys.tls_current: expected a key that nobody else has, \
         found a key of this node"
    );
    assert_eq!(
        folder.message(folder.partners_beside(&same_signing)),
        "partners/steinkjer.toml:9:19: keys.signing_current: expected a key that nobody else has, \
         found a key of this node"
    );
    assert_eq!(folder.partners_beside(&none).expect("other keys").len(), 1);
}

#[test]
fn key_text_of_another_form_is_refused_and_not_repeated() {
    let cases = [
        "1".repeat(63),
        "1".repeat(65),
        "1".repeat(66),
        format!("g{}", "1".repeat(63)),
        format!(":{}", "1".repeat(64)),
        format!("{}:", "1".repeat(64)),
        format!("1:{}", "1".repeat(63)),
        format!("11::{}", "1".repeat(62)),
    ];
    for text in cases {
        let count = text.len();
        assert_eq!(
            partner_refusal(&PARTNER.replace(&"1".repeat(64), &text)),
            format!(
                "partners/steinkjer.toml:8:15: keys.tls_current: expected a TLS fingerprint of 64 hex digits, \
                 ':' between groups allowed, found a text of {count} characters, not shown"
            )
        );
    }
}

#[test]
fn fingerprint_with_colons_and_capitals_is_the_same_as_without() {
    let with_colons: SigningPublicKey = ["AB"; 32].join(":").parse().expect("32 groups");
    let without: SigningPublicKey = "ab".repeat(32).parse().expect("64 digits");

    assert_eq!(with_colons, without);
    assert_eq!(without.to_string(), "ab".repeat(32));
}

#[test]
fn address_needs_a_host_and_a_port() {
    for (address, shown) in [
        ("stafett.example", "\"stafett.example\""),
        ("stafett.example:0", "\"stafett.example:0\""),
        ("stafett.example:65536", "\"stafett.example:65536\""),
        (":7443", "\":7443\""),
        ("a b:7443", "\"a b:7443\""),
        ("-a.example:7443", "\"-a.example:7443\""),
        ("::1:7443", "\"::1:7443\""),
        ("https://stafett.example:7443", "\"https://stafett.example:7443\""),
    ] {
        assert_eq!(
            partner_refusal(&format!("address = \"{address}\"\n{PARTNER}")),
            format!(
                "partners/steinkjer.toml:1:11: address: expected host:port such as stafett.example.org:7443, \
                 found {shown}"
            )
        );
    }
    for (address, host) in [
        ("stafett.example:7443", "stafett.example"),
        ("192.0.2.1:7443", "192.0.2.1"),
        ("[2001:db8::1]:7443", "2001:db8::1"),
    ] {
        let folder =
            Folder::new().write("partners/steinkjer.toml", &format!("address = \"{address}\"\n{PARTNER}"));
        let partners = folder.partners().expect("a right address");
        let read = partners.iter().next().and_then(|partner| partner.address.as_ref()).expect("an address");

        assert_eq!((read.host(), read.port(), read.to_string().as_str()), (host, 7443, address));
    }
}

#[test]
fn partner_may_store_no_more_than_the_bound_of_all_agreements() {
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "areas =", "entries_max = 200001\nareas =")),
        "partners/steinkjer.toml:16:15: agreement.entries_max: expected 1 to 200000 entries, found 200001"
    );
    assert_eq!(
        partner_refusal(&replaced(PARTNER, "areas =", "bytes_max = 0\nareas =")),
        "partners/steinkjer.toml:16:13: agreement.bytes_max: expected 1 to 4294967296 bytes, found 0"
    );
}

#[test]
fn what_an_agreement_leaves_out_has_its_default() {
    let folder = Folder::new().write("partners/steinkjer.toml", PARTNER);

    let partners = folder.partners().expect("a right file");
    let partner = partners.iter().next().expect("one partner");

    assert_eq!(partner.terms.entries_max, AgreementTerms::ENTRIES_MAX_DEFAULT);
    assert_eq!(partner.terms.bytes_max, AgreementTerms::BYTES_MAX_DEFAULT);
    assert_eq!(partner.address, None);
    assert_eq!(partner.standing(), Standing::Trusted);
}

#[test]
fn revoked_partner_stands_revoked() {
    let folder = Folder::new().write("partners/steinkjer.toml", &format!("revoked = true\n{PARTNER}"));

    let partners = folder.partners().expect("a right file");

    assert_eq!(partners.iter().next().map(|partner| partner.standing()), Some(Standing::Revoked));
}

#[test]
fn both_the_current_and_the_next_key_prove_identity() {
    let text =
        replaced(PARTNER, "signing_current", &format!("tls_next = \"{}\"\nsigning_current", "7".repeat(64)));
    let folder = Folder::new().write("partners/steinkjer.toml", &text);

    let partners = folder.partners().expect("a right file");

    for fingerprint in [ONES, [0x77; 32]] {
        assert!(partners.by_tls(&TlsFingerprint::new(fingerprint)).is_some());
    }
    assert!(partners.by_tls(&TlsFingerprint::new(TWOS)).is_none(), "a signing key is no certificate");
}

#[test]
fn absent_folder_of_partners_is_named() {
    let folder = Folder::new();
    std::fs::remove_dir(folder.path("partners")).expect("an empty folder");

    let refused = folder.partners();

    assert_eq!(
        folder.message(refused),
        "partners: expected a readable folder, found: No such file or directory (os error 2)"
    );
}

#[test]
fn folder_named_like_a_partner_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("partners/old.toml")).expect("a new folder");

    let refused = folder.partners();

    assert_eq!(
        folder.message(refused),
        "partners/old.toml: expected a readable file, found: Is a directory (os error 21)"
    );
}

#[test]
fn service_is_the_partners_and_public_until_its_section_says_otherwise() {
    let controller_with = |lines: &str| {
        let text = replaced(PARTNER, "names.nb = \"PPT\"\n", &format!("names.nb = \"PPT\"\n{lines}"));
        let folder = Folder::new().write("partners/steinkjer.toml", &text);
        let partners = folder.partners().expect("a right file");
        let controller = partners.iter().next().expect("one partner").services[0].controller;
        (controller.organisation.to_string(), controller.sector)
    };
    let (partner, private) = ("840029212".to_owned(), "310000019".to_owned());

    assert_eq!(controller_with(""), (partner.clone(), Sector::Public));
    assert_eq!(controller_with("controller = \"840029212\""), (partner.clone(), Sector::Public));
    assert_eq!(controller_with("controller = \"310000019\""), (private.clone(), Sector::Private));
    assert_eq!(controller_with("controller = \"310000019\"\nsector = \"public\""), (private, Sector::Public));
    assert_eq!(controller_with("sector = \"private\""), (partner, Sector::Private));
}

#[test]
fn sector_that_is_none_is_refused() {
    let text = replaced(PARTNER, "names.nb = \"PPT\"\n", "names.nb = \"PPT\"\nsector = \"church\"\n");

    let message = partner_refusal(&text);

    assert!(message.ends_with("services.sector: expected public or private, found \"church\""), "{message}");
}

/// A municipality without a node, to which cases may move.
fn by_hand() -> String {
    let text = replaced(PARTNER, "[keys]", "[keys_gone]");
    let from = text.find("[keys_gone]").expect("the keys");
    let until = text.find("[agreement]").expect("the agreement");
    let text = format!("by_hand = true\n{}{}", &text[..from], &text[until..]);
    let text = replaced(&text, "areas = [\"language\"]", "areas = []\nmoving_areas = [\"language\"]");
    let text = replaced(&text, "our_services = [\"school\"]\n", "");
    replaced(&text, "code = \"ppt\"", "code = \"school\"\nshares = false\ntakes_over = true")
}

#[test]
fn municipality_without_a_node_has_no_keys_and_takes_cases_over_alone() {
    let folder = Folder::new().write("partners/steinkjer.toml", &by_hand());
    let partners = folder.partners().expect("a right file");
    let partner = partners.iter().next().expect("a partner");
    assert!(partner.is_by_hand() && partner.agreement().services.is_empty());
    assert_eq!(partner.agreement().moves.services.len(), 1);

    let refused = [
        (format!("{}[keys]\n", by_hand()), "a file without keys"),
        (format!("address = \"a.example:7443\"\n{}", by_hand()), "a file without address"),
        (replaced(&by_hand(), "shares = false\n", ""), "agreement.areas: expected at least one area"),
        (
            replaced(&by_hand(), "areas = []\n", "areas = []\nour_services = [\"school\"]\n"),
            "agreement.areas",
        ),
        (
            replaced(&by_hand(), "areas = []\n", "areas = []\nmoving_from = true\n"),
            "without agreement.moving_from",
        ),
        (replaced(PARTNER, "[keys]", "by_hand = true\n[keys]"), "a file without keys"),
    ];
    for (text, expected) in refused {
        let refusal = partner_refusal(&text);
        assert!(refusal.contains(expected), "{expected}: {refusal}");
    }
}
