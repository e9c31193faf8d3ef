//! What is said again in a chain that a backup brought back (law 16).

use crate::id::ConsentId;
use crate::ledger::exceptions::Exception;
use crate::ledger::statement::Said;
use crate::ledger::{LedgerError, LedgerView};
use crate::municipality::OrganisationNumber;
use crate::time::UnixMillis;

impl LedgerView {
    pub(super) fn apply_after_restore(&mut self, said: &Said, at: UnixMillis) -> Result<(), LedgerError> {
        let place = self.next_number;
        match said {
            Said::ExceptionRestored { consent, entry, from } => {
                self.consent_mut(*consent)?;
                let (under, entry, begins) = (Some(*consent), *entry, from.unwrap_or(at));
                self.exceptions.push(Exception { under, entry, place, said_at: Some(at), begins });
            }
            Said::EntryClosedToAll { entry, from } => {
                let (entry, begins) = (*entry, from.unwrap_or(at));
                self.exceptions.push(Exception { under: None, entry, place, said_at: Some(at), begins });
            }
            Said::ReplacementRestored { consent, from } => {
                self.consent_mut(*consent)?;
                self.replaced_from.insert(*consent, *from);
            }
            Said::WithdrawalRestored { consent } => self.consent_mut(*consent)?.withdraw_again(at),
            Said::ConsentReconfirmed { consent, .. } => {
                self.consent_mut(*consent)?;
                self.doubtful.remove(consent);
                if self.replaced_from.get(consent).is_some_and(|from| *from <= at) {
                    self.replaced_from.remove(consent);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Moments from which something holds that was said again after a restore, for one partner.
    pub(super) fn restored_changes(
        &self,
        partner: OrganisationNumber,
    ) -> impl Iterator<Item = UnixMillis> + '_ {
        let is_theirs = move |consent: &ConsentId| {
            self.consents.get(consent).is_some_and(|one| one.consent().recipient.host == partner)
        };
        let words = self.exceptions.iter();
        let is_ahead = |word: &&Exception| word.said_at.is_some_and(|said| said < word.begins);
        let words = words.filter(is_ahead).filter(move |word| word.under.as_ref().is_none_or(is_theirs));
        let replaced = self.replaced_from.iter().filter(move |(consent, _)| is_theirs(consent));
        words.map(|word| word.begins).chain(replaced.map(|(_, from)| *from))
    }
}
