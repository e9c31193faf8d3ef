//! Transitions within the municipality, of which at most one is under way.

use std::collections::BTreeMap;

use super::statement::Said;
use super::{LedgerError, LedgerView};
use crate::id::TransitionId;
use crate::time::UnixMillis;
use crate::transition::{TransitionError, TransitionRecord};

impl LedgerView {
    pub(super) fn apply_to_transition(&mut self, said: &Said, at: UnixMillis) -> Result<(), LedgerError> {
        match said {
            Said::TransitionOpened { transition } => {
                self.must_be_open()?;
                if self.open_move().is_some() || self.open_package().is_some() {
                    return Err(LedgerError::MoveOpen);
                }
                if self.transition().is_some() {
                    return Err(TransitionError::UnderWay.into());
                }
                let begun = TransitionRecord::begin(transition.clone(), at)?;
                super::insert_new(&mut self.transitions, transition.id, begun)?;
            }
            Said::TransitionChanged { transition, days } => {
                self.must_be_open()?;
                self.transition_mut(*transition)?.change(days)?;
            }
            Said::TransitionItemDone { transition, item, done } => {
                self.must_be_open()?;
                self.transition_mut(*transition)?.mark(item, *done)?;
            }
            Said::TransitionReceived { transition, contact } => {
                self.must_be_open()?;
                self.transition_mut(*transition)?.receive(*contact, at)?;
            }
            Said::TransitionEnded { transition, how } => self.transition_mut(*transition)?.end(*how, at)?,
            _ => {}
        }
        Ok(())
    }

    fn transition_mut(&mut self, id: TransitionId) -> Result<&mut TransitionRecord, LedgerError> {
        self.transitions.get_mut(&id).ok_or(LedgerError::Transition(TransitionError::NoSuchTransition))
    }

    /// The transition that is under way.
    pub fn transition(&self) -> Option<&TransitionRecord> {
        self.transitions.values().find(|record| record.ended().is_none())
    }

    /// Every transition that was begun, by id.
    pub fn transitions(&self) -> &BTreeMap<TransitionId, TransitionRecord> {
        &self.transitions
    }
}
