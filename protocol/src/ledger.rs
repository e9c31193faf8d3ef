//! The ledger of a case: an append-only chain of signed statements, replayed to what holds.
//!
//! Consent, baton, ownership and blocks live here and never merge; what people write lives in
//! documents and does. The chain is private to the owner (law 5): partners get grants and orders.

pub mod statement;

use std::collections::BTreeMap;

use crate::baton::{Baton, BatonError};
use crate::consent::rule::{Party, SubjectKind, required_givers};
use crate::consent::{ConsentRecord, ConsentStatus, GiveError, WithdrawError};
use crate::id::{CaseId, ConsentId, GrantId, OrderId};
use crate::municipality::{OrganisationNumber, Service};
use crate::signed::{StatementHash, Verified};
use crate::time::UnixMillis;
use statement::{AddressProtection, LedgerStatement, Level, Said};

/// Why a statement cannot stand at the end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It speaks of another case.
    #[error("the statement is about another case")]
    AnotherCase,
    /// Its number or the hash of the one before does not follow.
    #[error("the chain is broken at statement {number}")]
    Broken {
        /// The number that was expected.
        number: u64,
    },
    /// Something other than an opening came first, or an opening came later.
    #[error("a case is opened once, and first")]
    Opening,
    /// It speaks of a consent that nobody asked for.
    #[error("there is no such consent")]
    NoSuchConsent,
    /// It speaks of a grant that was not issued.
    #[error("there is no such grant")]
    NoSuchGrant,
    /// It asks for a consent, a grant or an order with an id that is taken.
    #[error("the id is taken")]
    IdTaken,
    /// The yes does not count.
    #[error(transparent)]
    Give(#[from] GiveError),
    /// The withdrawal does not count.
    #[error(transparent)]
    Withdraw(#[from] WithdrawError),
    /// The word about the baton does not count.
    #[error(transparent)]
    Baton(#[from] BatonError),
    /// The case is closed.
    #[error("the case is closed")]
    Closed,
}

/// A grant as the ledger knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedGrant {
    /// From which consent.
    pub consent: ConsentId,
    /// For whose node.
    pub partner: OrganisationNumber,
    /// Since when it has ended, if it has.
    pub ended_at: Option<UnixMillis>,
}

/// An order to erase as the ledger knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderedErasure {
    /// Under which grant the entries had gone.
    pub grant: GrantId,
    /// Whether the partner's receipt is filed.
    pub has_receipt: bool,
}

/// What holds in a case after all statements so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerView {
    case: CaseId,
    next_number: u64,
    last: StatementHash,
    opened_at: UnixMillis,
    opened_by: crate::municipality::ServiceCode,
    subject_kind: SubjectKind,
    level: Level,
    baton: Baton,
    parties: Vec<Party>,
    protection: AddressProtection,
    consents: BTreeMap<ConsentId, ConsentRecord>,
    grants: BTreeMap<GrantId, IssuedGrant>,
    orders: BTreeMap<OrderId, OrderedErasure>,
    closed_at: Option<UnixMillis>,
}

impl LedgerView {
    /// Starts a chain.
    ///
    /// # Errors
    /// [`LedgerError`] if the statement is not the opening of a case.
    pub fn open(first: &Verified<LedgerStatement>) -> Result<Self, LedgerError> {
        let statement = first.statement();
        let Said::Opened { subject_kind, level, holder, service, parties } = &statement.said else {
            return Err(LedgerError::Opening);
        };
        if statement.number != 0 || statement.previous.is_some() {
            return Err(LedgerError::Broken { number: 0 });
        }
        Ok(Self {
            case: statement.case,
            next_number: 1,
            last: first.hash(),
            opened_at: statement.at,
            opened_by: service.clone(),
            subject_kind: *subject_kind,
            level: *level,
            baton: Baton::opened(*holder, statement.at),
            parties: parties.clone(),
            protection: AddressProtection::None,
            consents: BTreeMap::new(),
            grants: BTreeMap::new(),
            orders: BTreeMap::new(),
            closed_at: None,
        })
    }

    /// Replays a whole chain.
    ///
    /// # Errors
    /// [`LedgerError`] at the first statement that does not follow.
    pub fn replay<'a>(
        mut chain: impl Iterator<Item = &'a Verified<LedgerStatement>>,
    ) -> Result<Self, LedgerError> {
        let mut view = Self::open(chain.next().ok_or(LedgerError::Opening)?)?;
        chain.try_for_each(|next| view.append(next))?;
        Ok(view)
    }

    /// Makes the statement that would come next; it counts once signed and appended.
    pub fn next(&self, said: Said, by: Option<crate::id::AccountId>, at: UnixMillis) -> LedgerStatement {
        LedgerStatement { case: self.case, number: self.next_number, previous: Some(self.last), at, by, said }
    }

    /// Appends the next statement. On an error nothing has changed.
    ///
    /// # Errors
    /// [`LedgerError`] if it does not follow, or says what cannot be said here.
    pub fn append(&mut self, next: &Verified<LedgerStatement>) -> Result<(), LedgerError> {
        let statement = next.statement();
        if statement.case != self.case {
            return Err(LedgerError::AnotherCase);
        }
        if statement.number != self.next_number || statement.previous != Some(self.last) {
            return Err(LedgerError::Broken { number: self.next_number });
        }
        self.apply(&statement.said, statement.at)?;
        self.next_number = self.next_number.saturating_add(1);
        self.last = next.hash();
        Ok(())
    }

    fn apply(&mut self, said: &Said, at: UnixMillis) -> Result<(), LedgerError> {
        match said {
            Said::Opened { .. } => return Err(LedgerError::Opening),
            Said::PartiesChanged { parties } => self.parties.clone_from(parties),
            Said::ConsentAsked { consent } => {
                self.must_be_open()?;
                insert_new(&mut self.consents, consent.id, ConsentRecord::asked(consent.clone()))?;
            }
            Said::ConsentGiven { consent, giver, yes } => {
                self.must_be_open()?;
                self.consent_mut(*consent)?.give(*giver, yes.clone())?;
            }
            Said::ConsentRefused { consent, giver } => self.consent_mut(*consent)?.refuse(*giver),
            Said::ConsentWithdrawn { consent, .. } => self.consent_mut(*consent)?.withdraw(at)?,
            Said::AddressProtected { protection } => self.protection = *protection,
            Said::BatonOffered { .. }
            | Said::BatonAccepted { .. }
            | Said::BatonDeclined { .. }
            | Said::BatonReassigned { .. } => self.apply_to_baton(said, at)?,
            Said::LevelChanged { level } => self.level = *level,
            Said::GrantIssued { grant, consent, partner, .. } => {
                self.consent_mut(*consent)?;
                let issued = IssuedGrant { consent: *consent, partner: *partner, ended_at: None };
                insert_new(&mut self.grants, *grant, issued)?;
            }
            Said::GrantEnded { grant } => {
                let issued = self.grants.get_mut(grant).ok_or(LedgerError::NoSuchGrant)?;
                issued.ended_at.get_or_insert(at);
            }
            Said::EraseOrdered { order, grant, .. } => {
                if !self.grants.contains_key(grant) {
                    return Err(LedgerError::NoSuchGrant);
                }
                insert_new(&mut self.orders, *order, OrderedErasure { grant: *grant, has_receipt: false })?;
            }
            Said::ReceiptFiled { order, .. } => {
                self.orders.get_mut(order).ok_or(LedgerError::NoSuchGrant)?.has_receipt = true;
            }
            Said::Closed => {
                self.must_be_open()?;
                self.closed_at = Some(at);
            }
        }
        Ok(())
    }

    fn apply_to_baton(&mut self, said: &Said, at: UnixMillis) -> Result<(), LedgerError> {
        match said {
            Said::BatonOffered { offer } => self.baton.offer(*offer, at)?,
            Said::BatonAccepted { offer, by } => self.baton.accept(*offer, *by, at)?,
            Said::BatonDeclined { offer, by } => self.baton.decline(*offer, *by)?,
            Said::BatonReassigned { to } => self.baton.reassign(*to, at),
            _ => {}
        }
        Ok(())
    }

    fn must_be_open(&self) -> Result<(), LedgerError> {
        if self.closed_at.is_some() { Err(LedgerError::Closed) } else { Ok(()) }
    }

    fn consent_mut(&mut self, id: ConsentId) -> Result<&mut ConsentRecord, LedgerError> {
        self.consents.get_mut(&id).ok_or(LedgerError::NoSuchConsent)
    }

    /// The case.
    pub fn case(&self) -> CaseId {
        self.case
    }

    /// How many statements the chain has.
    pub fn length(&self) -> u64 {
        self.next_number
    }

    /// The hash of the last statement.
    pub fn last(&self) -> StatementHash {
        self.last
    }

    /// When the case was opened.
    pub fn opened_at(&self) -> UnixMillis {
        self.opened_at
    }

    /// The service that opened it.
    pub fn opened_by(&self) -> &crate::municipality::ServiceCode {
        &self.opened_by
    }

    /// Whom it is about.
    pub fn subject_kind(&self) -> SubjectKind {
        self.subject_kind
    }

    /// Its level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Who holds the baton.
    pub fn baton(&self) -> &Baton {
        &self.baton
    }

    /// Everybody in the family, by id.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// How the address is protected.
    pub fn protection(&self) -> AddressProtection {
        self.protection
    }

    /// Whether the stafettlogg is closed.
    pub fn is_closed(&self) -> bool {
        self.closed_at.is_some()
    }

    /// Every consent that was asked for, by id.
    pub fn consents(&self) -> &BTreeMap<ConsentId, ConsentRecord> {
        &self.consents
    }

    /// Every grant that was issued, by id.
    pub fn grants(&self) -> &BTreeMap<GrantId, IssuedGrant> {
        &self.grants
    }

    /// Orders without a receipt.
    pub fn orders_waiting(&self) -> impl Iterator<Item = OrderId> {
        self.orders.iter().filter(|(_, ordered)| !ordered.has_receipt).map(|(order, _)| *order)
    }

    /// Every order to erase, by id.
    pub fn orders(&self) -> &BTreeMap<OrderId, OrderedErasure> {
        &self.orders
    }

    /// Returns what a consent is at `now`, by the rule and the parties that hold then.
    pub fn status(&self, record: &ConsentRecord, now: UnixMillis) -> ConsentStatus {
        record.status(&required_givers(self.subject_kind, &self.parties), now)
    }

    /// Returns the consents to `service` that count at `now`: valid, and replaced by no other
    /// that is or was valid.
    pub fn valid_consents<'a>(
        &'a self,
        service: &'a Service,
        now: UnixMillis,
    ) -> impl Iterator<Item = &'a ConsentRecord> {
        self.consents
            .values()
            .filter(|record| record.consent().recipient == *service)
            .filter(move |record| self.status(record, now) == ConsentStatus::Valid)
            .filter(move |record| !self.is_superseded(record.consent().id, now))
    }

    /// Whether a newer version has taken the place of `consent`: it has once everybody said yes
    /// to it, and it stays so when the newer one is withdrawn or expires.
    pub fn is_superseded(&self, consent: ConsentId, now: UnixMillis) -> bool {
        let required = required_givers(self.subject_kind, &self.parties);
        self.consents.values().any(|newer| {
            newer.consent().supersedes == Some(consent)
                && newer.consent().from <= now
                && !required.is_empty()
                && required.iter().all(|giver| newer.given_by().contains_key(giver))
        })
    }
}

fn insert_new<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) -> Result<(), LedgerError> {
    match map.entry(key) {
        std::collections::btree_map::Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
        std::collections::btree_map::Entry::Occupied(_) => Err(LedgerError::IdTaken),
    }
}

#[cfg(test)]
mod tests;
