//! What a certificate says: its key's fingerprint, its organisation, its validity.

use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::{SECOND, UnixMillis};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{ORGANISATION_IDENTIFIER, ORGANISATION_PREFIX};

/// The SHA-256 of a public key in its certificate form, SubjectPublicKeyInfo (RFC 5280, 4.1).
///
/// It names the key and not the certificate, so a certificate can be renewed under its pin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// A text was not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct FingerprintError;

impl Fingerprint {
    /// Takes the 32 bytes of a SHA-256.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Hashes a public key in DER.
    pub fn of_public_key(public_key_info: &[u8]) -> Self {
        Self(Sha256::digest(public_key_info).into())
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        parse_hex(text).map(Self).ok_or(FingerprintError)
    }
}

/// Reads exactly 64 hexadecimal digits.
pub(super) fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    bytes?.try_into().ok()
}

/// A certificate lacks what a link needs to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFactsError {
    /// The bytes are no X.509 certificate.
    #[error("not an X.509 certificate")]
    Form,
    /// The subject does not name exactly one organisation.
    #[error("expected one subject attribute 2.5.4.97 of the form NTRNO-#########")]
    Organisation,
    /// The validity ends before it begins.
    #[error("the validity ends before it begins")]
    Validity,
}

/// What a link looks at in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The key's fingerprint.
    pub fingerprint: Fingerprint,
    /// The number in the subject's attribute 2.5.4.97.
    pub organisation: OrganisationNumber,
    /// The first moment at which it is valid.
    pub from: UnixMillis,
    /// The last moment at which it is valid.
    pub until: UnixMillis,
}

impl CertificateFacts {
    /// Reads all of them.
    ///
    /// # Errors
    /// [`CertificateFactsError`] if one is missing.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, CertificateFactsError> {
        let fingerprint = fingerprint_of(certificate)?;
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| CertificateFactsError::Form)?;
        let organisation = organisation_of(&parsed).ok_or(CertificateFactsError::Organisation)?;
        let moment = |seconds: i64| UnixMillis(u64::try_from(seconds).unwrap_or(0).saturating_mul(SECOND));
        let from = moment(parsed.validity().not_before.timestamp());
        let until = moment(parsed.validity().not_after.timestamp()).plus(SECOND.saturating_sub(1));
        if until < from {
            return Err(CertificateFactsError::Validity);
        }
        Ok(Self { fingerprint, organisation, from, until })
    }
}

/// Hashes the certificate's key as the TLS library reads it: the key that the handshake's
/// signature is checked with is then the key that was pinned.
pub(crate) fn fingerprint_of(certificate: &CertificateDer<'_>) -> Result<Fingerprint, CertificateFactsError> {
    let parsed = ParsedCertificate::try_from(certificate).map_err(|_| CertificateFactsError::Form)?;
    Ok(Fingerprint::of_public_key(&parsed.subject_public_key_info()))
}

fn organisation_of(certificate: &X509Certificate<'_>) -> Option<OrganisationNumber> {
    let wanted = x509_parser::der_parser::oid::Oid::from(ORGANISATION_IDENTIFIER).ok()?;
    let mut named = certificate.subject().iter_by_oid(&wanted);
    let first = named.next()?.as_str().ok()?;
    if named.next().is_some() {
        return None;
    }
    first.strip_prefix(ORGANISATION_PREFIX)?.parse().ok()
}
