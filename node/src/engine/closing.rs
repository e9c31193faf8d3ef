//! Closing a case: nothing more is written in it or asked of its family, and what was shared is called
//! back. Who read it here reads it still, until it is erased.

use std::collections::BTreeSet;

use stafett_protocol::decision::Decision;
use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::person::Reader;
use stafett_protocol::succession::leaving::EndCause;
use stafett_protocol::transition::Outcome;

use super::{Engine, EngineError};
use crate::store::LocalWrite;

/// What closing a case would do.
pub(crate) struct ClosingView {
    /// Whether it is closed already.
    pub(crate) is_closed: bool,
    /// The partners with which something is shared, by name.
    pub(crate) shared_with: Vec<String>,
}

impl Engine {
    /// Tells the stafettholder what closing the case does, before it does.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton.
    pub(crate) async fn closing(&self, reader: &Reader, case: CaseId) -> Result<ClosingView, EngineError> {
        let ledger = self.held_case(reader, case).await?;
        self.note(reader, Some(case), "closing".to_owned()).await?;
        let living = ledger.grants().values().filter(|issued| issued.ended_at.is_none());
        let partners: BTreeSet<_> = living.map(|issued| issued.partner).collect();
        let mut shared_with: Vec<_> = partners.into_iter().map(|partner| self.name_of(partner)).collect();
        shared_with.sort_unstable();
        Ok(ClosingView { is_closed: ledger.is_closed(), shared_with })
    }

    /// Closes a case for good. Every sharing ends by the one rule, with an order to erase for each
    /// partner; an offer of the baton is void, a transition is given up, and a move is taken back. Whoever presses twice is answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton.
    pub async fn close_case(&self, reader: &Reader, case: CaseId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        if ledger.is_closed() {
            return Ok(());
        }
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        if let Some(offer) = ledger.baton().waiting(self.now()).map(|offer| offer.id) {
            decision.say(Said::BatonRecalled { offer }, &self.inner.signing)?;
        }
        if let Some(record) = ledger.transition() {
            let (transition, how) = (record.transition().id, Outcome::GivenUp);
            decision.say(Said::TransitionEnded { transition, how }, &self.inner.signing)?;
        }
        if let Some((succession, _)) = ledger.open_move() {
            decision.end_move(succession, EndCause::Recalled, &self.inner.signing)?;
        }
        decision.say(Said::Closed, &self.inner.signing)?;
        let mut local = self.overlap_dropped(case).await?;
        local.push(LocalWrite::HandoverNoteDropped(case));
        self.conclude(decision, Vec::new(), local).await?;
        Ok(())
    }
}
