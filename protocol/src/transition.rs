//! A transition (overgang) within the municipality: from health station to kindergarten, to school, to
//! lower secondary school. A checklist with days, the receiving unit's yes, and a time in which whoever
//! had the baton still works with the case.
//!
//! It opens nothing: who reads what follows from consents and assignments as ever. The case and its
//! log stay the same; only the baton goes on, by the one offer and acceptance that there is (law 14).
//!
//! ```text
//! under way ──changed, item done, received──▶ under way
//!     └──done (also by the clock), given up──▶ ended
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, TransitionId};
use crate::limits::{
    OVERLAP_AFTER_BATON_MS_MAX, TRANSITION_AHEAD_MS, TRANSITION_ITEMS_MAX, TRANSITION_OVERLAP_MS_MAX,
};
use crate::municipality::{ItemCode, ServiceCode};
use crate::task::{Task, TaskKind};
use crate::time::UnixMillis;

/// A service, or one unit of it, such as one school of several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unit {
    /// The service.
    pub service: ServiceCode,
    /// The unit within it; none for the whole service.
    pub name: Option<String>,
}

impl Unit {
    /// Whether somebody who works in `service`, and there in `unit`, works here.
    pub fn holds(&self, service: &ServiceCode, unit: Option<&str>) -> bool {
        self.service == *service && (self.name.is_none() || self.name.as_deref() == unit)
    }
}

/// By what an item of the checklist is met, besides a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetBy {
    /// By nothing else.
    Hand,
    /// A consent to the receiving service counts.
    Consent,
    /// The receiving unit has said that it takes part.
    Reception,
    /// The baton is offered to somebody of the receiving unit, or is there.
    Offer,
    /// Somebody of the receiving unit holds the baton.
    Baton,
}

/// A text was none of the words for what meets an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected hand, consent, reception, offer or baton")]
pub struct MetByError;

impl MetBy {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Hand, Self::Consent, Self::Reception, Self::Offer, Self::Baton];

    /// The word for it in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Consent => "consent",
            Self::Reception => "reception",
            Self::Offer => "offer",
            Self::Baton => "baton",
        }
    }
}

impl std::str::FromStr for MetBy {
    type Err = MetByError;

    fn from_str(text: &str) -> Result<Self, MetByError> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(MetByError)
    }
}

/// One item of a checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The first millisecond on which it is late.
    pub due: UnixMillis,
    /// By what it is met.
    pub met_by: MetBy,
}

/// A transition as it was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Its id.
    pub id: TransitionId,
    /// Where the child leaves.
    pub from: Unit,
    /// Where it begins.
    pub to: Unit,
    /// The first millisecond of the day on which it begins there.
    pub starts_at: UnixMillis,
    /// The first millisecond on which whoever gave the baton on no longer works with the case.
    pub overlap_until: UnixMillis,
    /// The checklist.
    pub items: BTreeMap<ItemCode, Item>,
}

/// The days of a transition, when they change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// As [`Transition::starts_at`].
    pub starts_at: UnixMillis,
    /// As [`Transition::overlap_until`].
    pub overlap_until: UnixMillis,
    /// When each item is late: of every one, and of no other.
    pub due: BTreeMap<ItemCode, UnixMillis>,
}

/// How a transition ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The child has begun there.
    Done,
    /// It came to nothing.
    GivenUp,
}

/// The receiving unit's yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reception {
    /// When.
    pub at: UnixMillis,
    /// Who of the unit takes part from here on, if somebody is named.
    pub contact: Option<AccountId>,
}

/// Why a word about a transition does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// Another is under way: a child begins at one place at a time.
    #[error("a transition is under way")]
    UnderWay,
    /// There is no such transition, or it has ended.
    #[error("there is no such transition")]
    NoSuchTransition,
    /// It leads to where the child is.
    #[error("a transition leads to another service or unit")]
    SamePlace,
    /// The checklist is empty or too long, or an item is not on it.
    #[error("the items do not fit the checklist")]
    Items,
    /// The overlap ends before the child begins, or too long after.
    #[error("the overlap ends on the day of the start or later, and within half a year")]
    Overlap,
}

/// Where the baton is, seen from a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatonAt {
    /// With somebody who is not of the receiving unit.
    Elsewhere,
    /// The same, and offered to somebody of the receiving unit.
    Offered,
    /// With somebody of the receiving unit.
    There,
    /// Nobody of the receiving unit may hold it: another controller answers for it.
    StaysAway,
}

/// What holds beside the ledger of a case when a transition is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whether a consent to the receiving service counts.
    pub is_consented: bool,
    /// Where the baton is.
    pub baton: BatonAt,
}

/// A transition as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionRecord {
    transition: Transition,
    begun_at: UnixMillis,
    done: BTreeSet<ItemCode>,
    reception: Option<Reception>,
    ended: Option<(UnixMillis, Outcome)>,
}

impl TransitionRecord {
    /// Begins one.
    ///
    /// # Errors
    /// [`TransitionError`] if places, checklist or days do not fit together.
    pub fn begin(transition: Transition, begun_at: UnixMillis) -> Result<Self, TransitionError> {
        if transition.from == transition.to {
            return Err(TransitionError::SamePlace);
        }
        if !(1..=TRANSITION_ITEMS_MAX).contains(&transition.items.len()) {
            return Err(TransitionError::Items);
        }
        check_overlap(transition.starts_at, transition.overlap_until)?;
        Ok(Self { transition, begun_at, done: BTreeSet::new(), reception: None, ended: None })
    }

    /// When it was begun. Between units of one service, which reads what it has written without a
    /// consent, the family is asked anew: only a consent that was asked for since counts.
    pub fn begun_at(&self) -> UnixMillis {
        self.begun_at
    }

    /// Whether it stays within one service.
    pub fn is_within_a_service(&self) -> bool {
        self.transition.from.service == self.transition.to.service
    }

    /// Takes other days. What is done stays done.
    ///
    /// # Errors
    /// [`TransitionError`] if it has ended, an item is missing or unknown, or the overlap does not fit.
    pub fn change(&mut self, days: &Days) -> Result<(), TransitionError> {
        self.must_be_under_way()?;
        if !days.due.keys().eq(self.transition.items.keys()) {
            return Err(TransitionError::Items);
        }
        check_overlap(days.starts_at, days.overlap_until)?;
        self.transition.starts_at = days.starts_at;
        self.transition.overlap_until = days.overlap_until;
        for (item, due) in self.transition.items.values_mut().zip(days.due.values()) {
            item.due = *due;
        }
        Ok(())
    }

    /// Takes a person's word that an item is done, or that it is not after all.
    ///
    /// # Errors
    /// [`TransitionError`] if it has ended, or the item is not on the checklist.
    pub fn mark(&mut self, item: &ItemCode, is_done: bool) -> Result<(), TransitionError> {
        self.must_be_under_way()?;
        if !self.transition.items.contains_key(item) {
            return Err(TransitionError::Items);
        }
        if is_done {
            self.done.insert(item.clone());
        } else {
            self.done.remove(item);
        }
        Ok(())
    }

    /// Takes the receiving unit's yes; once more names another contact.
    ///
    /// # Errors
    /// [`TransitionError::NoSuchTransition`] if it has ended.
    pub fn receive(&mut self, contact: Option<AccountId>, at: UnixMillis) -> Result<(), TransitionError> {
        self.must_be_under_way()?;
        let at = self.reception.map_or(at, |reception| reception.at);
        self.reception = Some(Reception { at, contact });
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// [`TransitionError::NoSuchTransition`] if it has ended: the first word stands.
    pub fn end(&mut self, how: Outcome, at: UnixMillis) -> Result<(), TransitionError> {
        self.must_be_under_way()?;
        self.ended = Some((at, how));
        Ok(())
    }

    fn must_be_under_way(&self) -> Result<(), TransitionError> {
        if self.ended.is_some() { Err(TransitionError::NoSuchTransition) } else { Ok(()) }
    }

    /// What was begun, with the days of by now.
    pub fn transition(&self) -> &Transition {
        &self.transition
    }

    /// The receiving unit's yes, if it has said so.
    pub fn reception(&self) -> Option<Reception> {
        self.reception
    }

    /// When and how it ended; none while it is under way.
    pub fn ended(&self) -> Option<(UnixMillis, Outcome)> {
        self.ended
    }

    /// Whether somebody has said that an item is done.
    pub fn is_marked(&self, item: &ItemCode) -> bool {
        self.done.contains(item)
    }

    /// Whether an item is met: by a person's word, or by what it waits for. What it waits for can be
    /// lost again, such as a consent that is taken back; a person's word stands until it is taken back.
    pub fn is_met(&self, item: &ItemCode, progress: Progress) -> bool {
        let met_by = self.transition.items.get(item).map(|item| item.met_by);
        let is_so = match met_by {
            None | Some(MetBy::Hand) => false,
            Some(MetBy::Consent) => progress.is_consented,
            Some(MetBy::Reception) => self.reception.is_some(),
            Some(MetBy::Offer) => matches!(progress.baton, BatonAt::Offered | BatonAt::There),
            Some(MetBy::Baton) => progress.baton == BatonAt::There,
        };
        is_so || self.is_marked(item)
    }

    /// Until when whoever gives the baton on works with the case further: if it goes from the unit
    /// that the child leaves to the one where it begins, and the overlap has not ended. Never longer
    /// than [`OVERLAP_AFTER_BATON_MS_MAX`] from `now`.
    pub fn overlap(
        &self,
        giver: (&ServiceCode, Option<&str>),
        taker: (&ServiceCode, Option<&str>),
        now: UnixMillis,
    ) -> Option<UnixMillis> {
        let Transition { from, to, overlap_until, .. } = &self.transition;
        let goes_on = from.holds(giver.0, giver.1) && to.holds(taker.0, taker.1);
        let until = (*overlap_until).min(now.plus(OVERLAP_AFTER_BATON_MS_MAX));
        (self.ended.is_none() && goes_on && now < until).then_some(until)
    }

    /// Whether time has ended it: the receiving unit takes part, each item is met, the baton is where it
    /// goes, and the overlap is over. Without that it waits, and somebody is told.
    pub fn is_over(&self, progress: Progress, now: UnixMillis) -> bool {
        let is_there = matches!(progress.baton, BatonAt::There | BatonAt::StaysAway);
        let is_met = self.transition.items.keys().all(|item| self.is_met(item, progress));
        let is_done = self.reception.is_some() && is_met && is_there;
        self.ended.is_none() && is_done && self.transition.overlap_until <= now
    }

    /// What is to be done: the item that is late first, the yes of the receiving unit, somebody there who
    /// follows up once a consent counts, and a baton that has not come along on the day of the start.
    /// Nothing once it has ended.
    pub fn tasks(&self, progress: Progress, now: UnixMillis) -> Vec<Task> {
        if self.ended.is_some() {
            return Vec::new();
        }
        let starts_at = self.transition.starts_at;
        let unmet = self.transition.items.iter().filter(|(code, _)| !self.is_met(code, progress));
        let next = unmet.map(|(_, item)| item.due).min();
        let next = next.filter(|due| *due <= now.plus(TRANSITION_AHEAD_MS));
        let mut tasks: Vec<Task> =
            next.map(|due| Task::of(TaskKind::TransitionItemDue, due)).into_iter().collect();
        match self.reception {
            None => tasks.push(Task::of(TaskKind::TransitionToReceive, starts_at)),
            Some(Reception { contact: None, .. })
                if progress.is_consented && progress.baton != BatonAt::There =>
            {
                tasks.push(Task::of(TaskKind::TransitionContactMissing, starts_at));
            }
            Some(_) => {}
        }
        let is_missing = matches!(progress.baton, BatonAt::Elsewhere | BatonAt::Offered);
        if is_missing && starts_at <= now {
            tasks.push(Task::of(TaskKind::TransitionBatonMissing, starts_at));
        }
        tasks
    }
}

fn check_overlap(starts_at: UnixMillis, until: UnixMillis) -> Result<(), TransitionError> {
    let fits = starts_at <= until && until.since(starts_at) <= TRANSITION_OVERLAP_MS_MAX;
    if fits { Ok(()) } else { Err(TransitionError::Overlap) }
}

#[cfg(test)]
mod tests;
