//! Mutual TLS 1.3: a key that an agreement pins, or no link.
//!
//! Guarantees: both sides present a certificate; its key is one that the partner table pins at
//! that moment; the handshake's signature is verified with that key; every connection is a full
//! handshake, because a resumed one would not ask the verifier. Certificate authorities, host
//! names and tickets are absent on purpose.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, SignatureScheme,
};
use stafett_protocol::municipality::OrganisationNumber;
use tokio::time::Instant;

use super::Clock;
use super::log_limit::LogLimits;
use super::partners::{Partners, Refusal};
use crate::keys::NodeKeys;

/// The name of the protocol in the handshake (RFC 7301); another version gets another name.
pub const ALPN: &[u8] = b"stafett/1";
/// Stands where TLS libraries want a host name; never sent, and reserved by RFC 2606.
pub(super) const SERVER_NAME: &str = "node.invalid";

/// A node's certificate could not be made ready for TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The TLS library refused the key, certificate or settings.
    #[error("the TLS library refused the settings")]
    Settings(#[from] Error),
    /// The cipher that QUIC starts with is missing from the provider.
    #[error("the cipher that QUIC starts with is missing")]
    InitialCipher(#[from] quinn::crypto::rustls::NoInitialCipherSuite),
}

/// Makes the TLS settings of one node.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    own: Arc<SingleCertAndKey>,
    logs: Arc<LogLimits>,
}

impl Tls {
    pub(super) fn new(keys: &NodeKeys, logs: Arc<LogLimits>) -> Result<Self, TlsError> {
        let provider = Arc::new(provider());
        let key = provider.key_provider.load_private_key(keys.tls_key())?;
        let certified = CertifiedKey::new(vec![keys.certificate().clone()], key);
        Ok(Self { provider, own: Arc::new(SingleCertAndKey::from(certified)), logs })
    }

    /// Settings for accepting: the key of any partner that may link now.
    pub(super) fn server(&self, partners: &Partners, clock: &Clock) -> Result<QuicServerConfig, TlsError> {
        let verifier = self.verifier(partners, clock, None);
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::clone(&self.own) as _);
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(config.try_into()?)
    }

    /// Settings for dialling one partner: its keys only. Each refusal is left in the second part.
    pub(super) fn client(
        &self,
        partners: &Partners,
        clock: &Clock,
        partner: OrganisationNumber,
    ) -> Result<(QuicClientConfig, RefusalSlot), TlsError> {
        let verifier = self.verifier(partners, clock, Some(partner));
        let refusal = verifier.refusal.clone();
        let mut config = rustls::ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::clone(&self.own) as _);
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        config.enable_sni = false;
        Ok((config.try_into()?, refusal))
    }

    fn verifier(&self, partners: &Partners, clock: &Clock, only: Option<OrganisationNumber>) -> PinVerifier {
        PinVerifier {
            partners: partners.clone(),
            clock: Arc::clone(clock),
            only,
            algorithms: self.provider.signature_verification_algorithms,
            refusal: RefusalSlot::default(),
            logs: Arc::clone(&self.logs),
        }
    }
}

/// The one provider of cryptography, with the hybrid key exchange first.
pub(super) fn provider() -> CryptoProvider {
    use aws_lc_rs::kx_group::{SECP256R1, X25519, X25519MLKEM768};
    CryptoProvider { kx_groups: vec![X25519MLKEM768, X25519, SECP256R1], ..aws_lc_rs::default_provider() }
}

/// Where a verifier leaves why it refused; the TLS library passes on only an alert.
#[derive(Clone, Default)]
pub(super) struct RefusalSlot(Arc<Mutex<Option<Refusal>>>);

impl RefusalSlot {
    fn put(&self, refusal: Refusal) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }

    pub(super) fn take(&self) -> Option<Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Accepts exactly the keys that are pinned for partners with an agreement in force.
struct PinVerifier {
    partners: Partners,
    clock: Clock,
    only: Option<OrganisationNumber>,
    algorithms: WebPkiSupportedAlgorithms,
    refusal: RefusalSlot,
    logs: Arc<LogLimits>,
}

impl PinVerifier {
    fn verify(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let admitted = self.partners.current().admit(certificate, (self.clock)());
        let refusal = match (admitted, self.only) {
            (Ok((partner, facts)), Some(only)) if partner != only => {
                Refusal::WrongOrganisation { expected: only, found: partner, fingerprint: facts.fingerprint }
            }
            (Ok(_), _) => return Ok(()),
            (Err(refusal), _) => refusal,
        };
        let limit = if refusal.is_of_a_stranger() { &self.logs.strangers } else { &self.logs.partners };
        if let Some(left_out) = limit.line(Instant::now()) {
            let side = if self.only.is_some() { "dialled" } else { "dialling" };
            tracing::warn!(%refusal, left_out, "refused the {side} node");
        }
        self.refusal.put(refusal);
        // One alert for every reason: the other side may not learn which it was.
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }
}

impl fmt::Debug for PinVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinVerifier").field("only", &self.only).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(PeerIncompatible::Tls13RequiredForQuic))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for PinVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verify(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(PeerIncompatible::Tls13RequiredForQuic))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
