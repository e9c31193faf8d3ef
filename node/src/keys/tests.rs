use std::os::unix::fs::PermissionsExt;

use stafett_protocol::time::{DAY, UnixMillis};

use super::*;

const FROM: UnixMillis = UnixMillis(1_800_000_000_000);

#[test]
fn written_keys_are_read_back_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = NodeKeys::generate(&subject("840029212")).expect("keys");

    keys.write(folder.path()).expect("written");
    let again = NodeKeys::read(folder.path()).expect("read");

    assert_eq!(again.fingerprint(), keys.fingerprint());
    assert_eq!(again.certificate(), keys.certificate());
    assert_eq!(again.signing_public_key(), keys.signing_public_key());
    assert_eq!(again.signing_key_pkcs8(), keys.signing_key_pkcs8());
    assert_eq!(again.wrapping_key(), keys.wrapping_key());
    assert_eq!(again.organisation().to_string(), "840029212");
}

#[test]
fn keys_that_were_signed_with_before_are_read_beside_the_present_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = NodeKeys::generate(&subject("840029212")).expect("keys");
    keys.write(folder.path()).expect("written");
    let earlier = folder.path().join("signing.earlier");
    let write = |content: String| {
        std::fs::write(&earlier, content).expect("written");
        std::fs::set_permissions(&earlier, std::fs::Permissions::from_mode(0o600)).expect("closed");
    };
    let alone: Vec<_> = NodeKeys::read(folder.path()).expect("read").every_signing_key().collect();
    assert_eq!(alone, [*keys.signing_public_key()]);

    write(format!("{}\n\n{}\n", "0a".repeat(32), "0B".repeat(32)));
    let again = NodeKeys::read(folder.path()).expect("read");
    let every: Vec<_> = again.every_signing_key().collect();
    assert_eq!(every, [*keys.signing_public_key(), [0x0a; 32], [0x0b; 32]]);
    let renewed = again.with_certificate_for(&subject("840029212")).expect("renewed");
    assert_eq!(renewed.every_signing_key().count(), 3, "a new certificate forgets none");

    write("no key".to_owned());
    assert!(matches!(NodeKeys::read(folder.path()), Err(KeysError::Content { .. })));
    write(String::new());
    std::fs::set_permissions(&earlier, std::fs::Permissions::from_mode(0o644)).expect("open");
    assert!(matches!(NodeKeys::read(folder.path()), Err(KeysError::OpenToOthers { .. })));
}

#[test]
fn certificate_names_organisation_and_validity() {
    let keys = NodeKeys::generate(&subject("997391853")).expect("keys");

    let facts = keys.certificate_facts();

    assert_eq!(facts.organisation.to_string(), "997391853");
    assert_eq!(facts.from, FROM);
    assert_eq!(facts.until, FROM.plus(365 * DAY).plus(999));
}

#[test]
fn written_files_are_open_to_their_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys_folder = folder.path().join("keys");

    NodeKeys::generate(&subject("840029212")).expect("keys").write(&keys_folder).expect("written");

    for name in ["tls.key", "tls.crt", "signing.key", "wrapping.key"] {
        assert_eq!(mode(&keys_folder.join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&keys_folder), 0o700);
}

#[test]
fn keys_are_never_overwritten() {
    for name in ["tls.key", "tls.crt", "signing.key", "wrapping.key"] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(name), "kept").expect("written");

        let refused = NodeKeys::generate(&subject("840029212")).expect("keys").write(folder.path());

        assert!(matches!(refused, Err(KeysError::AlreadyThere { .. })), "{name}: {refused:?}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1, "{name}");
        assert_eq!(std::fs::read(folder.path().join(name)).expect("read"), b"kept", "{name}");
    }
}

#[test]
fn keys_that_others_can_read_are_refused() {
    for name in ["tls.key", "tls.crt", "signing.key", "wrapping.key"] {
        for open in [0o640, 0o604, 0o620, 0o601] {
            let folder = tempfile::tempdir().expect("a folder");
            NodeKeys::generate(&subject("840029212")).expect("keys").write(folder.path()).expect("written");
            let path = folder.path().join(name);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(open)).expect("changed");

            let refused = NodeKeys::read(folder.path());

            assert!(
                matches!(refused, Err(KeysError::OpenToOthers { mode, .. }) if mode == open),
                "{name} {open:o}: {refused:?}"
            );
        }
    }
}

#[test]
fn certificate_of_another_key_is_refused() {
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    NodeKeys::generate(&subject("840029212")).expect("keys").write(folder.path()).expect("written");
    NodeKeys::generate(&subject("840029212")).expect("keys").write(other.path()).expect("written");
    std::fs::copy(other.path().join("tls.crt"), folder.path().join("tls.crt")).expect("copied");

    let refused = NodeKeys::read(folder.path());

    assert!(matches!(refused, Err(KeysError::CertificateOfAnotherKey { .. })), "{refused:?}");
}

#[test]
fn broken_files_are_named() {
    for name in ["tls.key", "tls.crt", "signing.key", "wrapping.key"] {
        let folder = tempfile::tempdir().expect("a folder");
        NodeKeys::generate(&subject("840029212")).expect("keys").write(folder.path()).expect("written");
        let path = folder.path().join(name);
        std::fs::write(&path, "-----BEGIN NOTHING-----").expect("broken");

        let refused = NodeKeys::read(folder.path());

        assert!(
            matches!(&refused, Err(KeysError::Content { path: named, .. }) if *named == path),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn renewed_certificate_keeps_the_fingerprint() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = NodeKeys::generate(&subject("840029212")).expect("keys");
    keys.write(folder.path()).expect("written");
    let pinned = keys.fingerprint();
    let later = CertificateSubject { until: FROM.plus(900 * DAY), ..subject("840029212") };

    keys.with_certificate_for(&later).expect("renewed").replace_certificate(folder.path()).expect("replaced");

    let again = NodeKeys::read(folder.path()).expect("read");
    assert_eq!(again.fingerprint(), pinned);
    assert_eq!(again.certificate_facts().until, FROM.plus(900 * DAY).plus(999));
}

#[test]
fn validity_that_ends_before_it_begins_is_refused() {
    let backwards = CertificateSubject { until: UnixMillis(FROM.0 - DAY), ..subject("840029212") };

    let refused = NodeKeys::generate(&backwards);

    assert!(matches!(refused, Err(KeysError::Certificate(CertificateFactsError::Validity))), "{refused:?}");
}

#[test]
fn signatures_verify_with_the_public_signing_key() {
    let keys = NodeKeys::generate(&subject("840029212")).expect("keys");
    let pair = Ed25519KeyPair::from_pkcs8(keys.signing_key_pkcs8()).expect("a key");

    let signature = pair.sign(b"statement");

    let public = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::ED25519,
        keys.signing_public_key(),
    );
    assert!(public.verify(b"statement", signature.as_ref()).is_ok());
    assert!(public.verify(b"another", signature.as_ref()).is_err());
}

#[test]
fn debug_text_holds_no_secret() {
    let keys = NodeKeys::generate(&subject("840029212")).expect("keys");

    let text = format!("{keys:?}");

    let secret: String = keys.wrapping_key().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!text.contains(&secret) && !text.contains("PRIVATE") && text.len() < 400, "{text}");
}

#[test]
fn fingerprint_text_round_trips_and_refuses_the_rest() {
    let fingerprint = Fingerprint::of_public_key(b"key");

    assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    for bad in ["", "00", &"0".repeat(63), &"0".repeat(65), &"0".repeat(66), &"g".repeat(64)] {
        assert_eq!(bad.parse::<Fingerprint>(), Err(FingerprintError), "{bad}");
    }
}

fn subject(organisation: &str) -> CertificateSubject {
    CertificateSubject {
        organisation: organisation.parse().expect("an organisation number"),
        municipality: "Inderøy kommune".to_owned(),
        from: FROM,
        until: FROM.plus(365 * DAY),
    }
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o777
}
