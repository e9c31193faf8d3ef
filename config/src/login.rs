//! `[login]`: how people prove who they are, by OpenID Connect.
//!
//! Staff and families each have a provider of their own, because they are known to different ones:
//! the municipality's own directory, and ID-porten.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use crate::document::Section;
use crate::error::ConfigError;
use crate::node::NodeIdentity;
use crate::value::{FromValue, Name};

/// How people log in; none of it for a node with bearer tokens alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginConfig {
    /// Where browsers reach the pages, without a slash at the end; required with a provider.
    pub public_url: Option<String>,
    /// The provider that knows the municipality's own staff.
    pub staff: Option<OidcConfig>,
    /// The provider that knows guardians and youths.
    pub family: Option<OidcConfig>,
}

/// One OpenID provider, and what this node is to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcConfig {
    /// What the button on the login page calls it.
    pub name: String,
    /// The issuer, exactly as the provider names itself.
    pub issuer: String,
    /// What the provider calls this node.
    pub client_id: String,
    /// How this node proves to the provider that it is that client.
    pub client: ClientProof,
    /// The scopes asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that the file of people has for each person.
    pub account_claim: String,
    /// The claim with the roles that the provider gives a person; none if the file of people decides.
    pub roles_claim: Option<String>,
    /// The levels of assurance of which one is demanded, the first one asked for first.
    pub acr_values: Vec<String>,
}

/// How a node proves to a provider which client it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientProof {
    /// By a shared secret in a file.
    Secret(PathBuf),
    /// By a signature with a key in a PEM file (`private_key_jwt`), which the provider knows by an id.
    Key {
        /// The file.
        file: PathBuf,
        /// The id, if the provider has more than one key of this client.
        id: Option<String>,
    },
}

pub(crate) const KEYS: &[&str] = &["public_url", "oidc"];
pub(crate) const PROVIDERS: &[&str] = &["staff", "family"];
pub(crate) const OIDC_KEYS: &[&str] = &[
    "name",
    "issuer",
    "client_id",
    "client_method",
    "client_file",
    "client_key_id",
    "scopes",
    "account_claim",
    "roles_claim",
    "acr_values",
];

/// A URL of https, or of http on loopback, without query and without a slash at its end.
struct Url(String);

impl FromValue for Url {
    const EXPECTED: &'static str = "an address that begins with https:// and ends without a slash";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\\"<>".contains(&byte));
        let is_whole = !rest.is_empty() && !rest.starts_with('/') && !text.ends_with('/');
        (is_plain && is_whole && text.len() <= 400 && !rest.contains('@')).then(|| Self(text.to_owned()))
    }
}

impl Url {
    /// Without TLS anybody on the way could be the provider or the person.
    fn is_safe(&self, node: &NodeIdentity) -> bool {
        let Some(rest) = self.0.strip_prefix("http://") else { return true };
        let host = rest.split('/').next().unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        node.development && matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    }
}

/// A word that a provider knows: visible ASCII without quotes or spaces.
struct Word(String);

impl FromValue for Word {
    const EXPECTED: &'static str = "1 to 200 visible characters of ASCII without spaces and quotes";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let is_word = (1..=200).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        is_word.then(|| Self(text.to_owned()))
    }
}

impl LoginConfig {
    pub(crate) fn read(
        section: &Section<'_>,
        folder: &Path,
        node: &NodeIdentity,
    ) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let public_url = url(section, "public_url", node)?;
        let providers = section.section("oidc")?;
        providers.only(PROVIDERS)?;
        let read = |name| OidcConfig::read(&providers.section(name)?, folder, node);
        let (staff, family) = (read("staff")?, read("family")?);
        if public_url.is_none() && (staff.is_some() || family.is_some()) {
            return Err(section.missing("public_url", Url::EXPECTED));
        }
        Ok(Self { public_url, staff, family })
    }
}

fn url(section: &Section<'_>, key: &str, node: &NodeIdentity) -> Result<Option<String>, ConfigError> {
    let Some(url) = section.get::<Url>(key)? else { return Ok(None) };
    if !url.value.is_safe(node) {
        return Err(url.refuse("https://, or http:// on loopback beside node.development = true"));
    }
    Ok(Some(url.value.0))
}

impl OidcConfig {
    /// Reads one provider; none if its table is absent.
    fn read(section: &Section<'_>, folder: &Path, node: &NodeIdentity) -> Result<Option<Self>, ConfigError> {
        section.only(OIDC_KEYS)?;
        if !section.is_there() {
            return Ok(None);
        }
        let words = |key| -> Result<Vec<String>, ConfigError> {
            Ok(section.list::<Word>(key)?.into_iter().map(|word| word.value.0).collect())
        };
        let word = |key| -> Result<Option<String>, ConfigError> {
            Ok(section.get::<Word>(key)?.map(|word| word.value.0))
        };
        let issuer = url(section, "issuer", node)?;
        Ok(Some(Self {
            name: section.require::<Name>("name")?.value.0,
            issuer: issuer.ok_or_else(|| section.missing("issuer", Url::EXPECTED))?,
            client_id: section.require::<Word>("client_id")?.value.0,
            client: client(section, folder)?,
            scopes: words("scopes")?,
            account_claim: word("account_claim")?.unwrap_or_else(|| "sub".to_owned()),
            roles_claim: word("roles_claim")?,
            acr_values: words("acr_values")?,
        }))
    }
}

/// The ways to prove it, as OpenID Connect names them (Core 1.0, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Secret,
    Key,
}

impl FromValue for Method {
    const EXPECTED: &'static str = "client_secret_basic or private_key_jwt";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str()? {
            "client_secret_basic" => Some(Self::Secret),
            "private_key_jwt" => Some(Self::Key),
            _ => None,
        }
    }
}

fn client(section: &Section<'_>, folder: &Path) -> Result<ClientProof, ConfigError> {
    let method = section.get_or("client_method", Method::Key)?;
    let file = folder.join(section.require::<PathBuf>("client_file")?.value);
    let id = section.get::<Word>("client_key_id")?;
    match (method, id) {
        (Method::Key, id) => Ok(ClientProof::Key { file, id: id.map(|id| id.value.0) }),
        (Method::Secret, None) => Ok(ClientProof::Secret(file)),
        (Method::Secret, Some(id)) => Err(id.refuse("no client_key_id beside client_secret_basic")),
    }
}
