//! Who may connect: partners, the keys pinned for them, and their agreements.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use tokio::sync::watch;

use crate::keys::{CertificateFacts, Fingerprint};

/// What the transport knows of one partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Its organisation number, which its certificate must name.
    pub organisation: OrganisationNumber,
    /// The fingerprints of its TLS key: the current one and, before a change of key, the next.
    pub pins: Vec<Fingerprint>,
    /// The first moment at which the agreement holds.
    pub agreement_from: UnixMillis,
    /// The first moment at which it no longer holds.
    pub agreement_until: UnixMillis,
    /// The agreement may have ended, but receipts are still missing (law 12): the link stays.
    pub recall_only: bool,
    /// Where its node answers, as `host:port`; nothing if only it can dial.
    pub address: Option<String>,
}

/// All partners, by organisation number. A partner that is not in it does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartnerTable {
    partners: BTreeMap<OrganisationNumber, Partner>,
}

impl FromIterator<Partner> for PartnerTable {
    /// Of two rows with one organisation number the later counts.
    fn from_iter<I: IntoIterator<Item = Partner>>(rows: I) -> Self {
        Self { partners: rows.into_iter().map(|partner| (partner.organisation, partner)).collect() }
    }
}

impl PartnerTable {
    /// Returns one partner's row.
    pub fn find(&self, organisation: OrganisationNumber) -> Option<&Partner> {
        self.partners.get(&organisation)
    }

    /// Returns all rows, by ascending organisation number.
    pub fn iter(&self) -> impl Iterator<Item = &Partner> {
        self.partners.values()
    }

    /// Decides whose certificate this is, and whether that partner may be linked to at `now`.
    ///
    /// # Errors
    /// [`Refusal`], for our own log; the other side learns only that it was refused.
    pub fn admit(
        &self,
        certificate: &CertificateDer<'_>,
        now: UnixMillis,
    ) -> Result<(OrganisationNumber, CertificateFacts), Refusal> {
        let fingerprint = crate::keys::fingerprint_of(certificate).map_err(|_| Refusal::BrokenCertificate)?;
        let mut pinned = self.iter().filter(|partner| partner.pins.contains(&fingerprint)).peekable();
        // Only a certificate with a pinned key is read any further.
        let Some(&first) = pinned.peek() else {
            return Err(Refusal::UnknownKey { fingerprint });
        };
        let facts = CertificateFacts::of(certificate)
            .map_err(|_| Refusal::NoOrganisation { expected: first.organisation, fingerprint })?;
        let partner = pinned.find(|partner| partner.organisation == facts.organisation).ok_or(
            Refusal::WrongOrganisation {
                expected: first.organisation,
                found: facts.organisation,
                fingerprint,
            },
        )?;
        partner.check_agreement(now)?;
        check_validity(&facts, now)?;
        Ok((partner.organisation, facts))
    }

    /// Decides whether a link that was admitted with `facts` may go on at `now`.
    ///
    /// # Errors
    /// [`Refusal`] if the pin, the agreement or the certificate no longer allows it.
    pub fn admit_again(
        &self,
        partner: OrganisationNumber,
        facts: &CertificateFacts,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let fingerprint = facts.fingerprint;
        let row = self.find(partner).filter(|row| row.pins.contains(&fingerprint));
        row.ok_or(Refusal::UnknownKey { fingerprint })?.check_agreement(now)?;
        check_validity(facts, now)
    }
}

impl Partner {
    /// Returns whether there may be a link at `now`.
    pub fn may_link(&self, now: UnixMillis) -> bool {
        self.check_agreement(now).is_ok()
    }

    fn check_agreement(&self, now: UnixMillis) -> Result<(), Refusal> {
        let partner = self.organisation;
        if self.recall_only {
            return Ok(());
        }
        if now < self.agreement_from {
            return Err(Refusal::AgreementNotBegun { partner, from: self.agreement_from });
        }
        if now >= self.agreement_until {
            return Err(Refusal::AgreementEnded { partner, until: self.agreement_until });
        }
        Ok(())
    }
}

fn check_validity(facts: &CertificateFacts, now: UnixMillis) -> Result<(), Refusal> {
    let partner = facts.organisation;
    if now < facts.from {
        return Err(Refusal::CertificateNotYetValid { partner, from: facts.from });
    }
    if now > facts.until {
        return Err(Refusal::CertificateExpired { partner, until: facts.until });
    }
    Ok(())
}

/// Why a node was refused, for our own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No partner has this key.
    #[error("no partner has the key {fingerprint}")]
    UnknownKey {
        /// The key that was presented.
        fingerprint: Fingerprint,
    },
    /// What was presented is no certificate.
    #[error("what was presented is no certificate")]
    BrokenCertificate,
    /// The key is pinned, but the certificate names no organisation or is otherwise unreadable.
    #[error("the certificate with the key {fingerprint} does not name organisation {expected}")]
    NoOrganisation {
        /// The partner that the key is pinned for.
        expected: OrganisationNumber,
        /// The key that was presented.
        fingerprint: Fingerprint,
    },
    /// The key is pinned, but for another organisation than the certificate names.
    #[error("the key {fingerprint} belongs to {expected}, but the certificate names {found}")]
    WrongOrganisation {
        /// The partner that the key is pinned for.
        expected: OrganisationNumber,
        /// The organisation in the certificate.
        found: OrganisationNumber,
        /// The key that was presented.
        fingerprint: Fingerprint,
    },
    /// The agreement with this partner begins later.
    #[error("the agreement with {partner} begins at {from:?}")]
    AgreementNotBegun {
        /// Which partner.
        partner: OrganisationNumber,
        /// When it begins.
        from: UnixMillis,
    },
    /// The agreement with this partner has ended.
    #[error("the agreement with {partner} ended at {until:?}")]
    AgreementEnded {
        /// Which partner.
        partner: OrganisationNumber,
        /// When it ended.
        until: UnixMillis,
    },
    /// The partner's certificate is valid from a later moment.
    #[error("the certificate of {partner} is valid from {from:?}")]
    CertificateNotYetValid {
        /// Which partner.
        partner: OrganisationNumber,
        /// When it begins.
        from: UnixMillis,
    },
    /// The partner's certificate was valid until an earlier moment.
    #[error("the certificate of {partner} was valid until {until:?}")]
    CertificateExpired {
        /// Which partner.
        partner: OrganisationNumber,
        /// When it ended.
        until: UnixMillis,
    },
}

impl Refusal {
    /// Returns whether no partner's key was presented.
    pub(super) const fn is_of_a_stranger(&self) -> bool {
        matches!(self, Self::UnknownKey { .. } | Self::BrokenCertificate)
    }
}

/// The table that is in use, shared by handshakes, links and diallers; replaced while they run.
#[derive(Debug, Clone)]
pub(super) struct Partners {
    table: Arc<watch::Sender<Arc<PartnerTable>>>,
}

impl Partners {
    pub(super) fn new(table: PartnerTable) -> Self {
        Self { table: Arc::new(watch::Sender::new(Arc::new(table))) }
    }

    pub(super) fn current(&self) -> Arc<PartnerTable> {
        Arc::clone(&self.table.borrow())
    }

    pub(super) fn replace(&self, table: PartnerTable) {
        self.table.send_replace(Arc::new(table));
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<PartnerTable>> {
        self.table.subscribe()
    }
}
