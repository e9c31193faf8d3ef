//! How the node proves to a provider which client it is.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use stafett_config::{ClientProof, ConfigError, Secret};
use stafett_protocol::time::{SECOND, UnixMillis};

use super::LoginError;
use crate::clock;

/// How long a signed proof counts, in seconds: as long as one request may take.
const PROOF_SECONDS: u64 = 60;
/// What a signed proof says it is (RFC 7523, section 2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client's proof, ready to use.
pub(crate) enum Client {
    Secret(Secret<String>),
    Key { key: EncodingKey, algorithm: Algorithm, id: Option<String> },
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«redacted»")
    }
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: u64,
    exp: u64,
}

impl Client {
    pub(crate) fn read(proof: &ClientProof) -> Result<Self, ConfigError> {
        let (ClientProof::Secret(file) | ClientProof::Key { file, .. }) = proof;
        let bytes = Secret::read(file)?;
        let unreadable = || ConfigError::Unreadable {
            path: file.clone(),
            what: "private key in PEM (RSA, or EC on P-256), or secret in UTF-8",
            source: std::io::ErrorKind::InvalidData.into(),
        };
        match proof {
            ClientProof::Secret(_) => {
                let text = bytes.try_map(|bytes| String::from_utf8(bytes).map(|text| text.trim().to_owned()));
                Ok(Self::Secret(text.map_err(|_| unreadable())?))
            }
            ClientProof::Key { id, .. } => {
                let (key, algorithm) = signing_key(bytes.reveal()).ok_or_else(unreadable)?;
                Ok(Self::Key { key, algorithm, id: id.clone() })
            }
        }
    }

    /// Adds the proof to what is sent: a header, or fields of the form.
    pub(crate) fn prove(
        &self,
        client_id: &str,
        issuer: &str,
        now: UnixMillis,
        form: &mut Vec<(&'static str, String)>,
    ) -> Result<Option<String>, LoginError> {
        match self {
            Self::Secret(secret) => {
                // Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1).
                let encode =
                    |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encode(client_id), encode(secret.reveal()));
                Ok(Some(format!("Basic {}", STANDARD.encode(pair))))
            }
            Self::Key { key, algorithm, id } => {
                let seconds = now.0.checked_div(SECOND).unwrap_or_default();
                let assertion = Assertion {
                    iss: client_id,
                    sub: client_id,
                    aud: issuer,
                    jti: URL_SAFE_NO_PAD.encode(clock::random::<16>()),
                    iat: seconds,
                    exp: seconds.saturating_add(PROOF_SECONDS),
                };
                let header = Header { kid: id.clone(), ..Header::new(*algorithm) };
                let signed =
                    jsonwebtoken::encode(&header, &assertion, key).map_err(|_| LoginError::ClientKey)?;
                if form.iter().all(|(name, _)| *name != "client_id") {
                    form.push(("client_id", client_id.to_owned()));
                }
                form.push(("client_assertion_type", ASSERTION.to_owned()));
                form.push(("client_assertion", signed));
                Ok(None)
            }
        }
    }
}

fn signing_key(pem: &[u8]) -> Option<(EncodingKey, Algorithm)> {
    let elliptic = EncodingKey::from_ec_pem(pem).map(|key| (key, Algorithm::ES256));
    elliptic.or_else(|_| EncodingKey::from_rsa_pem(pem).map(|key| (key, Algorithm::RS256))).ok()
}
