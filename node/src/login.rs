//! Logging in at an OpenID provider: code flow with PKCE (RFC 7636), state and nonce, the request
//! pushed beforehand where the provider takes it (RFC 9126), and the client proven by a secret or by
//! `private_key_jwt`.
//!
//! What a provider says is never trusted further than its signature: bodies and times are bounded,
//! redirects of its endpoints are not followed, and an id token counts only after every check in
//! `id_token`. A login that has begun is known to this process alone, once, for ten minutes, and
//! to the browser that began it.
//!
//! Deliberately absent: access tokens and user info. Who somebody is stands in the id token, and the
//! node asks a provider nothing else.

mod client;
mod id_token;
mod provider;
mod started;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use stafett_config::people::is_of_a_family;
use stafett_config::{ConfigError, LoginConfig, Person};
use stafett_protocol::person::Role;
use stafett_protocol::time::UnixMillis;

pub use provider::{Provider, Returned};
pub use started::{Started, StartedLogins};

/// Whom a provider knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// The municipality's own people.
    Staff,
    /// Guardians and youths.
    Family,
}

impl Audience {
    /// The word in addresses, settings and rows.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Family => "family",
        }
    }

    /// What a provider for this audience calls a person.
    pub fn login_of(self, person: &Person) -> Option<&str> {
        match self {
            Self::Staff => person.staff_login.as_deref(),
            Self::Family => person.family_login.as_deref(),
        }
    }

    /// Whether a role is one of those who log in there: nobody becomes a guardian by the word of the
    /// staff's provider.
    pub fn has(self, role: Role) -> bool {
        is_of_a_family(role) == (self == Self::Family)
    }
}

/// Why a login came to nothing. Names no person and repeats nothing that a provider sent.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The provider cannot be asked.
    #[error("the provider cannot be asked: {what}")]
    Unreachable {
        /// What was asked for.
        what: &'static str,
        /// Why not.
        #[source]
        source: reqwest::Error,
    },
    /// The provider refused.
    #[error("the provider refused {what}: status {status}")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// The provider's answer is not what the standard says.
    #[error("the provider's answer to {what} is not as expected: {expected}")]
    Answer {
        /// What was asked for.
        what: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The id token does not hold.
    #[error("the id token does not hold: {expected}")]
    Token {
        /// What was expected.
        expected: &'static str,
    },
    /// The person was to log in anew, and the provider does not say when that was.
    #[error("the id token does not say when the person logged in: expected auth_time")]
    Undated,
    /// The client's own key cannot be used.
    #[error("the client's key cannot be used to sign")]
    ClientKey,
}

impl LoginError {
    /// Whether it may be the doing of whoever came back, and counts as a wrong attempt: what the
    /// provider or the settings lack would lock out everybody behind one address.
    pub const fn may_be_an_attack(&self) -> bool {
        !matches!(self, Self::Unreachable { .. } | Self::Undated | Self::ClientKey)
    }
}

/// What a valid id token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The value of the claim that names the account.
    pub account: String,
    /// The roles that the provider gives; none if it is not asked.
    pub roles: Option<BTreeSet<Role>>,
    /// When the person last proved who it is, if the provider says.
    pub authenticated_at: Option<UnixMillis>,
}

/// The providers of this node.
#[derive(Debug, Default)]
pub struct Providers {
    staff: Option<Provider>,
    family: Option<Provider>,
    /// Logins that have begun.
    pub started: StartedLogins,
}

impl Providers {
    /// Reads the clients' secrets and prepares to ask the providers, which are asked later.
    ///
    /// # Errors
    /// [`ConfigError`] if a secret cannot be read, or is no key or text.
    pub fn new(config: &LoginConfig) -> Result<Self, ConfigError> {
        let public_url = config.public_url.as_deref().unwrap_or_default();
        let make = |audience, of: &Option<_>| {
            of.as_ref().map(|of| Provider::new(audience, of, public_url)).transpose()
        };
        Ok(Self {
            staff: make(Audience::Staff, &config.staff)?,
            family: make(Audience::Family, &config.family)?,
            started: StartedLogins::default(),
        })
    }

    /// Returns the provider for an audience.
    pub fn get(&self, audience: Audience) -> Option<&Provider> {
        match audience {
            Audience::Staff => self.staff.as_ref(),
            Audience::Family => self.family.as_ref(),
        }
    }

    /// Returns the provider with this word in its addresses.
    pub fn called(&self, word: &str) -> Option<&Provider> {
        self.iter().find(|provider| provider.audience().word() == word)
    }

    /// Returns all providers, the families' first.
    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.family.iter().chain(&self.staff)
    }
}
