//! The ledger of a case: an append-only chain of signed statements, replayed to what holds.
//!
//! Consent, baton, ownership and blocks live here and never merge; what people write lives in
//! documents and does. The chain is private to the owner (law 5): partners get grants and orders.

mod applying;
mod arrived;
mod by_hand;
mod consents;
mod exceptions;
mod level;
mod restored;
pub mod statement;
mod succeeding;
mod transitions;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::baton::{Baton, BatonError};
use crate::consent::rule::{Birthdays, Party, RuleTable, SubjectKind};
use crate::consent::{ConsentRecord, GiveError, WithdrawError};
use crate::id::{
    AccountId, BatonOfferId, CaseId, ConsentId, GrantId, OrderId, PackageId, PersonId, RegistrationId,
    SuccessionId, TransitionId,
};
use crate::municipality::{AreaCode, OrganisationNumber, ServiceCode};
use crate::protection::{AddressProtection, Protection, ProtectionSaid, ProtectionStatement};
use crate::signed::{StatementHash, Verified};
use crate::succession::SuccessionError;
use crate::time::UnixMillis;
use crate::transition::{TransitionError, TransitionRecord};
pub use arrived::Carried;
pub use by_hand::{HandCourse, HandPackage};
use exceptions::Exception;
use level::CaseLevel;
use statement::{LedgerStatement, Said};
pub use succeeding::{Move, MoveRefusal};

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
    /// It says that the case came from another municipality, and the case was opened by a person, or has
    /// gone on since.
    #[error("a case comes from elsewhere with its opening")]
    Arrival,
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
    /// A consent counts a version that does not follow the one it replaces.
    #[error("the version does not follow the consent that is replaced")]
    Version,
    /// It speaks of a registration that does not wait for approval.
    #[error("there is no such registration")]
    NoSuchRegistration,
    /// The family changed after it was registered: what it says of everybody may be untrue by now.
    #[error("the family has changed since that was registered")]
    Overtaken,
    /// Whoever registered something cannot approve it too.
    #[error("two persons are needed")]
    SamePerson,
    /// The word about the baton does not count.
    #[error(transparent)]
    Baton(#[from] BatonError),
    /// The word about a transition does not count.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// The case is closed.
    #[error("the case is closed")]
    Closed,
    /// The case is another municipality's: here it only ends.
    #[error("the case is another municipality's")]
    Moved,
    /// A move of the case is not decided, or the case has moved.
    #[error("a move of the case is not decided")]
    MoveOpen,
    /// The family has said no to a move, and no consent to one has every yes since.
    #[error("the family has said no to a move")]
    MoveRefused,
    /// A no to a move is said by somebody of the family, somehow, or by nobody.
    #[error("whoever says no to a move is of the family")]
    Refusal,
    /// What files the other municipality's letter is missing, or too long.
    #[error("expected a reference of 1 to 200 bytes")]
    Reference,
    /// It speaks of a move that was not offered, or of a package that is not open.
    #[error("there is no such move")]
    NoSuchMove,
    /// What is said of a move does not fit where it is.
    #[error(transparent)]
    Succession(#[from] SuccessionError),
}

/// A grant as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedGrant {
    /// From which consent.
    pub consent: ConsentId,
    /// For whose node.
    pub partner: OrganisationNumber,
    /// The areas that it opens.
    pub areas: BTreeSet<AreaCode>,
    /// How often the consent had been narrowed when it was issued.
    pub narrowings: u32,
    /// Its place in the chain.
    pub place: u64,
    /// When it was issued.
    pub issued_at: UnixMillis,
    /// Since when it has ended, if it has.
    pub ended_at: Option<UnixMillis>,
}

/// A change of the family that waits for a leader's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Everybody, as it is once approved.
    pub parties: Vec<Party>,
    /// When the subject reaches which age, if that was wrong.
    pub birthdays: Option<Birthdays>,
    /// Where the document is filed.
    pub document: String,
    /// Who registered it.
    pub by: Option<AccountId>,
    /// When.
    pub at: UnixMillis,
    /// How often the family had been registered before; it is built on that and on nothing later.
    pub follows: usize,
}

/// An order to erase as the ledger knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderedErasure {
    /// Under which grant the entries had gone.
    pub grant: GrantId,
    /// Since when.
    pub at: UnixMillis,
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
    opened_by: ServiceCode,
    opened_in: Option<String>,
    subject_kind: SubjectKind,
    level: CaseLevel,
    baton: Baton,
    /// Every offer of the baton that was ever made.
    baton_offers: BTreeSet<BatonOfferId>,
    rules: Arc<RuleTable>,
    /// Everybody in the family, by id, with the moment from which that was registered.
    parties: Vec<(UnixMillis, Vec<Party>)>,
    birthdays: Birthdays,
    registrations: BTreeMap<RegistrationId, Registration>,
    guardian_limits: BTreeMap<PersonId, BTreeSet<AreaCode>>,
    protection: Protection,
    consents: BTreeMap<ConsentId, ConsentRecord>,
    /// The place in the chain at which each consent was asked for, and when.
    asked: BTreeMap<ConsentId, (u64, UnixMillis)>,
    /// Entries that givers closed by a word of their own, in order.
    exceptions: Vec<Exception>,
    /// When each consent had every yes that it needed.
    completed: BTreeMap<ConsentId, UnixMillis>,
    /// Consents that open again what had run out and was closed in between.
    gaps: BTreeSet<ConsentId>,
    grants: BTreeMap<GrantId, IssuedGrant>,
    orders: BTreeMap<OrderId, OrderedErasure>,
    transitions: BTreeMap<TransitionId, TransitionRecord>,
    closed_at: Option<UnixMillis>,
    carried: Option<Carried>,
    move_refused: Option<MoveRefusal>,
    moves: BTreeMap<SuccessionId, Move>,
    by_hand: BTreeMap<PackageId, HandPackage>,
    doubtful: BTreeSet<ConsentId>,
    /// Consents that are in doubt from a moment on: a newer version, which is lost, begins then.
    replaced_from: BTreeMap<ConsentId, UnixMillis>,
    restored_at: Option<UnixMillis>,
    family_in_doubt: bool,
}

impl LedgerView {
    /// Starts a chain.
    ///
    /// # Errors
    /// [`LedgerError`] if the statement is not the opening of a case.
    pub fn open(first: &Verified<LedgerStatement>) -> Result<Self, LedgerError> {
        let statement = first.statement();
        let Said::Opened { subject_kind, level, holder, service, unit, parties, birthdays } = &statement.said
        else {
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
            opened_in: unit.clone(),
            subject_kind: *subject_kind,
            level: CaseLevel::opened(*level, statement.at),
            baton: Baton::opened(*holder, statement.at),
            baton_offers: BTreeSet::new(),
            rules: Arc::new(RuleTable::default()),
            parties: vec![(statement.at, parties.clone())],
            birthdays: birthdays.clone(),
            registrations: BTreeMap::new(),
            guardian_limits: BTreeMap::new(),
            protection: Protection::default(),
            consents: BTreeMap::new(),
            asked: BTreeMap::new(),
            exceptions: Vec::new(),
            completed: BTreeMap::new(),
            gaps: BTreeSet::new(),
            grants: BTreeMap::new(),
            orders: BTreeMap::new(),
            transitions: BTreeMap::new(),
            closed_at: None,
            carried: None,
            move_refused: None,
            moves: BTreeMap::new(),
            by_hand: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            replaced_from: BTreeMap::new(),
            restored_at: None,
            family_in_doubt: false,
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

    /// Takes the municipality's rules of who must say yes; without them the safe defaults hold.
    pub fn under(mut self, rules: Arc<RuleTable>) -> Self {
        self.rules = rules;
        self.words_came(None);
        self
    }

    /// Makes the statement that would come next; it counts once signed and appended.
    pub fn next(&self, said: Said, by: Option<AccountId>, at: UnixMillis) -> LedgerStatement {
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
        self.apply(statement)?;
        self.next_number = self.next_number.saturating_add(1);
        self.last = next.hash();
        Ok(())
    }

    /// Appends the next statement about the family's protection, which has a chain of its own. On
    /// an error nothing has changed.
    ///
    /// # Errors
    /// [`LedgerError`] if it does not follow, or approves a consent that nobody asked for.
    pub fn protect(&mut self, next: &Verified<ProtectionStatement>) -> Result<(), LedgerError> {
        if let ProtectionSaid::Approved { consent } = next.statement().said
            && !self.consents.contains_key(&consent)
        {
            return Err(LedgerError::NoSuchConsent);
        }
        self.protection.append(self.case, next)
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
    pub fn opened_by(&self) -> &ServiceCode {
        &self.opened_by
    }

    /// The unit of that service in which it was opened; none if the service had no units.
    pub fn opened_in(&self) -> Option<&str> {
        self.opened_in.as_deref()
    }

    /// Whom it is about.
    pub fn subject_kind(&self) -> SubjectKind {
        self.subject_kind
    }

    /// Who holds the baton.
    pub fn baton(&self) -> &Baton {
        &self.baton
    }

    /// Whether an offer of the baton was ever made under this id.
    pub fn was_offered(&self, offer: BatonOfferId) -> bool {
        self.baton_offers.contains(&offer)
    }

    /// Everybody in the family, by id, as it was registered last.
    pub fn parties(&self) -> &[Party] {
        self.parties.last().map_or(&[], |(_, parties)| parties)
    }

    /// Whether the family has changed since something was registered: then that can only be rejected.
    pub fn is_overtaken(&self, registration: &Registration) -> bool {
        registration.follows != self.parties.len()
    }

    /// Whether a person was ever registered as one of the family.
    pub fn has_known(&self, person: PersonId) -> bool {
        self.parties.iter().any(|(_, parties)| parties.iter().any(|party| party.person == person))
    }

    /// When the subject reaches which age.
    pub fn birthdays(&self) -> &Birthdays {
        &self.birthdays
    }

    /// The municipality's rules of who must say yes.
    pub fn rules(&self) -> &RuleTable {
        &self.rules
    }

    /// Changes of the family that wait for a leader's approval.
    pub fn registrations(&self) -> &BTreeMap<RegistrationId, Registration> {
        &self.registrations
    }

    /// The areas that the youth has closed to a guardian.
    pub fn closed_to_guardian(&self, guardian: PersonId) -> Option<&BTreeSet<AreaCode>> {
        self.guardian_limits.get(&guardian)
    }

    /// What holds of the family's protection.
    pub fn protection(&self) -> &Protection {
        &self.protection
    }

    /// How the address is protected.
    pub fn address_protection(&self) -> AddressProtection {
        self.protection.grade()
    }

    /// Whether the stafettlogg is closed.
    pub fn is_closed(&self) -> bool {
        self.closed_at.is_some()
    }

    /// Every consent that was asked for, by id.
    pub fn consents(&self) -> &BTreeMap<ConsentId, ConsentRecord> {
        &self.consents
    }

    /// Consents that open nothing until somebody has reconfirmed them: the node was restored, and
    /// what was withdrawn since its backup is not known (law 16).
    pub fn doubtful(&self) -> &BTreeSet<ConsentId> {
        &self.doubtful
    }

    /// Whether the node was restored, and who the family is was not registered since (law 16).
    pub fn family_in_doubt(&self) -> bool {
        self.family_in_doubt
    }

    /// When the node went on after its last restore, if it was restored (law 16).
    pub fn restored_at(&self) -> Option<UnixMillis> {
        self.restored_at
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
