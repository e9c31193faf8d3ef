//! Where a partner's node is dialled.

use std::fmt;
use std::net::Ipv6Addr;

use crate::value::from_text;

/// A host name or address with a port, such as `stafett.example.org:7443`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerAddress {
    host: String,
    port: u16,
}

/// A text was no host and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected host:port")]
pub struct AddressError;

const HOST_BYTES_MAX: usize = 253;

impl PartnerAddress {
    /// Returns the host: a name, or an address without brackets. It is resolved anew each time the
    /// partner is dialled.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port; never zero.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl std::str::FromStr for PartnerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (host, port) = text.rsplit_once(':').ok_or(AddressError)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(AddressError)?;
        let host = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => inner.parse::<Ipv6Addr>().map_err(|_| AddressError)?.to_string(),
            None if is_name(host) => host.to_owned(),
            None => return Err(AddressError),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for PartnerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

from_text! { PartnerAddress: "host:port such as stafett.example.org:7443"; }

/// Labels of letters, digits and hyphens (RFC 1123, 2.1); an IPv4 address has the same form.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= HOST_BYTES_MAX && host.split('.').all(is_label)
}
