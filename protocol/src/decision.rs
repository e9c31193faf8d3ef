//! What must follow from what holds: grants that are due, grants that are over, and what a
//! withdrawal or a block does.
//!
//! One rule covers every way in which a sharing ends. Withdrawal, expiry, narrowing by a newer
//! version, an ended or narrowed agreement and address protection all make a consent stop counting; a grant
//! whose consent no longer counts is over, and an order follows it. So the orders cannot tell the
//! causes apart (laws 12 and 15).
//!
//! What people say carries out what their words change, and nothing else. What the passing of time
//! has made due or over is carried out by the clock alone, at its own moments: with the next word in
//! the case, it would tell a partner at which moment something was said that it must not know of
//! (law 5).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::access::{permit_grant, permit_keeping};
use crate::agreement::{Agreement, Standing};
use crate::consent::rule::RuleTable;
use crate::disclosure::DisclosureRow;
use crate::erasure::{EraseOrder, Recall};
use crate::grant::Grant;
use crate::id::{AccountId, ConsentId, GrantId, RandomBytes};
use crate::journal::Closing;
use crate::ledger::statement::{LedgerStatement, Said};
use crate::ledger::{IssuedGrant, LedgerError, LedgerView};
use crate::municipality::{AreaCode, OrganisationNumber};
use crate::planted::planted;
use crate::protection::{AddressProtection, ProtectionSaid};
use crate::signed::{SignError, SigningKey, Verified};
use crate::time::UnixMillis;
use crate::transaction::Write;

mod by_hand;
mod succeeding;
mod there;

pub use by_hand::may_go_by_hand;
pub use succeeding::{MoveError, MoveTerms};
pub use there::BatonThereError;

/// A decision could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// What was to be said does not follow in this case.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// What the node knows of one partner when it decides.
#[derive(Debug, Clone, Copy)]
pub struct PartnerView<'a> {
    /// Which.
    pub partner: OrganisationNumber,
    /// The agreement, if one is left.
    pub agreement: Option<&'a Agreement>,
    /// Whether its node is trusted.
    pub standing: Standing,
}

/// Statements about one case that are committed together, and what they did.
#[derive(Debug)]
pub struct Decision {
    /// What held before anything was said; none if the clock decides, or the case is new.
    before: Option<LedgerView>,
    ledger: LedgerView,
    by: Option<AccountId>,
    at: UnixMillis,
    writes: Vec<Write>,
    issued: Vec<Verified<Grant>>,
    orders: Vec<Verified<EraseOrder>>,
    closes: bool,
}

impl Decision {
    /// Opens a case: its first statement.
    ///
    /// # Errors
    /// [`DecisionError`] if the statement does not open a case, or cannot be signed.
    pub fn open(
        case: crate::id::CaseId,
        said: Said,
        by: AccountId,
        at: UnixMillis,
        key: &SigningKey,
    ) -> Result<Self, DecisionError> {
        Self::open_by(case, said, Some(by), at, key)
    }

    /// Opens a case that came from another municipality: by the node's own word, and by nobody's.
    ///
    /// # Errors
    /// [`DecisionError`] if the statement does not open a case, or cannot be signed.
    pub fn open_arrived(
        case: crate::id::CaseId,
        said: Said,
        at: UnixMillis,
        key: &SigningKey,
    ) -> Result<Self, DecisionError> {
        Self::open_by(case, said, None, at, key)
    }

    fn open_by(
        case: crate::id::CaseId,
        said: Said,
        by: Option<AccountId>,
        at: UnixMillis,
        key: &SigningKey,
    ) -> Result<Self, DecisionError> {
        let first = LedgerStatement { case, number: 0, previous: None, at, by, said };
        let first = key.sign(first)?;
        let ledger = LedgerView::open(&first)?;
        let mut decision = Self { by, ..Self::by_the_clock(ledger, at) };
        decision.writes.push(Write::Ledger(first));
        Ok(decision)
    }

    /// Starts with what holds; nothing is said yet. What was due or over before anything is said
    /// is left to the clock.
    pub fn about(ledger: LedgerView, by: Option<AccountId>, at: UnixMillis) -> Self {
        Self { before: Some(ledger.clone()), by, ..Self::by_the_clock(ledger, at) }
    }

    /// Starts with what holds, to carry out all that the passing of time has made due or over.
    pub fn by_the_clock(ledger: LedgerView, at: UnixMillis) -> Self {
        let (writes, issued, orders) = (Vec::new(), Vec::new(), Vec::new());
        Self { before: None, ledger, by: None, at, writes, issued, orders, closes: false }
    }

    /// Takes the municipality's rules of who must say yes.
    pub fn under(mut self, rules: Arc<RuleTable>) -> Self {
        self.ledger = self.ledger.under(rules);
        self
    }

    /// Says one thing. A change of the family may pause what was open, so the gate closes for it
    /// as for a withdrawal; what stays open is sent after the commit.
    ///
    /// # Errors
    /// [`DecisionError`] if it does not follow, or cannot be signed; nothing has changed then.
    pub fn say(&mut self, said: Said, key: &SigningKey) -> Result<(), DecisionError> {
        let closing = self.closing(&said);
        let before = self.effects();
        let moves = self.ledger.moves().clone();
        let statement = key.sign(self.ledger.next(said, self.by, self.at))?;
        self.ledger.append(&statement)?;
        let taking_effect = self.taking_effect(&before);
        let settled = self.settled(&moves);
        let changes_givers = matches!(statement.statement().said, Said::PartiesApproved { .. });
        self.writes.push(Write::Ledger(statement));
        if let Some(closing) = closing {
            // What guardians read touches no link.
            self.closes |= !matches!(closing, Closing::FamilyChanged { .. }) || changes_givers;
            self.writes.push(Write::Closing { closing, at: self.at });
        }
        // The gate closes for the package of a move that has ended, and for everybody once the case has
        // moved.
        self.closes |= !settled.is_empty();
        let closings = taking_effect.into_iter().chain(settled);
        self.writes.extend(closings.map(|closing| Write::Closing { closing, at: self.at }));
        Ok(())
    }

    /// When the terms of each consent hold for the first time; it may lie ahead, at a birthday or
    /// at their own beginning.
    fn effects(&self) -> BTreeMap<ConsentId, UnixMillis> {
        let consents = self.ledger.consents().iter();
        consents.filter_map(|(id, record)| Some((*id, self.ledger.takes_effect_at(record)?))).collect()
    }

    /// What is closed by consents that have become complete, or that begin earlier than before, by
    /// a yes or because the family is another: the version before each, and the entries that its
    /// terms leave out, also under older consents to the same service.
    fn taking_effect(&self, before: &BTreeMap<ConsentId, UnixMillis>) -> Vec<Closing> {
        let case = self.ledger.case();
        let mut closings = Vec::new();
        for (consent, at) in self.effects() {
            let Some(record) = self.ledger.consents().get(&consent) else { continue };
            if before.get(&consent).is_some_and(|known| *known <= at) {
                continue;
            }
            let from = Some(at).filter(|at| *at > self.at);
            let left_out = record.consent().exceptions.iter();
            closings.extend(left_out.map(|entry| {
                let entry = *entry;
                Closing::EntryExcepted { case, consent, entry, from }
            }));
            let replaced = record.consent().supersedes;
            closings.extend(replaced.map(|consent| Closing::ConsentReplaced { case, consent, from }));
        }
        closings
    }

    fn closing(&self, said: &Said) -> Option<Closing> {
        let case = self.ledger.case();
        match said {
            Said::ConsentWithdrawn { consent, .. } => {
                Some(Closing::ConsentWithdrawn { case, consent: *consent })
            }
            Said::EntryExcepted { consent, entry, .. } => {
                Some(Closing::EntryExcepted { case, consent: *consent, entry: *entry, from: None })
            }
            Said::PartiesApproved { .. } | Said::GuardianAccessSet { .. } => {
                Some(Closing::FamilyChanged { case })
            }
            Said::PackageAccepted { package, .. } => {
                let to = self.ledger.packages_by_hand().get(package)?.to;
                Some(Closing::MovedByHand { case, package: *package, to })
            }
            Said::PackageRestored { package, to } => {
                Some(Closing::MovedByHand { case, package: *package, to: *to })
            }
            _ => None,
        }
    }

    /// Says one thing about the family's protection, in its own chain (law 15).
    ///
    /// # Errors
    /// [`DecisionError`] if it does not follow, or cannot be signed; nothing has changed then.
    pub fn say_of_protection(&mut self, said: ProtectionSaid, key: &SigningKey) -> Result<(), DecisionError> {
        let case = self.ledger.case();
        let closes = matches!(
            &said,
            ProtectionSaid::Set { protection, .. } if *protection != AddressProtection::None
        );
        let statement = key.sign(self.ledger.protection().next(case, said, self.by, self.at))?;
        self.ledger.protect(&statement)?;
        self.writes.push(Write::Protection(statement));
        if closes {
            self.closes = true;
            self.writes.push(Write::Closing { closing: Closing::CaseBlocked { case }, at: self.at });
        }
        Ok(())
    }

    /// Writes down which consents have run out, so that no clock brings them back (law 17).
    ///
    /// # Errors
    /// [`DecisionError::Sign`] if a statement cannot be signed.
    pub fn mark_expired(&mut self, key: &SigningKey) -> Result<(), DecisionError> {
        for consent in self.ledger.run_out(self.at) {
            self.say(Said::ConsentExpired { consent }, key)?;
        }
        Ok(())
    }

    /// Returns the consents that get a grant to one partner by this decision, each with its areas.
    pub fn due(&self, partner: PartnerView<'_>) -> BTreeMap<ConsentId, BTreeSet<AreaCode>> {
        let mut due = grants_due(&self.ledger, partner, self.at);
        if let Some(before) = self.left_to_the_clock() {
            let left = grants_due(before, partner, self.at);
            due.retain(|consent, areas| left.get(consent) != Some(areas));
        }
        due
    }

    /// Returns the grants to one partner that this decision ends.
    pub fn over(&self, partner: PartnerView<'_>) -> BTreeSet<GrantId> {
        let mut over = grants_over(&self.ledger, partner, self.at);
        if let Some(before) = self.left_to_the_clock() {
            let left = grants_over(before, partner, self.at);
            over.retain(|grant| !left.contains(grant));
        }
        over
    }

    fn left_to_the_clock(&self) -> Option<&LedgerView> {
        self.before.as_ref().filter(|_| !planted!("clock-waits-for-words"))
    }

    /// Issues the grants that [`due`](Self::due) names to one partner.
    ///
    /// # Errors
    /// [`DecisionError::Sign`] if one cannot be signed.
    pub fn issue_grants(
        &mut self,
        own: OrganisationNumber,
        partner: PartnerView<'_>,
        key: &SigningKey,
        mut random: impl FnMut() -> RandomBytes,
    ) -> Result<(), DecisionError> {
        for (consent, areas) in self.due(partner) {
            let Some(record) = self.ledger.consents().get(&consent) else { continue };
            let id = GrantId::from_random(random());
            let grant = key.sign(Grant::from_consent(id, own, self.ledger.case(), record, &areas))?;
            let (partner, hash) = (grant.statement().partner, grant.hash());
            let said = Said::GrantIssued { grant: id, consent, partner, areas, hash };
            self.say(said, key)?;
            self.writes.push(Write::GrantIssued(grant.clone()));
            self.issued.push(grant);
        }
        Ok(())
    }

    /// Ends the grants that [`over`](Self::over) names and orders the partner to erase what went under them. One that
    /// never left ends without an order: the partner has not heard of it (laws 5 and 15).
    ///
    /// `rows` are the partner's disclosure rows of this case, `grants` every grant that was
    /// issued to it for this case.
    ///
    /// # Errors
    /// [`DecisionError::Sign`] if an order cannot be signed.
    pub fn end_grants<'a>(
        &mut self,
        partner: PartnerView<'_>,
        grants: impl IntoIterator<Item = SignedGrant<'a>>,
        rows: &[DisclosureRow],
        key: &SigningKey,
        mut random: impl FnMut() -> RandomBytes,
    ) -> Result<(), DecisionError> {
        let over = self.over(partner);
        for SignedGrant { grant, was_handed } in grants {
            if !over.contains(&grant.grant) {
                continue;
            }
            let recall = Recall::from_rows(grant, rows);
            if was_handed || recall.names_something() {
                self.end_grant(grant.grant, &recall, key, &mut random)?;
            } else {
                self.say(Said::GrantEnded { grant: grant.grant }, key)?;
                self.closes = true;
            }
        }
        Ok(())
    }

    /// Ends one grant, whatever its consent says, and orders the partner to erase what `recall`
    /// names: something outside this chain says that it has ended (law 16).
    ///
    /// # Errors
    /// [`DecisionError`] if the ledger knows no such grant, or an order cannot be signed.
    pub fn end_grant(
        &mut self,
        grant: GrantId,
        recall: &Recall,
        key: &SigningKey,
        mut random: impl FnMut() -> RandomBytes,
    ) -> Result<(), DecisionError> {
        self.say(Said::GrantEnded { grant }, key)?;
        self.closes = true;
        for order in recall.orders(&mut random) {
            let order = key.sign(order)?;
            let id = order.statement().order;
            self.say(Said::EraseOrdered { order: id, grant, hash: order.hash() }, key)?;
            let closing = Closing::EraseOrdered { case: self.ledger.case(), grant, order: id };
            self.writes.push(Write::Closing { closing, at: self.at });
            self.writes.push(Write::OrderQueued(order.clone()));
            self.orders.push(order);
        }
        Ok(())
    }

    /// What holds after everything that was said.
    pub fn ledger(&self) -> &LedgerView {
        &self.ledger
    }

    /// The grants that were issued.
    pub fn issued(&self) -> &[Verified<Grant>] {
        &self.issued
    }

    /// The orders that were queued.
    pub fn orders(&self) -> &[Verified<EraseOrder>] {
        &self.orders
    }

    /// Whether something closes: then the gate must close before the commit (law 12).
    pub fn closes(&self) -> bool {
        self.closes
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Returns what must be committed together, and keeps the rest.
    pub fn take_writes(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.writes)
    }

    /// Returns what must be committed together.
    pub fn into_writes(self) -> Vec<Write> {
        self.writes
    }
}

/// A grant that this node signed for a partner.
#[derive(Debug, Clone, Copy)]
pub struct SignedGrant<'a> {
    /// What it says.
    pub grant: &'a Grant,
    /// Whether the partner may have it: that was written down before it left for the first time.
    pub was_handed: bool,
}

/// Consents that count, to a service of this partner, without a living grant to all areas that the
/// agreement covers. One that is due to more areas leaves the narrower one: nothing is recalled.
pub fn grants_due(
    ledger: &LedgerView,
    partner: PartnerView<'_>,
    now: UnixMillis,
) -> BTreeMap<ConsentId, BTreeSet<AreaCode>> {
    if partner.standing == Standing::ReceiptOverdue {
        return BTreeMap::new();
    }
    let living = |issued: &&IssuedGrant| {
        let (agreement, standing) = (partner.agreement, partner.standing);
        issued.ended_at.is_none() && permit_keeping(ledger, agreement, standing, issued, now).is_ok()
    };
    let living: Vec<&IssuedGrant> = ledger.grants().values().filter(living).collect();
    let due = |consent: &ConsentId| {
        let may = permit_grant(ledger, partner.agreement, partner.standing, *consent, now).ok()?;
        let mut theirs = living.iter().filter(|issued| issued.consent == *consent);
        let is_granted = theirs.any(|issued| may.areas.is_subset(&issued.areas));
        (!is_granted).then_some((*consent, may.areas))
    };
    ledger.consents().keys().filter_map(due).collect()
}

/// Living grants to this partner whose consent no longer counts, or that a block, an agreement that
/// ended or covers less, or a revocation closes. A sealed node decides nothing.
pub fn grants_over(ledger: &LedgerView, partner: PartnerView<'_>, now: UnixMillis) -> BTreeSet<GrantId> {
    if partner.standing == Standing::Sealed {
        return BTreeSet::new();
    }
    ledger
        .grants()
        .iter()
        .filter(|(_, issued)| issued.ended_at.is_none() && issued.partner == partner.partner)
        .filter(|(_, issued)| {
            permit_keeping(ledger, partner.agreement, partner.standing, issued, now).is_err()
        })
        .map(|(grant, _)| *grant)
        .collect()
}

#[cfg(test)]
mod tests;
