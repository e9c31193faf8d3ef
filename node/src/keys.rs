//! A node's three keys: for TLS, for signing, and for wrapping data keys.
//!
//! They are made together, kept in one folder outside the data folder, and never printed. The
//! TLS key is ECDSA P-256: every security module, TPM and key service a municipality may move it
//! to later can hold one, and TLS 1.3 signs and verifies it fastest of what they all offer. The
//! signing key is Ed25519, because statements are signed as JWS with EdDSA.

mod fingerprint;
mod folder;
mod renewal;
#[cfg(test)]
mod tests;

use std::ops::Add;
use std::path::PathBuf;

use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::succession::sealed::{PackageSecret, derive_with};
use stafett_protocol::time::UnixMillis;

pub(crate) use fingerprint::fingerprint_of;
pub use fingerprint::{CertificateFacts, CertificateFactsError, Fingerprint, FingerprintError};
pub use renewal::Nearness;

/// What the derivation of the secret of packages is bound to.
const PACKAGE_SECRET_INFO: &[u8] = b"stafett package secret 1";
/// The certificate's subject attribute for an organisation's number (ETSI EN 319 412-1, 5.1.4).
pub(crate) const ORGANISATION_IDENTIFIER: &[u64] = &[2, 5, 4, 97];
/// What stands before the nine digits: the Norwegian trade register (ETSI EN 319 412-1, 5.1.4).
pub(crate) const ORGANISATION_PREFIX: &str = "NTRNO-";

/// The last second an X.509 certificate can name (RFC 5280, 4.1.2.5.2).
const YEAR_9999_ENDS_S: u64 = 253_402_300_799;

/// Keys could not be made, written or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A key or certificate could not be made.
    #[error("could not make keys")]
    Generate(#[source] rcgen::Error),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Randomness,
    /// A file is there already; keys are never overwritten.
    #[error("{path} is there already")]
    AlreadyThere {
        /// Which file.
        path: PathBuf,
    },
    /// Others than the owner can read, write or run a file that holds a secret.
    #[error("{path} is open to others: expected mode 600, found {mode:o}")]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file could not be read or written.
    #[error("{path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file does not hold what its name says.
    #[error("{path}: expected {expected}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// The certificate lacks something that partners look at.
    #[error("the certificate cannot be used")]
    Certificate(#[from] CertificateFactsError),
    /// The certificate was made for another key.
    #[error("the certificate belongs to another key: it has {certificate}, the key has {key}")]
    CertificateOfAnotherKey {
        /// Fingerprint of the key in the certificate.
        certificate: Fingerprint,
        /// Fingerprint of the TLS key.
        key: Fingerprint,
    },
}

/// Whom a certificate names, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSubject {
    /// The municipality's organisation number; also the name of the node.
    pub organisation: OrganisationNumber,
    /// The municipality's name, for people who look at the certificate.
    pub municipality: String,
    /// The first second in which it is valid; parts of a second are dropped.
    pub from: UnixMillis,
    /// The last second in which it is valid.
    pub until: UnixMillis,
}

/// The three keys of one node, with the certificate of the first.
pub struct NodeKeys {
    tls: KeyPair,
    certificate_pem: String,
    certificate: CertificateDer<'static>,
    facts: CertificateFacts,
    signing: KeyPair,
    signing_public: [u8; 32],
    earlier_signing: Vec<[u8; 32]>,
    wrapping: [u8; 32],
}

impl NodeKeys {
    /// Makes three new keys from the system's randomness, and a certificate for the first.
    ///
    /// # Errors
    /// [`KeysError::Generate`] or [`KeysError::Randomness`] if the system cannot;
    /// [`KeysError::Certificate`] if the validity ends before it begins.
    pub fn generate(subject: &CertificateSubject) -> Result<Self, KeysError> {
        let tls = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(KeysError::Generate)?;
        let signing = KeyPair::generate_for(&rcgen::PKCS_ED25519).map_err(KeysError::Generate)?;
        let mut wrapping = [0; 32];
        aws_lc_rs::rand::SystemRandom::new().fill(&mut wrapping).map_err(|_| KeysError::Randomness)?;
        let certificate = self_signed(subject, &tls)?;
        Self::assemble(tls, certificate.pem(), certificate.der().clone(), signing, wrapping)
    }

    /// Returns these keys under a new certificate; partners that pinned the key notice nothing.
    ///
    /// # Errors
    /// [`KeysError::Generate`] or [`KeysError::Certificate`], as for [`NodeKeys::generate`].
    pub fn with_certificate_for(self, subject: &CertificateSubject) -> Result<Self, KeysError> {
        let certificate = self_signed(subject, &self.tls)?;
        let (earlier_signing, der) = (self.earlier_signing, certificate.der().clone());
        let renewed = Self::assemble(self.tls, certificate.pem(), der, self.signing, self.wrapping)?;
        Ok(Self { earlier_signing, ..renewed })
    }

    fn assemble(
        tls: KeyPair,
        certificate_pem: String,
        certificate: CertificateDer<'static>,
        signing: KeyPair,
        wrapping: [u8; 32],
    ) -> Result<Self, KeysError> {
        let facts = CertificateFacts::of(&certificate)?;
        let key = Fingerprint::of_public_key(&tls.subject_public_key_info());
        if key != facts.fingerprint {
            return Err(KeysError::CertificateOfAnotherKey { certificate: facts.fingerprint, key });
        }
        let pair = Ed25519KeyPair::from_pkcs8(signing.serialized_der()).map_err(|_| KeysError::Content {
            path: folder::SIGNING_KEY.into(),
            expected: "an Ed25519 key",
        })?;
        let signing_public = pair.public_key().as_ref().try_into().map_err(|_| KeysError::Content {
            path: folder::SIGNING_KEY.into(),
            expected: "an Ed25519 key",
        })?;
        let earlier_signing = Vec::new();
        Ok(Self {
            tls,
            certificate_pem,
            certificate,
            facts,
            signing,
            signing_public,
            earlier_signing,
            wrapping,
        })
    }

    /// Returns the SHA-256 of the TLS key's SPKI: what a partner pins in the agreement.
    pub fn fingerprint(&self) -> Fingerprint {
        self.facts.fingerprint
    }

    /// Returns the organisation number that the certificate names.
    pub fn organisation(&self) -> OrganisationNumber {
        self.facts.organisation
    }

    /// Returns what partners see in the certificate, with its validity.
    pub fn certificate_facts(&self) -> &CertificateFacts {
        &self.facts
    }

    /// Returns the certificate in PEM, to be given to a partner.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Returns the certificate in DER.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Returns the public signing key: 32 bytes (RFC 8032, 5.1.5).
    pub fn signing_public_key(&self) -> &[u8; 32] {
        &self.signing_public
    }

    /// Returns every public key by which an own statement is known: the present one, and those that
    /// the node signed with before.
    pub fn every_signing_key(&self) -> impl Iterator<Item = [u8; 32]> + '_ {
        std::iter::once(self.signing_public).chain(self.earlier_signing.iter().copied())
    }

    /// Returns the private signing key in PKCS #8, for the one place that signs statements.
    pub fn signing_key_pkcs8(&self) -> &[u8] {
        self.signing.serialized_der()
    }

    /// Returns the key that wraps the data keys of cases.
    pub fn wrapping_key(&self) -> &[u8; 32] {
        &self.wrapping
    }

    /// Returns what the keys of packages are derived from: another key than the one that wraps data keys,
    /// and always the same, so that a store restored from before a move can still hand its package over.
    ///
    /// # Errors
    /// [`KeysError::Randomness`] if the derivation fails, which a key of 32 bytes does not cause.
    pub fn package_secret(&self) -> Result<PackageSecret, KeysError> {
        let mut secret = [0; 32];
        derive_with(&[], &self.wrapping, &[PACKAGE_SECRET_INFO], &mut secret)
            .map_err(|_| KeysError::Randomness)?;
        Ok(PackageSecret::new(secret))
    }

    /// Returns the private TLS key in PKCS #8.
    pub(crate) fn tls_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.tls.serialize_der()))
    }
}

impl std::fmt::Debug for NodeKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeKeys").field("certificate", &self.facts).finish_non_exhaustive()
    }
}

fn self_signed(subject: &CertificateSubject, key: &KeyPair) -> Result<rcgen::Certificate, KeysError> {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, subject.municipality.as_str());
    name.push(
        DnType::from_oid(ORGANISATION_IDENTIFIER),
        format!("{ORGANISATION_PREFIX}{}", subject.organisation),
    );
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    parameters.not_before = Add::add(epoch, seconds(subject.from));
    parameters.not_after = Add::add(epoch, seconds(subject.until));
    parameters.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages =
        vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth, rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    parameters.self_signed(key).map_err(KeysError::Generate)
}

/// Seconds since 1970, kept within what a certificate can name, so that adding them cannot fail.
fn seconds(moment: UnixMillis) -> std::time::Duration {
    std::time::Duration::from_secs(std::time::Duration::from_millis(moment.0).as_secs().min(YEAR_9999_ENDS_S))
}
