//! What an id token must be: one that holds, and each way not to.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use stafett_protocol::person::Role;
use stafett_protocol::time::UnixMillis;

use super::id_token::{Expected, check, key_id};
use super::{Known, LoginError};

const NOW: u64 = 1_800_000_000;

/// A provider's key pair.
struct Keys {
    private: EncodingKey,
    public: Jwk,
}

fn keys() -> Keys {
    let pem = rcgen::KeyPair::generate().expect("a key").serialize_pem();
    let private = EncodingKey::from_ec_pem(pem.as_bytes()).expect("a key");
    let public = Jwk::from_encoding_key(&private, Algorithm::ES256).expect("a key");
    Keys { private, public }
}

static KEYS: LazyLock<Keys> = LazyLock::new(keys);

fn claims() -> Value {
    json!({
        "iss": "https://login.example", "aud": "stafett", "sub": "marte", "nonce": "n-1",
        "exp": NOW + 300, "iat": NOW - 2, "auth_time": NOW - 10, "acr": "level-2",
        "roles": ["employee", "archive", "unknown"],
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[key] = value;
    claims
}

fn signed(claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, &KEYS.private).expect("a token")
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://login.example",
        client_id: "stafett",
        nonce: "n-1",
        account_claim: "sub",
        roles_claim: None,
        acr_values: &[],
        again: false,
        now: UnixMillis(NOW * 1_000),
    }
}

fn checked(token: &str, expected: &Expected<'_>) -> Result<Known, LoginError> {
    key_id(token)?;
    check(token, &KEYS.public, expected)
}

#[test]
fn token_of_this_login_tells_who_it_is() {
    let known = checked(&signed(&claims()), &expected()).expect("a token that holds");
    assert_eq!((known.account.as_str(), known.roles), ("marte", None));
    assert_eq!(known.authenticated_at, Some(UnixMillis((NOW - 10) * 1_000)));

    let roles = Expected { roles_claim: Some("roles"), ..expected() };
    let known = checked(&signed(&claims()), &roles).expect("a token that holds");
    assert_eq!(known.roles, Some([Role::Employee, Role::Archive].into()));
    let none = checked(&signed(&with("roles", Value::Null)), &roles).expect("a token that holds");
    assert_eq!(none.roles, Some([].into()));
}

#[test]
fn token_that_is_not_for_this_login_is_refused() {
    for (claims, of) in [
        (with("iss", "https://other.example".into()), "another issuer"),
        (with("iss", "https://login.example/".into()), "an issuer in other letters"),
        (with("aud", "other".into()), "another audience"),
        (with("aud", json!(["other"])), "other audiences"),
        (with("aud", json!(["stafett", "other"])), "several audiences without a party"),
        (with("azp", "other".into()), "another party"),
        (with("nonce", "n-2".into()), "another nonce"),
        (with("nonce", Value::Null), "no nonce"),
        (with("exp", (NOW - 60).into()), "expired"),
        (with("exp", Value::Null), "no end"),
        (with("iat", (NOW + 61).into()), "made in the future"),
        (with("iat", (NOW - 601).into()), "made long ago"),
        (with("sub", Value::Null), "no account"),
        (with("sub", "".into()), "an empty account"),
        (with("sub", 7.into()), "an account that is no text"),
    ] {
        assert!(checked(&signed(&claims), &expected()).is_err(), "{of}");
    }
    let mut both = with("aud", json!(["stafett", "other"]));
    both["azp"] = "stafett".into();
    assert!(checked(&signed(&both), &expected()).is_ok());
    assert!(checked(&signed(&with("exp", (NOW - 59).into())), &expected()).is_ok(), "clocks may stand apart");
}

#[test]
fn token_without_a_signature_of_the_providers_key_is_refused() {
    let good = signed(&claims());
    let [_, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let header = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let shared =
        EncodingKey::from_secret(&serde_json::to_vec(&KEYS.public).expect("what everybody knows of the key"));
    let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(), &shared).expect("a token");
    let foreign = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims(), &keys().private);
    let other = signed(&with("sub", "tor".into()));
    let other = other.split('.').nth(1).expect("claims");

    for (token, of) in [
        (format!("{}.{payload}.", header(r#"{"alg":"none"}"#)), "none"),
        (format!("{}.{payload}.{signature}", header(r#"{"alg":"none"}"#)), "none, signed"),
        (format!("{}.{payload}.{signature}", header(r#"{"alg":"ES384"}"#)), "another algorithm"),
        (forged, "a shared secret"),
        (foreign.expect("a token"), "another key"),
        (good.replace(payload, other), "other claims"),
        (format!("{payload}.{signature}"), "two parts"),
        (String::new(), "nothing"),
        (format!("{good}{}", "A".repeat(20_000)), "too long"),
    ] {
        assert!(checked(&token, &expected()).is_err(), "{of}");
    }
}

#[test]
fn level_that_is_demanded_must_be_there() {
    let levels = ["level-2".to_owned(), "level-3".to_owned()];
    let demanding = Expected { acr_values: &levels, ..expected() };

    assert!(checked(&signed(&claims()), &demanding).is_ok());
    for acr in [Value::Null, "level-1".into(), "level-2 level-3".into(), "".into()] {
        assert!(checked(&signed(&with("acr", acr.clone())), &demanding).is_err(), "{acr}");
    }
}

#[test]
fn person_who_must_prove_anew_who_it_is_must_have_done_so_just_now() {
    let again = Expected { again: true, ..expected() };

    assert!(checked(&signed(&claims()), &again).is_ok());
    for at in [Value::Null, (NOW - 301).into(), (NOW + 61).into()] {
        assert!(checked(&signed(&with("auth_time", at.clone())), &again).is_err(), "{at}");
    }
}

#[test]
fn provider_that_does_not_say_when_is_told_from_a_login_of_long_ago() {
    let again = Expected { again: true, ..expected() };
    let undated = signed(&with("auth_time", Value::Null));

    let refused = checked(&undated, &again).expect_err("a refusal");
    assert!(matches!(refused, LoginError::Undated) && !refused.may_be_an_attack(), "{refused}");
    let old = checked(&signed(&with("auth_time", (NOW - 301).into())), &again).expect_err("a refusal");
    assert!(matches!(old, LoginError::Token { .. }) && old.may_be_an_attack(), "{old}");
    let first = checked(&undated, &expected()).expect("a token that holds");
    assert_eq!(first.authenticated_at, None);
}

#[test]
fn refusal_repeats_nothing_of_the_token() {
    for claims in
        [with("iss", "KANARI".into()), with("nonce", "KANARI".into()), with("sub", json!(["KANARI"]))]
    {
        let refused = checked(&signed(&claims), &expected()).expect_err("a refusal");
        assert!(!format!("{refused} {refused:?}").contains("KANARI"));
    }
}

/// A text changed at one place, in every way in which a text of JSON or base64 may be.
fn changed_at(text: &str, at: usize) -> Vec<String> {
    let (before, rest) = text.split_at(at);
    let [first, after] = [&rest[..1], &rest[1..]];
    let others = ["A", "z", "0", "-", ".", "\"", "{", "=", " "].into_iter().filter(|other| *other != first);
    let changed = others.map(|other| format!("{before}{other}{after}"));
    changed.chain([format!("{before}{after}"), format!("{before}{first}{rest}"), before.to_owned()]).collect()
}

#[test]
fn token_or_key_that_was_changed_anywhere_is_refused_or_says_the_same() {
    let token = signed(&claims());
    for at in 0..token.len() {
        for changed in changed_at(&token, at) {
            assert!(checked(&changed, &expected()).is_err(), "{changed} for {token}");
        }
    }

    let key = serde_json::to_string(&KEYS.public).expect("JSON");
    let (mut keys, mut taken) = (0, 0);
    for at in 0..key.len() {
        for changed in changed_at(&key, at) {
            let Ok(read) = serde_json::from_str::<Jwk>(&changed) else { continue };
            keys += 1;
            let Ok(known) = check(&token, &read, &expected()) else { continue };
            taken += 1;
            assert_eq!(known.account, "marte");
            assert_eq!(read.algorithm, KEYS.public.algorithm, "another key verifies: {changed}");
        }
    }
    assert!(keys > 200 && taken < keys / 2, "{taken} of {keys} keys");
}
