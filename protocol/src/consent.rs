//! Consent (samtykke): what a family allows, who has said yes, and whether that holds at a moment.
//!
//! A consent opens a scope of one case to one service. Each required giver says yes separately;
//! a partly given consent opens nothing. It ends by withdrawal, by a newer version or by its end,
//! and nothing brings it back: a new yes is a new consent. When who must say yes changes, by a
//! birthday, by a new rule or by a change of custody, it pauses: nothing new goes out until the
//! new giver has said yes to a new one.

pub mod giver;
pub mod rule;
pub mod scope;

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{EntryId, PersonId};
use crate::limits::CONSENT_EXPIRING_MS;
use crate::municipality::AreaCode;
use crate::planted::planted;
use crate::time::UnixMillis;

pub use giver::{Channel, Evidence, Interpreter, Withdrawal, WithdrawnPart, Yes};
pub use scope::{ChildHeard, Consent, ConsentKind, Controller, Direction, HeardBy, LegalCharacter, Sector};

/// A consent and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    consent: Consent,
    /// The areas that nobody has taken back.
    areas: BTreeSet<AreaCode>,
    /// Entries that were excepted later, and by whom.
    excepted: BTreeMap<EntryId, BTreeSet<PersonId>>,
    yes: BTreeMap<PersonId, Yes>,
    /// Who has said no, and when last; no yes for the subject came since.
    refused: BTreeMap<PersonId, UnixMillis>,
    withdrawals: Vec<Withdrawal>,
    withdrawn_at: Option<UnixMillis>,
    expired_at: Option<UnixMillis>,
    reviewed_at: Option<UnixMillis>,
    narrowings: u32,
}

/// What a consent is at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsentStatus {
    /// Nobody has said yes yet (utkast).
    Draft,
    /// Some required givers have not said yes; grants nothing (delvis gitt).
    PartlyGiven {
        /// Who is missing.
        missing: BTreeSet<PersonId>,
    },
    /// A required giver said no (avslått).
    Refused,
    /// Everybody said yes, and its time has not come.
    NotYet,
    /// Everybody said yes after an earlier consent to this service had run out: what was held in
    /// between goes out only when the stafettholder has looked through it.
    WaitsForReview,
    /// It counts (gyldig).
    Valid,
    /// It counts, and runs out soon (utløper).
    Expiring,
    /// It counted, and somebody else must say yes by now: what is there stays, nothing new goes
    /// out (samtykke må fornyes).
    MustBeRenewed {
        /// Who must say yes, and has not.
        missing: BTreeSet<PersonId>,
    },
    /// It counted when the node was backed up; what was taken back since is not known, so it opens
    /// nothing until the givers stand by it (law 16).
    InDoubt,
    /// Its time is over (utløpt).
    Expired,
    /// A giver took the yes back; the first moment stands (trukket tilbake).
    Withdrawn {
        /// Since when.
        since: UnixMillis,
    },
    /// A newer version has taken its place (erstattet).
    Superseded,
}

impl ConsentStatus {
    /// Whether the consent opens anything now.
    pub fn counts(&self) -> bool {
        matches!(self, Self::Valid | Self::Expiring)
    }

    /// Whether nobody is asked any longer and nothing can come of it: it was refused, taken back or
    /// replaced, or has run out.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Refused | Self::Expired | Self::Withdrawn { .. } | Self::Superseded)
    }
}

/// A yes could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GiveError {
    /// It was withdrawn; a new yes needs a new consent.
    #[error("the consent was withdrawn")]
    Withdrawn {
        /// Since when.
        since: UnixMillis,
    },
    /// Its time is over.
    #[error("the consent has expired")]
    Expired,
    /// This giver said yes before; the first moment stands.
    #[error("this giver has said yes already")]
    AlreadyGiven,
}

/// A consent could not be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawError {
    /// This giver withdrew it before; the first moment stands.
    #[error("the consent was withdrawn before")]
    AlreadyWithdrawn {
        /// Since when.
        since: UnixMillis,
    },
    /// What was to be taken back is nothing that this giver has open: areas, an entry, or what is
    /// about the giver.
    #[error("that part of the consent is not open")]
    NotOpen,
}

/// Who must say yes, now and when it was given.
#[derive(Debug, Clone, Copy)]
pub struct Required<'a> {
    /// Whose yes is needed now.
    pub now: &'a BTreeSet<PersonId>,
    /// Whether everybody whose yes was needed then had said it.
    pub was_complete: bool,
    /// Whether a no stands of somebody whose yes was needed then.
    pub was_refused: bool,
    /// Whether it follows a consent to the same service that had run out.
    pub follows_expired: bool,
}

impl ConsentRecord {
    /// Starts with a question to the family that nobody has answered.
    pub fn asked(consent: Consent) -> Self {
        Self {
            areas: consent.areas.clone(),
            consent,
            excepted: BTreeMap::new(),
            yes: BTreeMap::new(),
            refused: BTreeMap::new(),
            withdrawals: Vec::new(),
            withdrawn_at: None,
            expired_at: None,
            reviewed_at: None,
            narrowings: 0,
        }
    }

    /// Returns the scope and its limits, as the family was asked.
    pub fn consent(&self) -> &Consent {
        &self.consent
    }

    /// Returns the areas that are open still.
    pub fn areas(&self) -> &BTreeSet<AreaCode> {
        &self.areas
    }

    /// Returns the entries that stay closed all the same.
    pub fn exceptions(&self) -> impl Iterator<Item = EntryId> {
        let all: BTreeSet<EntryId> =
            self.consent.exceptions.iter().chain(self.excepted.keys()).copied().collect();
        all.into_iter()
    }

    /// Returns the entries that were closed after the family was asked, and by whom.
    pub fn excepted(&self) -> &BTreeMap<EntryId, BTreeSet<PersonId>> {
        &self.excepted
    }

    /// Whether an entry stays closed all the same.
    pub fn excepts(&self, entry: EntryId) -> bool {
        self.consent.exceptions.contains(&entry) || self.excepted.contains_key(&entry)
    }

    /// Returns who has said yes, and how.
    pub fn given_by(&self) -> &BTreeMap<PersonId, Yes> {
        &self.yes
    }

    /// Whether a person has said yes for the subject.
    pub fn has_yes_of(&self, giver: PersonId) -> bool {
        self.yes.get(&giver).is_some_and(|yes| yes.for_subject)
    }

    /// Returns who has said no, and no yes since.
    pub fn refused_by(&self) -> BTreeSet<PersonId> {
        self.refused.keys().copied().collect()
    }

    /// Returns since when a no stands of somebody whose yes was needed then. Only that person's
    /// own yes takes it back: that the person need not be asked any longer does not.
    pub fn refused_since(&self, required: impl Fn(UnixMillis) -> BTreeSet<PersonId>) -> Option<UnixMillis> {
        let stands = |(giver, at): &(&PersonId, &UnixMillis)| {
            !self.has_yes_of(**giver) && required(**at).contains(giver)
        };
        self.refused.iter().filter(stands).map(|(_, at)| *at).min()
    }

    /// Returns what was taken back, in order.
    pub fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    /// Whether a person has opened what is written about that person, and has not taken it back.
    pub fn opens_about(&self, person: PersonId) -> bool {
        let taken_back =
            self.withdrawals.iter().any(|word| word.giver == person && word.part == WithdrawnPart::AboutSelf);
        !taken_back && self.yes.get(&person).is_some_and(|yes| yes.about_self)
    }

    /// Returns since when it is withdrawn, if it is.
    pub fn withdrawn_at(&self) -> Option<UnixMillis> {
        self.withdrawn_at
    }

    /// Returns since when it has run out or was noticed to have, at `now`.
    pub fn expired_since(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.expired_at.or_else(|| Some(self.consent.until).filter(|until| *until <= now))
    }

    /// Returns when its time is over, or was seen to be.
    pub fn runs_out_at(&self) -> UnixMillis {
        self.expired_at.map_or(self.consent.until, |seen| seen.min(self.consent.until))
    }

    /// Returns when it is over for good: its time, or a withdrawal before that.
    pub fn ends_at(&self) -> UnixMillis {
        self.withdrawn_at.map_or(self.runs_out_at(), |since| since.min(self.runs_out_at()))
    }

    /// Returns the areas that nobody had taken back at `now`.
    pub fn areas_at(&self, now: UnixMillis) -> BTreeSet<AreaCode> {
        let mut areas = self.consent.areas.clone();
        for word in self.withdrawals.iter().filter(|word| word.at <= now) {
            if let WithdrawnPart::Areas { areas: taken_back } = &word.part {
                areas.retain(|area| !taken_back.contains(area));
            }
        }
        areas
    }

    /// Returns when the stafettholder had looked through what was held, if that is done.
    pub fn reviewed_at(&self) -> Option<UnixMillis> {
        self.reviewed_at
    }

    /// Whether the ledger says that it has run out: then no clock brings it back.
    pub fn is_marked_expired(&self) -> bool {
        self.expired_at.is_some()
    }

    /// How often areas or what is about a giver were taken back: what was granted before is over.
    pub fn narrowings(&self) -> u32 {
        self.narrowings
    }

    /// Returns the moment at which everybody had said yes whose yes was needed then: that of the
    /// last yes, or one of `changes`, at which fewer are needed from then on. It may lie ahead. What
    /// changes once the consent is over completes nothing, nor does anything while a no stands.
    pub fn completed_at(
        &self,
        changes: impl IntoIterator<Item = UnixMillis>,
        required: impl Fn(UnixMillis) -> BTreeSet<PersonId>,
    ) -> Option<UnixMillis> {
        let for_subject = || self.yes.iter().filter(|(_, yes)| yes.for_subject);
        let mut moments: BTreeSet<UnixMillis> = for_subject().map(|(_, yes)| yes.at).collect();
        let first = *moments.first()?;
        let end = self.ends_at();
        moments.extend(changes.into_iter().filter(|change| *change > first && *change < end));
        let refused = self.refused_since(&required);
        let before_a_no = |moment: &UnixMillis| refused.is_none_or(|since| *moment < since);
        moments.into_iter().filter(before_a_no).find(|moment| {
            let needed = required(*moment);
            let said = |giver| for_subject().any(|(by, yes)| by == giver && yes.at <= *moment);
            !needed.is_empty() && needed.iter().all(said)
        })
    }

    /// Returns what the consent is at `now`, newer versions aside.
    ///
    /// With nobody required it is never valid: a rule that names no giver opens nothing.
    pub fn status(&self, required: Required<'_>, now: UnixMillis) -> ConsentStatus {
        if let Some(since) = self.withdrawn_at.filter(|_| !planted!("withdrawal-ignored")) {
            return ConsentStatus::Withdrawn { since };
        }
        let has_said_no = |giver: &PersonId| required.now.contains(giver) && !self.has_yes_of(*giver);
        let is_heard = !planted!("refusal-ignored");
        if is_heard && (required.was_refused || self.refused.keys().any(has_said_no)) {
            return ConsentStatus::Refused;
        }
        if self.expired_since(now).is_some() && !planted!("expired-counts") {
            return ConsentStatus::Expired;
        }
        let missing: BTreeSet<_> =
            required.now.iter().filter(|giver| !self.has_yes_of(**giver)).copied().collect();
        if required.was_complete && (required.now.is_empty() || !missing.is_empty()) {
            return ConsentStatus::MustBeRenewed { missing };
        }
        if required.now.is_empty() || !self.yes.values().any(|yes| yes.for_subject) {
            return ConsentStatus::Draft;
        }
        if !missing.is_empty() && !planted!("one-yes-is-enough") {
            return ConsentStatus::PartlyGiven { missing };
        }
        if now < self.consent.from {
            return ConsentStatus::NotYet;
        }
        if required.follows_expired && self.reviewed_at.is_none() {
            return ConsentStatus::WaitsForReview;
        }
        let is_soon = self.consent.until.since(now) <= CONSENT_EXPIRING_MS;
        if is_soon { ConsentStatus::Expiring } else { ConsentStatus::Valid }
    }

    /// Takes one giver's yes. A yes for the subject may follow one about the giver alone.
    ///
    /// # Errors
    /// [`GiveError`] if the consent is over, or the giver said yes before.
    pub fn give(&mut self, giver: PersonId, mut yes: Yes) -> Result<(), GiveError> {
        if let Some(since) = self.withdrawn_at {
            return Err(GiveError::Withdrawn { since });
        }
        if self.expired_since(yes.at).is_some() {
            return Err(GiveError::Expired);
        }
        if let Some(before) = self.yes.get(&giver) {
            if before.for_subject || !yes.for_subject {
                return Err(GiveError::AlreadyGiven);
            }
            yes.about_self |= before.about_self;
        }
        if yes.for_subject {
            self.refused.remove(&giver);
        }
        self.yes.insert(giver, yes);
        Ok(())
    }

    /// Takes one giver's no.
    pub fn refuse(&mut self, giver: PersonId, at: UnixMillis) {
        self.refused.insert(giver, at);
    }

    /// Takes back all or part of the consent; one giver's word is enough. When the last area is
    /// taken back, the whole is.
    ///
    /// What another giver took back before stays closed from that moment on. A giver's own word
    /// is noted all the same: a refusal would tell what the other did.
    ///
    /// # Errors
    /// [`WithdrawError`] if this giver took that back before, or never had it open.
    pub fn withdraw(&mut self, withdrawal: Withdrawal) -> Result<(), WithdrawError> {
        self.must_be_new(&withdrawal)?;
        let (at, is_open) = (withdrawal.at, self.withdrawn_at.is_none());
        match &withdrawal.part {
            WithdrawnPart::Whole => {
                self.withdrawn_at.get_or_insert(at);
            }
            WithdrawnPart::Areas { areas } => {
                if is_open && !areas.is_disjoint(&self.areas) && !planted!("narrowing-ignored") {
                    self.areas.retain(|area| !areas.contains(area));
                    self.narrow();
                }
                if self.areas.is_empty() {
                    self.withdrawn_at.get_or_insert(at);
                }
            }
            WithdrawnPart::AboutSelf => {
                if is_open {
                    self.narrow();
                }
            }
        }
        self.withdrawals.push(withdrawal);
        Ok(())
    }

    /// It was withdrawn once, by whom is lost (law 16). The first moment that is known stands.
    pub fn withdraw_again(&mut self, at: UnixMillis) {
        self.withdrawn_at.get_or_insert(at);
    }

    /// Whether a withdrawal takes back what its giver has open still, as far as that giver knows.
    fn must_be_new(&self, withdrawal: &Withdrawal) -> Result<(), WithdrawError> {
        let own = || self.withdrawals.iter().filter(|word| word.giver == withdrawal.giver);
        if let Some(whole) = own().find(|word| word.part == WithdrawnPart::Whole) {
            return Err(WithdrawError::AlreadyWithdrawn { since: self.withdrawn_at.unwrap_or(whole.at) });
        }
        let takes_something = match &withdrawal.part {
            WithdrawnPart::Whole => true,
            WithdrawnPart::Areas { areas } => {
                let is_left = |area: &&AreaCode| {
                    !own().any(
                        |word| matches!(&word.part, WithdrawnPart::Areas { areas } if areas.contains(*area)),
                    )
                };
                areas.intersection(&self.consent.areas).any(|area| is_left(&area))
            }
            WithdrawnPart::AboutSelf => self.opens_about(withdrawal.giver),
        };
        if takes_something { Ok(()) } else { Err(WithdrawError::NotOpen) }
    }

    fn narrow(&mut self) {
        self.narrowings = self.narrowings.saturating_add(1);
    }

    /// Closes one entry that was open. That it is closed already is no refusal: somebody else may
    /// have closed it. What it closes, it closes to the service, under every consent.
    ///
    /// # Errors
    /// [`WithdrawError`] if this giver withdrew the consent, or closed the entry before.
    pub fn except(&mut self, giver: PersonId, entry: EntryId) -> Result<(), WithdrawError> {
        let whole = |word: &&Withdrawal| word.giver == giver && word.part == WithdrawnPart::Whole;
        if let Some(word) = self.withdrawals.iter().find(whole) {
            return Err(WithdrawError::AlreadyWithdrawn { since: self.withdrawn_at.unwrap_or(word.at) });
        }
        let is_new = self.excepted.entry(entry).or_default().insert(giver);
        if is_new { Ok(()) } else { Err(WithdrawError::NotOpen) }
    }

    /// Notes that its time was over at `at`: a clock that is set back does not revive it.
    pub fn expire(&mut self, at: UnixMillis) {
        self.expired_at.get_or_insert(at);
    }

    /// Notes that the stafettholder has looked through what was held.
    pub fn review(&mut self, at: UnixMillis) {
        self.reviewed_at.get_or_insert(at);
    }
}

#[cfg(test)]
mod tests;
