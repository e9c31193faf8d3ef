//! The cookies of the pages.
//!
//! Behind a proxy that ends TLS they are `__Host-` cookies: `Secure`, for this host alone, for all
//! paths (RFC 6265bis, section 4.1.3.2). A node that is reached without TLS, which is only one that
//! listens on loopback, cannot have them, because a browser refuses them there; its cookies have a
//! plain name with the port in it, since a browser keeps one jar for all ports of a host and two
//! nodes of a demonstration stand beside one another.

use axum::http::{HeaderMap, HeaderValue, header};
use stafett_config::WebConfig;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The secret of a session. Ends with the browser; the node ends it earlier.
    Session,
    /// Which notice the next page shows: the name of a text, never content.
    Notice,
    /// The language that the person chose.
    Language,
    /// Ties a login that has begun at a provider to the browser that began it.
    Login,
}

impl Cookie {
    const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Notice => "notice",
            Self::Language => "language",
            Self::Login => "login",
        }
    }

    /// How long a browser keeps it, in seconds; none for as long as it runs.
    const fn age_max(self) -> Option<u32> {
        match self {
            Self::Session => None,
            Self::Notice => Some(60),
            Self::Language => Some(365 * 24 * 60 * 60),
            Self::Login => Some(10 * 60),
        }
    }
}

/// How this node names its cookies.
#[derive(Debug, Clone)]
pub(crate) struct Cookies {
    is_secure: bool,
    port: u16,
}

impl Cookies {
    pub(crate) fn new(web: &WebConfig) -> Self {
        Self { is_secure: web.behind_proxy, port: web.listen.port() }
    }

    fn name(&self, cookie: Cookie) -> String {
        if self.is_secure {
            format!("__Host-stafett-{}", cookie.word())
        } else {
            format!("stafett-{}-{}", self.port, cookie.word())
        }
    }

    /// Returns the one value of a cookie; none if there are two, one of which somebody else set.
    pub(crate) fn read<'a>(&self, headers: &'a HeaderMap, cookie: Cookie) -> Option<&'a str> {
        let name = self.name(cookie);
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut found = values
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let (Some(value), None) = (found.next(), found.next()) else { return None };
        Some(value)
    }

    /// Returns the header that sets a cookie. What is no visible ASCII text is set to nothing.
    pub(crate) fn set(&self, cookie: Cookie, value: &str) -> HeaderValue {
        self.header(cookie, value, cookie.age_max())
    }

    /// Returns the header that takes a cookie away.
    pub(crate) fn clear(&self, cookie: Cookie) -> HeaderValue {
        self.header(cookie, "", Some(0))
    }

    /// `Lax`, not `Strict`: a person who comes back from the login provider comes from elsewhere, and
    /// would seem to be logged out. What changes anything asks for its own origin besides.
    fn header(&self, cookie: Cookie, value: &str, age_max: Option<u32>) -> HeaderValue {
        let name = self.name(cookie);
        let age = age_max.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if self.is_secure { "; Secure" } else { "" };
        let is_plain = value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte));
        let value = if is_plain { value } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn cookies(behind_proxy: bool) -> Cookies {
        let listen = ([127, 0, 0, 1], 8443).into();
        Cookies::new(&WebConfig { listen, behind_proxy, people: PathBuf::new() })
    }

    fn sent(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))])
    }

    #[test]
    fn behind_tls_a_cookie_is_for_this_host_alone() {
        assert_eq!(
            cookies(true).set(Cookie::Session, "abc"),
            "__Host-stafett-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookies(true).clear(Cookie::Login),
            "__Host-stafett-login=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"
        );
    }

    #[test]
    fn without_tls_a_cookie_names_its_port_and_a_browser_takes_it() {
        assert_eq!(
            cookies(false).set(Cookie::Session, "abc"),
            "stafett-8443-session=abc; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn cookie_that_is_there_twice_is_not_read() {
        let read = |text| cookies(false).read(&sent(text), Cookie::Session).map(str::to_owned);

        assert_eq!(read("a=b; stafett-8443-session=abc;c=d").as_deref(), Some("abc"));
        assert_eq!(read("stafett-8443-session=abc; stafett-8443-session=def"), None);
        assert_eq!(read("stafett-8444-session=abc; stafett-8443-session-x=def"), None);
    }

    #[test]
    fn value_cannot_add_an_attribute() {
        for value in ["a; Domain=example", "a\r\nX: y", "ø", "a b"] {
            assert!(cookies(true).set(Cookie::Notice, value).to_str().expect("text").contains("=; Path=/"));
        }
    }
}
