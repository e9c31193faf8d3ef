//! Cases that move: what a session hears is decided here, committed, and told back (law 18).
//!
//! Reading order: here what both sides share, `leaving` what the old owner hears, `arriving` what the
//! municipality hears that may take the case. The rules are the protocol's; a session has asked them
//! before, but of two things that cross, the one that was committed first counts.

use stafett_protocol::decision::{Decision, MoveError};
use stafett_protocol::id::SuccessionId;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::succession::record::LeavingRecord;
#[cfg(test)]
use stafett_protocol::succession::sealed::PackageKey;
use stafett_protocol::succession::statement::Course;
use stafett_protocol::transaction::Write;

use super::link::Links;
use super::{Engine, EngineError};

mod arriving;
mod by_hand;
mod inbox;
mod leaving;
mod offering;
mod packing;
mod showing;
mod taken_in;

pub use by_hand::Export;
pub use offering::OfferMove;
pub use taken_in::TakenIn;

impl From<MoveError> for EngineError {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Denied(_) => Self::Conflict { reason: "the case may not go there, or not now" },
            MoveError::Changed => Self::Conflict { reason: "the package is no longer what may go" },
            MoveError::NotTheirs => Self::NotFound,
            MoveError::Decision(error) => error.into(),
        }
    }
}

impl Engine {
    /// Ends the moves that are over by a decision, and says what a new owner must know.
    pub(super) fn follow_moves(&self, decision: &mut Decision, links: &Links) -> Result<(), EngineError> {
        for link in links.values() {
            if let Some((succession, cause)) = decision.move_over(link.view()) {
                decision.end_move(succession, cause, &self.inner.signing)?;
            }
        }
        for word in decision.late_due() {
            decision.say_late(word, &self.inner.signing)?;
        }
        Ok(())
    }

    /// Returns the moves that a decision has changed, as they are to be kept. `touched` are those of which
    /// the command itself keeps more than the chain says.
    pub(super) async fn moves_to_keep(
        &self,
        ledger: &LedgerView,
        mut touched: Vec<LeavingRecord>,
    ) -> Result<Vec<LeavingRecord>, EngineError> {
        if ledger.moves().is_empty() {
            return Ok(Vec::new());
        }
        let known = self.inner.store.moves_of(ledger.case()).await?;
        let mut kept = Vec::new();
        for (succession, one) in ledger.moves() {
            let is_it = |record: &LeavingRecord| record.course.succession == *succession;
            let leaving = one.leaving.clone();
            if let Some(place) = touched.iter().position(is_it) {
                kept.push(LeavingRecord { leaving, ..touched.swap_remove(place) });
                continue;
            }
            match known.iter().find(|record| is_it(record)) {
                Some(record) if record.leaving == leaving => {}
                Some(record) => kept.push(LeavingRecord { leaving, ..record.clone() }),
                None => {
                    let course = Course { succession: *succession, from: self.inner.own, to: one.to };
                    kept.push(LeavingRecord::settled(ledger.case(), course, leaving));
                }
            }
        }
        Ok(kept)
    }

    /// Tells each partner's session what holds of a move to it. The case is made known first: without what
    /// holds in it, nothing of it may go.
    pub(super) async fn tell_moves(&self, ledger: &std::sync::Arc<LedgerView>, kept: Vec<LeavingRecord>) {
        for record in kept {
            if let Some(link) = self.link(record.course.to) {
                if record.leaving.is_open() {
                    self.introduce(&link, ledger).await;
                }
                link.tell(Input::LeavingTold(Box::new(record)));
            }
        }
    }

    /// A session waits for the answer: what could not be kept is said by the other side again.
    fn not_kept(&self, partner: OrganisationNumber, succession: SuccessionId, error: &EngineError) {
        tracing::warn!(%partner, %succession, %error, "what was said of a move could not be kept");
        if let Some(link) = self.link(partner) {
            link.tell(Input::MoveNotKept(succession));
        }
    }
}

/// Takes apart what a command writes: what it keeps of moves, and the rest.
pub(super) fn apart(writes: Vec<Write>) -> (Vec<LeavingRecord>, Vec<Write>) {
    let (mut moves, mut rest) = (Vec::new(), Vec::new());
    for write in writes {
        match write {
            Write::Leaving(record) => moves.push(*record),
            other => rest.push(other),
        }
    }
    (moves, rest)
}

#[cfg(test)]
impl Engine {
    /// Says what no command says yet.
    pub(crate) async fn says(
        &self,
        case: stafett_protocol::id::CaseId,
        by: stafett_protocol::id::AccountId,
        said: Vec<stafett_protocol::ledger::statement::Said>,
    ) {
        let _turn = self.inner.commands.lock().await;
        let ledger = self.ledger(case).await.expect("a case");
        let mut decision = Decision::about((*ledger).clone(), Some(by), self.now());
        for said in said {
            decision.say(said, &self.inner.signing).expect("follows");
        }
        self.conclude(decision, Vec::new(), Vec::new()).await.expect("commits");
    }

    /// The key of one of this node's packages.
    pub(crate) fn key_of(&self, succession: SuccessionId, revision: u32) -> PackageKey {
        PackageKey::derive(&self.inner.package_secret, succession, revision).expect("a key")
    }
}
