//! What an id token must be before it counts (OpenID Connect Core 1.0, section 3.1.3.7).

use std::collections::BTreeSet;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use stafett_protocol::person::Role;
use stafett_protocol::time::{SECOND, UnixMillis};

use super::{Known, LoginError};

/// Signatures that count. None with a shared secret: whoever could check it could forge it.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far the provider's clock may stand from ours, in seconds.
const CLOCKS_APART: u64 = 60;
/// How old a token may be, in seconds: it is fetched at the moment at which it is made.
const AGE_MAX: u64 = 10 * 60;
/// How far back a person who was to prove anew who it is may have done so, in seconds.
const ANEW_MAX: u64 = 5 * 60;
/// Bytes of a token.
pub(crate) const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// What a token is checked against.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) account_claim: &'a str,
    pub(crate) roles_claim: Option<&'a str>,
    pub(crate) acr_values: &'a [String],
    /// Whether the person had to prove anew who it is.
    pub(crate) again: bool,
    pub(crate) now: UnixMillis,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audiences,
    azp: Option<String>,
    exp: u64,
    iat: u64,
    nonce: String,
    acr: Option<String>,
    auth_time: Option<u64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

const fn wrong(expected: &'static str) -> LoginError {
    LoginError::Token { expected }
}

/// Returns the key id that a token names, if its algorithm is one that counts.
pub(crate) fn key_id(token: &str) -> Result<Option<String>, LoginError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(wrong("at most 16 KiB"));
    }
    let header = decode_header(token).map_err(|_| wrong("a signed token with a known algorithm"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(wrong("a signature that others can check"));
    }
    Ok(header.kid)
}

/// Checks a token against the one key that may have signed it.
pub(crate) fn check(token: &str, key: &Jwk, expected: &Expected<'_>) -> Result<Known, LoginError> {
    let claims = signed_by(token, key)?;
    belongs(&claims, expected)?;
    is_in_time(&claims, expected)?;
    if !expected.acr_values.is_empty()
        && !claims.acr.as_ref().is_some_and(|acr| expected.acr_values.contains(acr))
    {
        return Err(wrong("a level of assurance that is demanded"));
    }
    let account = match expected.account_claim {
        "iss" | "aud" | "nonce" => None,
        claim => claims.others.get(claim).and_then(Value::as_str).filter(|value| !value.is_empty()),
    };
    Ok(Known {
        account: account.ok_or(wrong("the claim that names the account"))?.to_owned(),
        roles: expected.roles_claim.map(|claim| roles(claims.others.get(claim))),
        authenticated_at: claims.auth_time.map(|seconds| UnixMillis(seconds.saturating_mul(SECOND))),
    })
}

fn signed_by(token: &str, key: &Jwk) -> Result<Claims, LoginError> {
    let header = decode_header(token).map_err(|_| wrong("a signed token with a known algorithm"))?;
    let word = serde_json::to_value(header.alg).ok();
    let says = key.common.key_algorithm.map(|algorithm| serde_json::to_value(algorithm).ok());
    if !ALGORITHMS.contains(&header.alg) || says.is_some_and(|says| says != word) {
        return Err(wrong("the algorithm of its key"));
    }
    // Times and audience are checked below, by the node's own clock and in full.
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(key).map_err(|_| wrong("a key that can be used"))?;
    let token = decode::<Claims>(token, &key, &validation);
    token.map(|token| token.claims).map_err(|_| wrong("a signature of the provider over the claims needed"))
}

fn belongs(claims: &Claims, expected: &Expected<'_>) -> Result<(), LoginError> {
    if claims.iss != expected.issuer {
        return Err(wrong("the provider as its issuer"));
    }
    let (has_us, is_ours_alone) = match &claims.aud {
        Audiences::One(audience) => (audience == expected.client_id, true),
        Audiences::Many(all) => (all.iter().any(|one| one == expected.client_id), all.len() == 1),
    };
    let party_is_us = claims.azp.as_ref().map_or(is_ours_alone, |party| party == expected.client_id);
    if !has_us || !party_is_us {
        return Err(wrong("this client as its audience"));
    }
    if claims.nonce != expected.nonce {
        return Err(wrong("the nonce of this login"));
    }
    Ok(())
}

fn is_in_time(claims: &Claims, expected: &Expected<'_>) -> Result<(), LoginError> {
    let now = expected.now.0.checked_div(SECOND).unwrap_or_default();
    if claims.exp.saturating_add(CLOCKS_APART) <= now {
        return Err(wrong("a token that has not expired"));
    }
    let is_new = claims.iat <= now.saturating_add(CLOCKS_APART);
    if !is_new || claims.iat.saturating_add(AGE_MAX) < now {
        return Err(wrong("a token that was made just now"));
    }
    let anew = |at: u64| at.saturating_add(ANEW_MAX) >= now && at <= now.saturating_add(CLOCKS_APART);
    // Whoever is asked with `max_age` has to say it (OpenID Connect Core 1.0, section 3.1.2.1).
    if expected.again && !anew(claims.auth_time.ok_or(LoginError::Undated)?) {
        return Err(wrong("a person who has just proven who it is"));
    }
    Ok(())
}

/// A claim with a list of words, or one word.
fn roles(claim: Option<&Value>) -> BTreeSet<Role> {
    let words = match claim {
        Some(Value::Array(words)) => words.as_slice(),
        Some(word) => std::slice::from_ref(word),
        None => &[],
    };
    words.iter().filter_map(|word| serde_json::from_value(word.clone()).ok()).collect()
}
