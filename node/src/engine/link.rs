//! What the engine knows of each partner: its agreement, its session's task, how its link is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use stafett_config::partner::PartnerKeys;
use stafett_protocol::agreement::{Agreement, Standing};
use stafett_protocol::consent::Controller;
use stafett_protocol::decision::PartnerView;
use stafett_protocol::id::CaseId;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::{OrganisationNumber, ServiceCode};
use stafett_protocol::signed::PublicKey;
use stafett_protocol::time::UnixMillis;
use tokio::sync::{mpsc, oneshot};

use super::session::{Closing, Message};
use crate::keys::CertificateFacts;

/// How a link is, for the operator. Counts and moments only.
#[derive(Debug)]
pub(super) struct LinkState {
    partner: OrganisationNumber,
    /// What the partner showed at the latest handshake.
    shown: Mutex<Option<CertificateFacts>>,
    /// The version of the protocol that was last agreed on; 0 before one was.
    version: AtomicU16,
    connected_since: AtomicU64,
    last_received: AtomicU64,
    waiting: AtomicUsize,
}

impl LinkState {
    pub(super) fn new(partner: OrganisationNumber) -> Self {
        Self {
            partner,
            shown: Mutex::new(None),
            version: AtomicU16::new(0),
            connected_since: AtomicU64::new(0),
            last_received: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        }
    }

    pub(super) fn partner(&self) -> OrganisationNumber {
        self.partner
    }

    pub(super) fn note_up(&self, now: UnixMillis) {
        self.connected_since.store(now.0, Ordering::Relaxed);
    }

    /// Keeps what the partner showed at the handshake, also when the connection is down again.
    pub(super) fn note_shown(&self, certificate: &CertificateFacts) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(certificate.clone());
    }

    pub(super) fn note_version(&self, version: u16) {
        self.version.store(version, Ordering::Relaxed);
    }

    pub(super) fn shown(&self) -> Option<CertificateFacts> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The version that both sides spoke last, if they have agreed on one since the session began.
    pub(super) fn version(&self) -> Option<u16> {
        Some(self.version.load(Ordering::Relaxed)).filter(|version| *version > 0)
    }

    pub(super) fn note_down(&self) {
        self.connected_since.store(0, Ordering::Relaxed);
    }

    pub(super) fn note_received(&self, now: UnixMillis) {
        self.last_received.store(now.0, Ordering::Relaxed);
    }

    pub(super) fn note_waiting(&self, waiting: usize) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    pub(super) fn connected_since(&self) -> Option<UnixMillis> {
        moment(&self.connected_since)
    }

    pub(super) fn last_received(&self) -> Option<UnixMillis> {
        moment(&self.last_received)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Zero stands for never.
fn moment(stored: &AtomicU64) -> Option<UnixMillis> {
    Some(stored.load(Ordering::Relaxed)).filter(|millis| *millis > 0).map(UnixMillis)
}

/// What a partner's file says.
pub(super) struct About {
    pub(super) name: String,
    pub(super) service_names: BTreeMap<ServiceCode, String>,
    pub(super) controllers: BTreeMap<ServiceCode, Controller>,
    pub(super) keys: Option<PartnerKeys>,
    pub(super) agreement: Agreement,
    pub(super) standing: Standing,
    /// Whether the partner's file revokes its identity.
    pub(super) is_revoked: bool,
    /// Whether this node was restored and has not compared with the partner since.
    pub(super) in_doubt: bool,
    pub(super) terms: Terms,
}

/// What a session cannot take over while it runs: it starts anew when one of these changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) partner_keys: Vec<PublicKey>,
    pub(super) entries_max: u64,
    pub(super) bytes_max: u64,
}

/// What a session's task listens to.
pub(super) struct Ears {
    pub(super) messages: mpsc::UnboundedReceiver<Message>,
    pub(super) closings: mpsc::UnboundedReceiver<Closing>,
}

/// A partner with a session.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) name: String,
    /// The partner's services in bokmål.
    pub(super) service_names: BTreeMap<ServiceCode, String>,
    /// Who answers for what each of the partner's services reads.
    pub(super) controllers: BTreeMap<ServiceCode, Controller>,
    /// The keys that its file pins; none of a municipality without a node.
    pub(super) keys: Option<PartnerKeys>,
    pub(super) agreement: Agreement,
    pub(super) standing: Standing,
    /// Whether the partner's identity is revoked, or its file is gone.
    pub(super) is_revoked: bool,
    /// Whether this node was restored and has not compared with the partner since: nothing is
    /// decided for it, and nothing of it is shown.
    pub(super) in_doubt: bool,
    pub(super) terms: Terms,
    pub(super) state: Arc<LinkState>,
    messages: mpsc::UnboundedSender<Message>,
    closings: mpsc::UnboundedSender<Closing>,
    /// Own cases that the session knows.
    cases: Arc<Mutex<BTreeSet<CaseId>>>,
}

impl Link {
    /// Whether it has no node: cases go there by a package for the hand.
    pub(super) fn is_by_hand(&self) -> bool {
        self.keys.is_none()
    }

    pub(super) fn new(about: About, cases: BTreeSet<CaseId>) -> (Self, Ears) {
        let (messages, heard) = mpsc::unbounded_channel();
        let (closings, closing) = mpsc::unbounded_channel();
        let About {
            name,
            service_names,
            controllers,
            keys,
            agreement,
            standing,
            is_revoked,
            in_doubt,
            terms,
        } = about;
        let link = Self {
            state: Arc::new(LinkState::new(agreement.partner)),
            cases: Arc::new(Mutex::new(cases)),
            name,
            service_names,
            controllers,
            keys,
            agreement,
            standing,
            is_revoked,
            in_doubt,
            terms,
            messages,
            closings,
        };
        (link, Ears { messages: heard, closings: closing })
    }

    /// The same link with what the partner's file says by now.
    pub(super) fn with(&self, about: About) -> Self {
        let About {
            name,
            service_names,
            controllers,
            keys,
            agreement,
            standing,
            is_revoked,
            in_doubt,
            terms,
        } = about;
        Self {
            name,
            service_names,
            controllers,
            keys,
            agreement,
            standing,
            is_revoked,
            in_doubt,
            terms,
            ..self.clone()
        }
    }

    /// What its session would start anew with.
    pub(super) fn about(&self) -> About {
        About {
            name: self.name.clone(),
            service_names: self.service_names.clone(),
            controllers: self.controllers.clone(),
            keys: self.keys.clone(),
            agreement: self.agreement.clone(),
            standing: self.standing,
            is_revoked: self.is_revoked,
            in_doubt: self.in_doubt,
            terms: self.terms.clone(),
        }
    }

    /// The same link with another standing.
    pub(super) fn standing(&self, standing: Standing) -> Self {
        Self { standing, ..self.clone() }
    }

    /// The same link when the partner's file is gone: only receipts are still asked for.
    pub(super) fn revoked(&self) -> Self {
        Self { is_revoked: true, ..self.standing(Standing::Revoked) }
    }

    pub(super) fn view(&self) -> PartnerView<'_> {
        PartnerView {
            partner: self.agreement.partner,
            agreement: Some(&self.agreement),
            standing: if self.in_doubt { Standing::Sealed } else { self.standing },
        }
    }

    /// Tells the session. A session that is gone has stopped with the node.
    pub(super) fn tell(&self, input: Input) {
        let _ = self.messages.send(Message::Input(Box::new(input)));
    }

    pub(super) fn pass_on(&self, message: Message) {
        let _ = self.messages.send(message);
    }

    /// Tells the session something that closes, and waits until its gate is closed and no row
    /// about the case, or about any if none is named, is being written.
    pub(super) async fn tell_and_wait(&self, input: Input, case: Option<CaseId>) {
        let (closed, wait) = oneshot::channel();
        let _ = self.closings.send(Closing { input, case, closed });
        let _ = wait.await;
    }

    pub(super) fn knows(&self, case: CaseId) -> bool {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).contains(&case)
    }

    /// Notes that the session is told of a case; false if it knew it.
    pub(super) fn introduce(&self, case: CaseId) -> bool {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner).insert(case)
    }
}

/// All partners, by organisation.
pub(super) type Links = BTreeMap<OrganisationNumber, Link>;
