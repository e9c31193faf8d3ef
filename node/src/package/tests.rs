//! The code word opens the envelope, and nothing else does; what was signed is what stands inside.

use serde_json::{Value, json};
use stafett_protocol::id::PackageId;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::UnixMillis;

use super::*;
use crate::keys::{CertificateSubject, NodeKeys};

const FROM: &str = "997391853";
const TO: &str = "840029212";

fn word(byte: u8) -> CodeWord {
    CodeWord::from_random([byte; 16])
}

fn number(text: &str) -> OrganisationNumber {
    text.parse().expect("a number")
}

/// Contents that a node has signed, and its key.
fn contents() -> (Contents, PublicKey) {
    let until = UnixMillis(4_000_000_000_000);
    let subject = CertificateSubject {
        organisation: number(FROM),
        municipality: "Inderøy".to_owned(),
        from: UnixMillis(0),
        until,
    };
    let keys = NodeKeys::generate(&subject).expect("keys");
    let key = SigningKey::from_pkcs8(keys.signing_key_pkcs8()).expect("a key");
    let (document, html) = ("{\"format\":\"stafett-package/1\"}".to_owned(), "<p>Ane</p>".to_owned());
    let statement = PackageByHand {
        package: PackageId::from_bytes([7; 16]),
        from: number(FROM),
        to: number(TO),
        document_sha256: Contents::hash_of(&document),
        html_sha256: Contents::hash_of(&html),
        made_on: "2027-08-01".parse().expect("a day"),
    };
    let signed = key.sign(statement).expect("signs");
    (Contents { statement: signed.token().to_owned(), document, html }, key.public())
}

fn envelope() -> String {
    contents().0.seal(&word(1), Salts::random()).expect("seals")
}

#[test]
fn code_word_is_read_as_people_type_it_and_tells_nothing_when_it_is_printed() {
    let word = CodeWord::from_random([0x9c; 16]);
    let shown = word.grouped();

    assert_eq!((shown.len(), shown.split(' ').count()), (24, 5), "{shown}");
    for typed in [shown.clone(), shown.to_lowercase(), shown.replace(' ', "-"), shown.replace(' ', "")] {
        assert_eq!(typed.parse(), Ok(word.clone()), "{typed}");
    }
    for typed in ["", "ABCD", &shown[1..], &format!("{shown}A"), &shown.replace(' ', "0")] {
        assert_eq!(typed.parse::<CodeWord>(), Err(CodeWordError), "{typed}");
    }
    assert_eq!(format!("{word:?}"), "CodeWord(«redacted»)");
    let all: std::collections::BTreeSet<_> = (0..=255).map(|byte| self::word(byte).grouped()).collect();
    assert_eq!(all.len(), 256);
}

#[test]
fn package_opens_with_its_code_word_alone() {
    let (made, _) = contents();
    let sealed = made.seal(&word(1), Salts::random()).expect("seals");

    assert_eq!(Contents::open(&sealed, &word(1)).expect("opens"), made);
    let other = Contents::open(&sealed, &word(2));
    assert!(matches!(other, Err(ContentsError::Envelope(JweError::Open))));
    assert!(!sealed.contains("Ane") && !sealed.contains(TO));
    let again = made.seal(&word(1), Salts::random()).expect("seals");
    assert_ne!(sealed, again, "nobody sees that two packages are the same");
}

#[test]
fn envelope_that_was_changed_anywhere_does_not_open() {
    let sealed = envelope();
    let parts: Vec<&str> = sealed.split('.').collect();
    assert_eq!(parts.len(), 5);

    for place in 0..parts.len() {
        let mut changed: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let first = if changed[place].starts_with('B') { "C" } else { "B" };
        changed[place].replace_range(..1, first);
        let opened = jwe::open(&changed.join("."), &word(1));
        assert!(matches!(opened, Err(JweError::Open | JweError::Form)), "part {place}");
    }
    assert_eq!(jwe::open(&parts[..4].join("."), &word(1)), Err(JweError::Form));
    assert_eq!(jwe::open(&format!("{sealed}."), &word(1)), Err(JweError::Form));
}

#[test]
fn no_other_algorithm_bound_or_field_is_taken_and_nothing_is_derived_for_it() {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let sealed = envelope();
    let (header, rest) = sealed.split_once('.').expect("parts");
    let header: Value = serde_json::from_slice(&base64.decode(header).expect("base64")).expect("JSON");
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        format!("{}.{rest}", base64.encode(header.to_string()))
    };

    let long = base64.encode([7; 400]);
    let begun = std::time::Instant::now();
    for (name, value) in [
        ("alg", json!("PBES2-HS256+A128KW")),
        ("alg", json!("dir")),
        ("enc", json!("A128CBC-HS256")),
        ("p2c", json!(1_000)),
        ("p2c", json!(599_999)),
        ("p2c", json!(2_000_001)),
        ("p2c", json!(4_294_967_295_u32)),
        ("p2s", json!("AAAA")),
        ("p2s", json!(long)),
        ("zip", json!("DEF")),
        ("crit", json!(["exp"])),
        ("typ", json!("JWT")),
    ] {
        assert_eq!(jwe::open(&with(name, value.clone()), &word(1)), Err(JweError::Form), "{name} {value}");
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(1), "a bound came after the work");
    let huge = "A".repeat(jwe::ENVELOPE_BYTES_MAX + 1);
    assert_eq!(jwe::open(&huge, &word(1)), Err(JweError::TooLarge));
    assert_eq!(jwe::seal(huge.as_bytes(), &word(1), Salts::random()), Err(JweError::TooLarge));
}

#[test]
fn what_stands_inside_is_what_the_sender_signed_for_this_municipality() {
    let (made, key) = contents();
    let (_, other) = contents();

    let said = made.verify(&[key], number(TO)).expect("verifies");
    assert_eq!(said.statement().from, number(FROM));

    assert!(matches!(made.verify(&[other], number(TO)), Err(ContentsError::Signature(_))));
    assert!(matches!(made.verify(&[], number(TO)), Err(ContentsError::Signature(_))));
    assert!(matches!(made.verify(&[key], number(FROM)), Err(ContentsError::Receiver)));
    for changed in [
        Contents { document: "{}".to_owned(), ..made.clone() },
        Contents { html: "<p>Ine</p>".to_owned(), ..made.clone() },
    ] {
        assert!(matches!(changed.verify(&[key], number(TO)), Err(ContentsError::Hash)));
    }
}

#[test]
fn envelope_that_another_library_made_opens_here() {
    // Made with npm's jose 6.2.17 under the code word ABCD EFGH JKLM NPQR STUV.
    let sealed = [
        "eyJhbGciOiJQQkVTMi1IUzUxMitBMjU2S1ciLCJlbmMiOiJBMjU2R0NNIiwiY3R5IjoianNvbiIsInR5cCI6InN0YWZldHQtcGFj\
         a2FnZSIsInAyYyI6NjAwMDAwLCJwMnMiOiJ4eGRjZWl3c1FKQmhmQ2d6dkgxRzJBIn0",
        "uani5R1VeDJsw3mIqytheYuMo7dfNZDS3-YYXdvtpUo1o3BFocTTKw",
        "0qmQoqz_mZXZ-Tir",
        "JvCnO-KVyn8bD5vZpVO4LaGGSgJmVqgwP9m7eVXQIi57AAo",
        "EA2PcsYmOAME8KUc4_2qsA",
    ];
    let code = "ABCD EFGH JKLM NPQR STUV".parse().expect("a code word");

    let plain = jwe::open(&sealed.join("."), &code).expect("opens");

    assert_eq!(String::from_utf8(plain).expect("text"), "Kari leser best om morgenen. æøå");
}
