//! What a package for the hand needs to be made, and what makes the case another municipality's by it.

use super::succeeding::MoveError;
use super::{Decision, PartnerView};
use crate::access::succeeding::{MoveQuestion, TransferPermit, permit_succession, permit_transfer};
use crate::access::{Denial, EntryFacts};
use crate::agreement::Standing;
use crate::id::{ConsentId, PackageId};
use crate::ledger::LedgerError;
use crate::ledger::statement::Said;
use crate::signed::{SigningKey, StatementHash};
use crate::succession::CivilDay;

impl Decision {
    /// Makes a package for the municipality that the consent names. Every entry of it has the gate's leave,
    /// of this step and for this consent.
    ///
    /// # Errors
    /// [`MoveError::Denied`] if the gate says no, [`MoveError::Changed`] if a permit is of another move,
    /// [`MoveError::Decision`] if another move or package is open, or a transition.
    pub fn make_package(
        &mut self,
        package: PackageId,
        consent: ConsentId,
        document: StatementHash,
        partner: PartnerView<'_>,
        permits: &[TransferPermit<'_>],
        key: &SigningKey,
    ) -> Result<(), MoveError> {
        permit_succession(&self.move_question(consent, partner))?;
        let to = partner.partner;
        if !permits.iter().all(|permit| permit.consent() == consent && permit.to() == to) {
            return Err(MoveError::Changed);
        }
        Ok(self.say(Said::PackageMade { package, to, consent, document }, key)?)
    }

    /// Takes a package back: the case does not move by it any more. Whoever has the file and the code word
    /// reads it still.
    ///
    /// # Errors
    /// [`MoveError::Decision`] if it is not open.
    pub fn take_package_back(&mut self, package: PackageId, key: &SigningKey) -> Result<(), MoveError> {
        Ok(self.say(Said::PackageTakenBack { package }, key)?)
    }

    /// Returns the package for one municipality that stands, and by this decision may no longer go: a consent
    /// was withdrawn as a whole or in a part that is in it, has run out or waits for somebody, an address is
    /// protected, the agreement is over or narrower, or the case is closed. `packed` are the entries that stand
    /// in it, as they are now. A sealed node decides nothing.
    pub fn package_over(&self, partner: PartnerView<'_>, packed: &[EntryFacts]) -> Option<PackageId> {
        let (package, open) = self.ledger.open_package().filter(|(_, one)| one.to == partner.partner)?;
        if partner.standing == Standing::Sealed {
            return None;
        }
        let may_go = |consent| may_go_by_hand(&self.move_question(consent, partner), packed).is_ok();
        let stands = open.consent.is_some_and(may_go) && !self.ledger.is_closed();
        (!stands).then_some(package)
    }

    /// Writes down that the other municipality has said in writing that it takes the case over: from here
    /// on the case is its. `packed` are the entries that stand in the package, as they are now.
    ///
    /// # Errors
    /// [`MoveError::Denied`] if the gate says no by now, to the case or to an entry of it, as after a withdrawal; [`MoveError::Decision`] if the
    /// package is not open, or the reference does not fit.
    pub fn accept_package(
        &mut self,
        package: PackageId,
        partner: PartnerView<'_>,
        packed: &[EntryFacts],
        archive: String,
        on: CivilDay,
        key: &SigningKey,
    ) -> Result<(), MoveError> {
        let open = self.ledger.packages_by_hand().get(&package).filter(|one| one.is_open());
        let open = open.ok_or(LedgerError::NoSuchMove)?;
        if open.to != partner.partner {
            return Err(MoveError::NotTheirs);
        }
        let consent = open.consent.ok_or(Denial::NoConsent)?;
        may_go_by_hand(&self.move_question(consent, partner), packed)?;
        Ok(self.say(Said::PackageAccepted { package, archive, on }, key)?)
    }
}

/// Asks whether a package may go with everything that stands in it.
///
/// # Errors
/// [`Denial`]: the first reason found.
pub fn may_go_by_hand(question: &MoveQuestion<'_>, packed: &[EntryFacts]) -> Result<(), Denial> {
    permit_succession(question)?;
    packed.iter().try_for_each(|entry| permit_transfer(question, entry).map(drop))
}

#[cfg(test)]
mod tests;
