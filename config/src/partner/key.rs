//! Public keys in a partner's file, as text.

use std::fmt;

use toml::de::DeValue;

use crate::value::FromValue;

/// A text was not 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hex digits")]
pub struct KeyTextError;

macro_rules! key {
    ($($(#[$doc:meta])* $name:ident: $expected:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the 32 bytes.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Returns the 32 bytes.
            pub const fn bytes(self) -> [u8; 32] {
                self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = KeyTextError;

            fn from_str(text: &str) -> Result<Self, KeyTextError> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromValue for $name {
            const EXPECTED: &'static str = $expected;
            // Someone may have put a private key where the public one belongs.
            const SHOWN: bool = false;

            fn from_value(value: &DeValue<'_>) -> Option<Self> {
                value.as_str()?.parse().ok()
            }
        }
    )+};
}

key! {
    /// SHA-256 of the public key (SubjectPublicKeyInfo) in a node's TLS certificate.
    TlsFingerprint: "a TLS fingerprint of 64 hex digits, ':' between groups allowed";
    /// The Ed25519 public key that signs a node's statements.
    SigningPublicKey: "an Ed25519 public key of 64 hex digits, ':' between groups allowed";
}

/// Reads 32 bytes; a colon may stand between two bytes, as tools print fingerprints.
fn parse(text: &str) -> Result<[u8; 32], KeyTextError> {
    let mut bytes = [0; 32];
    let mut rest = text.as_bytes();
    for (index, byte) in bytes.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b":").unwrap_or(rest);
        }
        let [high, low, after @ ..] = rest else {
            return Err(KeyTextError);
        };
        *byte = digit(*high)? << 4 | digit(*low)?;
        rest = after;
    }
    if rest.is_empty() { Ok(bytes) } else { Err(KeyTextError) }
}

fn digit(character: u8) -> Result<u8, KeyTextError> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(KeyTextError)
}
