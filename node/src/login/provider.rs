//! One provider: what it says of itself, its keys, and the two steps of a login.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use reqwest::header::AUTHORIZATION;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stafett_config::{ConfigError, OidcConfig};
use stafett_protocol::time::UnixMillis;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::Client;
use super::id_token::{self, Expected};
use super::{Audience, Known, LoginError, Started};

/// How long one answer of a provider is waited for, from the name on.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Bytes of one answer of a provider.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Keys of a provider.
const KEYS_MAX: usize = 64;
/// How long what a provider says of itself is taken for granted.
const METADATA_TIME: Duration = Duration::from_secs(60 * 60);
/// How long keys are taken for granted.
const KEYS_TIME: Duration = Duration::from_secs(60 * 60);
/// How soon an unknown key makes the node ask for keys again: whoever invents keys cannot make it
/// ask without end.
const KEYS_AGAIN: Duration = Duration::from_secs(60);

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// Something that was fetched, and when.
type Kept<T> = Mutex<Option<(Instant, Arc<T>)>>;

/// An OpenID provider, as a client of which this node is known there.
#[derive(Debug)]
pub struct Provider {
    audience: Audience,
    config: OidcConfig,
    client: Client,
    public_url: String,
    http: reqwest::Client,
    metadata: Kept<Metadata>,
    keys: Kept<Vec<Jwk>>,
}

/// What came back in the address from the provider (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Returned {
    /// The code that is redeemed for an id token.
    pub code: Option<String>,
    /// Which login it is.
    pub state: Option<String>,
    /// Who sent it.
    pub iss: Option<String>,
}

impl Provider {
    /// Reads the client's secret; asks the provider nothing yet.
    ///
    /// # Errors
    /// [`ConfigError`] if the secret cannot be read, or is no key or text.
    pub fn new(audience: Audience, config: &OidcConfig, public_url: &str) -> Result<Self, ConfigError> {
        // Its defaults, such as following redirects, would send codes and secrets elsewhere.
        let http = reqwest::Client::builder()
            .timeout(ANSWER_TIME)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| ConfigError::Unreadable {
                path: "/etc/ssl/certs".into(),
                what: "folder of trusted certificates",
                source: std::io::Error::other(error),
            })?;
        Ok(Self {
            audience,
            client: Client::read(&config.client)?,
            config: config.clone(),
            public_url: public_url.to_owned(),
            http,
            metadata: Mutex::default(),
            keys: Mutex::default(),
        })
    }

    /// Whom it knows.
    pub const fn audience(&self) -> Audience {
        self.audience
    }

    /// What the login page calls it.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    fn return_address(&self) -> String {
        format!("{}/login/{}/return", self.public_url, self.audience.word())
    }

    /// Returns the provider's address to which a person who logs in is sent.
    ///
    /// # Errors
    /// [`LoginError`] if the provider cannot be asked or does not answer as the standard says.
    pub async fn begin(&self, started: &Started, state: &str, now: UnixMillis) -> Result<String, LoginError> {
        let metadata = self.metadata().await?;
        let request = self.request(started, state);
        let shown = match &metadata.pushed_authorization_request_endpoint {
            Some(endpoint) => {
                let pushed: Pushed = self.post("the pushed request", endpoint, request, now).await?;
                vec![("client_id", self.config.client_id.clone()), ("request_uri", pushed.request_uri)]
            }
            None => request,
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(shown);
        Ok(with_query(&metadata.authorization_endpoint, &query.finish()))
    }

    fn request(&self, started: &Started, state: &str) -> Vec<(&'static str, String)> {
        let scopes = std::iter::once("openid").chain(self.config.scopes.iter().map(String::as_str));
        let mut request = vec![
            // Also where the client proves itself otherwise (RFC 9126, section 2.1).
            ("client_id", self.config.client_id.clone()),
            ("response_type", "code".to_owned()),
            ("scope", scopes.collect::<Vec<_>>().join(" ")),
            ("redirect_uri", self.return_address()),
            ("state", state.to_owned()),
            ("nonce", started.nonce.clone()),
            ("code_challenge", started.challenge()),
            ("code_challenge_method", "S256".to_owned()),
        ];
        if !self.config.acr_values.is_empty() {
            request.push(("acr_values", self.config.acr_values.join(" ")));
        }
        if started.again {
            request.push(("prompt", "login".to_owned()));
            request.push(("max_age", "0".to_owned()));
        }
        request
    }

    /// Redeems what came back for what the provider knows of the person.
    ///
    /// # Errors
    /// [`LoginError`] if the provider cannot be asked or refuses, or its id token does not hold.
    pub async fn finish(
        &self,
        started: &Started,
        returned: &Returned,
        now: UnixMillis,
    ) -> Result<Known, LoginError> {
        const WHAT: &str = "the login";
        let metadata = self.metadata().await?;
        let is_from = returned.iss.as_ref().map(|iss| *iss == self.config.issuer);
        if !is_from.unwrap_or(!metadata.authorization_response_iss_parameter_supported) {
            return Err(LoginError::Answer { what: WHAT, expected: "the provider as its issuer" });
        }
        let Some(code) = returned.code.clone() else {
            return Err(LoginError::Answer { what: WHAT, expected: "a code" });
        };
        let form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code),
            ("redirect_uri", self.return_address()),
            ("code_verifier", started.verifier.clone()),
        ];
        let tokens: Tokens = self.post("the code", &metadata.token_endpoint, form, now).await?;
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: &started.nonce,
            account_claim: &self.config.account_claim,
            roles_claim: self.config.roles_claim.as_deref(),
            acr_values: &self.config.acr_values,
            again: started.again,
            now,
        };
        let key = self.key(&metadata, id_token::key_id(&tokens.id_token)?).await?;
        id_token::check(&tokens.id_token, &key, &expected)
    }

    /// Returns the address at which the person logs out of the provider too, if it has one
    /// (OpenID Connect RP-Initiated Logout 1.0). The id token is not sent along, because it may hold
    /// a national identity number, and an address is written to logs.
    pub async fn log_out_address(&self) -> Option<String> {
        let metadata = self.metadata().await.ok()?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &self.config.client_id);
        query.append_pair("post_logout_redirect_uri", &format!("{}/", self.public_url));
        Some(with_query(metadata.end_session_endpoint.as_deref()?, &query.finish()))
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, LoginError> {
        const WHAT: &str = "its description";
        let mut kept = self.metadata.lock().await;
        if let Some((at, metadata)) = kept.as_ref().filter(|(at, _)| at.elapsed() < METADATA_TIME) {
            tracing::trace!(age = ?at.elapsed(), "the provider's description is known");
            return Ok(Arc::clone(metadata));
        }
        let address = format!("{}/.well-known/openid-configuration", self.config.issuer);
        let metadata: Metadata = answer(WHAT, self.http.get(address)).await?;
        if metadata.issuer != self.config.issuer {
            return Err(LoginError::Answer { what: WHAT, expected: "the issuer of the settings" });
        }
        if !self.endpoints_are_safe(&metadata) {
            return Err(LoginError::Answer { what: WHAT, expected: "endpoints with TLS, as the issuer" });
        }
        let metadata = Arc::new(metadata);
        *kept = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// An issuer without TLS is one on loopback, which the settings allow for development alone.
    fn endpoints_are_safe(&self, metadata: &Metadata) -> bool {
        let scheme = if self.config.issuer.starts_with("https://") { "https://" } else { "http" };
        let named = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        let more = [&metadata.end_session_endpoint, &metadata.pushed_authorization_request_endpoint];
        let mut all = named.into_iter().chain(more.into_iter().flatten());
        all.all(|endpoint| endpoint.starts_with(scheme) && !endpoint.contains('#'))
    }

    /// Finds the key that a token names. A token that names none is taken only if there is one key.
    async fn key(&self, metadata: &Metadata, id: Option<String>) -> Result<Jwk, LoginError> {
        const WHAT: &str = "its keys";
        let find = |keys: &[Jwk]| match (&id, keys) {
            (Some(id), keys) => keys.iter().find(|key| key.common.key_id.as_ref() == Some(id)).cloned(),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        };
        let mut kept = self.keys.lock().await;
        if let Some((at, keys)) = kept.as_ref() {
            let found = find(keys).filter(|_| at.elapsed() < KEYS_TIME);
            if let Some(key) = found {
                return Ok(key);
            }
            if at.elapsed() < KEYS_AGAIN {
                return Err(LoginError::Token { expected: "a key of the provider" });
            }
        }
        let set: KeySet = answer(WHAT, self.http.get(&metadata.jwks_uri)).await?;
        let keys =
            set.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        let keys: Vec<_> = keys.filter(may_sign).collect();
        let found = find(&keys);
        *kept = Some((Instant::now(), Arc::new(keys)));
        found.ok_or(LoginError::Token { expected: "a key of the provider" })
    }

    async fn post<T: DeserializeOwned>(
        &self,
        what: &'static str,
        endpoint: &str,
        mut form: Vec<(&'static str, String)>,
        now: UnixMillis,
    ) -> Result<T, LoginError> {
        let header = self.client.prove(&self.config.client_id, &self.config.issuer, now, &mut form)?;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = self.http.post(endpoint).body(body);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        if let Some(header) = header {
            request = request.header(AUTHORIZATION, header);
        }
        answer(what, request).await
    }
}

fn may_sign(key: &Jwk) -> bool {
    use jsonwebtoken::jwk::PublicKeyUse;

    key.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
}

fn with_query(endpoint: &str, query: &str) -> String {
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{joint}{query}")
}

/// Sends a request and reads its answer as JSON, within the bounds of bytes and time.
async fn answer<T: DeserializeOwned>(
    what: &'static str,
    request: reqwest::RequestBuilder,
) -> Result<T, LoginError> {
    let unreachable = |source: reqwest::Error| LoginError::Unreachable { what, source: source.without_url() };
    let mut response = request.header("accept", "application/json").send().await.map_err(unreachable)?;
    let status = response.status();
    if !status.is_success() {
        return Err(LoginError::Refused { what, status: status.as_u16() });
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
            return Err(LoginError::Answer { what, expected: "at most 256 KiB" });
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body)
        .map_err(|_| LoginError::Answer { what, expected: "JSON with the fields needed" })
}
