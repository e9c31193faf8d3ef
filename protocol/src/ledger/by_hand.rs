//! A case that goes to a municipality without a node: a package for the hand, and what is known of it.
//!
//! Nobody there answers over a link. The case stays here, and so does the baton, until somebody here
//! registers that the other municipality has said in writing that it takes the case over.

use std::collections::BTreeMap;

use super::statement::Said;
use super::{LedgerError, LedgerView};
use crate::consent::ConsentKind;
use crate::id::{ConsentId, PackageId};
use crate::limits::ARCHIVE_REFERENCE_BYTES_MAX;
use crate::municipality::OrganisationNumber;

use crate::succession::CivilDay;
use crate::time::UnixMillis;
use crate::transition::TransitionError;

/// A package for the hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandPackage {
    /// For whom.
    pub to: OrganisationNumber,
    /// Under which consent; none if a restored chain has lost that.
    pub consent: Option<ConsentId>,
    /// When it was made, or heard of again.
    pub made_at: UnixMillis,
    /// What became of it.
    pub course: HandCourse,
}

/// What became of a package for the hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandCourse {
    /// It was made, and nobody has said that the case is taken over.
    Made,
    /// The stafettholder has taken it back: by it, the case does not move any more.
    TakenBack {
        /// When.
        at: UnixMillis,
    },
    /// The other municipality has the case.
    Accepted {
        /// When that was registered.
        at: UnixMillis,
        /// Where its letter is filed; none if a restored chain has lost that.
        archive: Option<String>,
        /// The day on which it took the case over; none likewise.
        on: Option<CivilDay>,
    },
}

impl HandPackage {
    /// Whether it may still be accepted, or be taken back.
    pub fn is_open(&self) -> bool {
        self.course == HandCourse::Made
    }
}

impl LedgerView {
    /// Every package for the hand that was made of the case.
    pub fn packages_by_hand(&self) -> &BTreeMap<PackageId, HandPackage> {
        &self.by_hand
    }

    /// The package that is neither accepted nor taken back; there is never more than one.
    pub fn open_package(&self) -> Option<(PackageId, &HandPackage)> {
        self.by_hand.iter().find(|(_, one)| one.is_open()).map(|(id, one)| (*id, one))
    }

    /// The package by which the case became another municipality's, if it has by hand.
    pub fn moved_by_hand(&self) -> Option<(PackageId, &HandPackage)> {
        let is_accepted = |one: &HandPackage| matches!(one.course, HandCourse::Accepted { .. });
        self.by_hand.iter().find(|(_, one)| is_accepted(one)).map(|(id, one)| (*id, one))
    }

    pub(super) fn apply_by_hand(&mut self, said: &Said, at: UnixMillis) -> Result<(), LedgerError> {
        match said {
            Said::PackageMade { package, to, consent, .. } => {
                self.must_be_open()?;
                let asked = self.consents.get(consent).ok_or(LedgerError::NoSuchConsent)?;
                if asked.consent().kind != ConsentKind::Transfer || asked.consent().recipient.host != *to {
                    return Err(LedgerError::NoSuchConsent);
                }
                if self.is_move_refused(*consent) {
                    return Err(LedgerError::MoveRefused);
                }
                if self.transition().is_some() {
                    return Err(TransitionError::UnderWay.into());
                }
                if self.open_move().is_some() || self.open_package().is_some() {
                    return Err(LedgerError::MoveOpen);
                }
                let (to, consent) = (*to, Some(*consent));
                let made = HandPackage { to, consent, made_at: at, course: HandCourse::Made };
                super::insert_new(&mut self.by_hand, *package, made)?;
            }
            Said::PackageTakenBack { package } => {
                self.open_package_mut(*package)?.course = HandCourse::TakenBack { at };
            }
            Said::PackageAccepted { package, archive, on } => {
                self.must_be_open()?;
                if archive.trim().is_empty() || archive.len() > ARCHIVE_REFERENCE_BYTES_MAX {
                    return Err(LedgerError::Reference);
                }
                let (archive, on) = (Some(archive.clone()), Some(on.clone()));
                self.open_package_mut(*package)?.course = HandCourse::Accepted { at, archive, on };
                self.baton.leave();
            }
            Said::PackageRestored { package, to } => {
                let known = self.by_hand.get(package);
                if known.is_some_and(|one| one.to != *to) || self.has_moved() {
                    return Err(LedgerError::MoveOpen);
                }
                let consent = known.and_then(|one| one.consent);
                let made_at = known.map_or(at, |one| one.made_at);
                let course = HandCourse::Accepted { at, archive: None, on: None };
                self.by_hand.insert(*package, HandPackage { to: *to, consent, made_at, course });
                self.take_packages_back(at);
                self.baton.leave();
            }
            _ => {}
        }
        Ok(())
    }

    /// Nothing goes by hand any more: the case has moved another way, or a restored chain may lack that a
    /// package was taken back.
    pub(super) fn take_packages_back(&mut self, at: UnixMillis) {
        for one in self.by_hand.values_mut().filter(|one| one.is_open()) {
            one.course = HandCourse::TakenBack { at };
        }
    }

    fn open_package_mut(&mut self, package: PackageId) -> Result<&mut HandPackage, LedgerError> {
        let open = self.by_hand.get_mut(&package).filter(|one| one.is_open());
        open.ok_or(LedgerError::NoSuchMove)
    }
}

#[cfg(test)]
mod tests;
