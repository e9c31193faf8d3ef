//! Logins that have begun and not come back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use stafett_protocol::person::Role;
use tokio::time::Instant;

use super::Audience;
use crate::clock;

/// How long a person has at the provider.
const TIME: Duration = Duration::from_secs(10 * 60);
/// Logins that may be under way; the oldest gives way to one more.
const STARTED_MAX: usize = 4_096;

/// What is known of a login that has begun.
#[derive(Debug, Clone)]
pub struct Started {
    /// At whose provider.
    pub audience: Audience,
    /// Must stand in the id token, so that it is for this login.
    pub nonce: String,
    /// Proves to the provider that whoever redeems the code asked for it (RFC 7636).
    pub verifier: String,
    /// What only the browser that began it has, in a cookie.
    pub browser: String,
    /// Where to go afterwards.
    pub to: String,
    /// Whether the person must prove anew who it is.
    pub again: bool,
    /// The role of the session that asked for it, in which the person goes on if the login gives it.
    pub role: Option<Role>,
    begun: Instant,
}

impl Started {
    /// Begins a login.
    pub fn new(audience: Audience, to: &str, again: bool) -> Self {
        Self {
            audience,
            nonce: secret(),
            verifier: secret(),
            browser: secret(),
            to: to.to_owned(),
            again,
            role: None,
            begun: Instant::now(),
        }
    }

    /// The same for somebody who has a role already.
    #[must_use]
    pub fn in_role(self, role: Option<Role>) -> Self {
        Self { role, ..self }
    }

    /// What the provider is told of the verifier beforehand.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// How long ago the login began.
    pub fn age(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Draws 256 bits as text.
fn secret() -> String {
    URL_SAFE_NO_PAD.encode(clock::random::<32>())
}

/// Logins under way, by their state.
#[derive(Debug, Default)]
pub struct StartedLogins(Mutex<BTreeMap<String, Started>>);

impl StartedLogins {
    /// Keeps a login and returns its state.
    pub fn keep(&self, started: Started) -> String {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= STARTED_MAX {
            all.retain(|_, started| started.age() < TIME);
        }
        if all.len() >= STARTED_MAX {
            let oldest = all.iter().min_by_key(|(_, started)| started.begun).map(|(state, _)| state.clone());
            oldest.map(|state| all.remove(&state));
        }
        let state = secret();
        all.insert(state.clone(), started);
        state
    }

    /// Takes a login that comes back, once, and only for the browser that began it.
    pub fn take(&self, state: &str, audience: Audience, browser: &str) -> Option<Started> {
        self.take_at(Instant::now(), state, audience, browser)
    }

    fn take_at(&self, now: Instant, state: &str, audience: Audience, browser: &str) -> Option<Started> {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(state)?;
        let is_its = started.audience == audience && started.browser == browser;
        (is_its && now.duration_since(started.begun) < TIME).then_some(started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_comes_back_once_to_its_own_browser_and_provider() {
        let all = StartedLogins::default();
        let begin = || {
            let started = Started::new(Audience::Staff, "/", false);
            (started.browser.clone(), all.keep(started))
        };

        let (browser, state) = begin();
        assert!(all.take(&state, Audience::Staff, &browser).is_some());
        assert!(all.take(&state, Audience::Staff, &browser).is_none());
        let (_, state) = begin();
        assert!(all.take(&state, Audience::Staff, "another").is_none());
        let (browser, state) = begin();
        assert!(all.take(&state, Audience::Family, &browser).is_none());
        assert!(all.take("unknown", Audience::Staff, &browser).is_none());
    }

    #[test]
    fn login_that_took_more_than_ten_minutes_does_not_come_back() {
        let all = StartedLogins::default();
        let started = Started::new(Audience::Staff, "/", false);
        let late = started.begun + TIME;
        let (browser, state) = (started.browser.clone(), all.keep(started.clone()));
        let in_time = late - Duration::from_millis(1);
        assert!(all.take_at(in_time, &state, Audience::Staff, &browser).is_some());

        let state = all.keep(started);

        assert!(all.take_at(late, &state, Audience::Staff, &browser).is_none());
    }

    #[test]
    fn flood_of_logins_takes_bounded_memory() {
        let all = StartedLogins::default();
        for _ in 0..=STARTED_MAX {
            all.keep(Started::new(Audience::Staff, "/", false));
        }

        assert_eq!(all.0.lock().expect("not poisoned").len(), STARTED_MAX);
    }
}
