//! Clearing the way: what may no longer go is dropped, also when it was handed to the transport
//! and nobody has said that it arrived (law 12).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Session;
use super::output::Output;
use super::snapshot::{IssuedState, Tracked, TrackedRelation};
use crate::access::Denial;
use crate::agreement::{Agreement, Standing};
use crate::grant::Grant;
use crate::id::{CaseId, EntryId, GrantId};
use crate::ledger::LedgerView;
use crate::planted::planted;
use crate::time::UnixMillis;
use crate::wire::error_code::CloseCode;

impl Session {
    /// What holds in a case changed; something of it may be over, or open now. Only what is open
    /// otherwise than before stands in line anew: all else that was said in the case is none of this
    /// partner's, and moves nothing that it may notice (law 5).
    pub(super) fn case_changed(&mut self, ledger: Arc<LedgerView>) {
        let case = ledger.case();
        let before = self.open_in(case);
        self.cases.insert(case, ledger);
        self.batons.look_at(case);
        if self.is_over_on_the_way(|on_the_way| on_the_way == case) && !planted!("way-not-closed") {
            self.close_the_way();
        }
        let after = self.open_in(case);
        let is_new = |(entry, grants): &(EntryId, BTreeSet<GrantId>)| before.get(entry) != Some(grants);
        self.pending.extend(after.into_iter().filter(is_new).map(|(entry, _)| entry));
    }

    /// The entries of a case that may go, each with the grants that open it.
    fn open_in(&self, case: CaseId) -> BTreeMap<EntryId, BTreeSet<GrantId>> {
        let of_case = self.entries.iter().filter(|(_, tracked)| tracked.record.facts.case == case);
        let open = of_case.filter_map(|(entry, tracked)| {
            let permit = self.permit(tracked).ok()?;
            Some((*entry, permit.grounds().iter().map(|ground| ground.grant).collect()))
        });
        open.collect()
    }

    pub(super) fn standing_changed(&mut self, agreement: Option<Agreement>, standing: Standing) {
        let closes = self.agreement != agreement || self.standing != standing;
        self.agreement = agreement;
        self.standing = standing;
        if standing == Standing::Sealed && !planted!("seal-not-silent") {
            return self.fall_silent();
        }
        if closes {
            self.close_the_way();
            self.mark_unsent_entries();
            self.batons.look_at_all(self.cases.keys());
        }
    }

    /// A sealed node says nothing more, not even that it is being compared no longer (law 16).
    fn fall_silent(&mut self) {
        if self.connection.is_some() {
            self.drop_data_frames();
            self.outputs.retain(|output| !matches!(output, Output::Send { .. }));
            self.outputs.push_back(Output::ResetData);
            self.outputs.push_back(Output::Close(CloseCode::Sealed));
            self.disconnected();
        }
    }

    /// Something may be over by the passing of time, or because an order calls it back.
    pub(super) fn close_what_is_over(&mut self) {
        if self.is_over_on_the_way(|_| true) {
            self.close_the_way();
        }
    }

    /// The next moment at which the agreement, a grant or a consent begins or is over, or at which
    /// somebody else must say yes, such as a birthday: what it opens is sent then, and what it closes
    /// is dropped then, and not with whatever happens next.
    pub(super) fn boundary_timeout(&self) -> Option<UnixMillis> {
        let lives = |issued: &&IssuedState| {
            let Grant { case, grant, .. } = issued.grant.statement();
            let known = self.cases.get(case).and_then(|ledger| ledger.grants().get(grant));
            known.is_none_or(|known| known.ended_at.is_none())
        };
        let issued = self.issued.values().filter(lives).map(|issued| issued.grant.statement());
        let ledgers = issued.clone().filter_map(|grant| self.cases.get(&grant.case));
        let of_consents = ledgers.filter_map(|ledger| ledger.next_change(self.identity.partner, self.now));
        let issued = issued.flat_map(|grant| [grant.from, grant.until]);
        let received = self.received.values().flatten().map(|received| received.grant.until);
        let agreed = self.agreement.iter().flat_map(|agreement| [agreement.from, agreement.until]);
        let all = issued.chain(of_consents).chain(received).chain(agreed);
        all.filter(|at| *at > self.now && *at < UnixMillis::MAX).min()
    }

    /// Whether anything that was sent on this connection, and not acknowledged, may no longer go.
    fn is_over_on_the_way(&self, of: impl Fn(CaseId) -> bool) -> bool {
        let in_flight = self.in_flight.iter();
        let in_flight = in_flight.filter_map(|(entry, grants)| Some((self.entries.get(entry)?, grants)));
        let mut in_flight = in_flight.filter(|(tracked, _)| of(tracked.record.facts.case));
        let grants = self.issued.values().filter(|issued| of(issued.grant.statement().case));
        let relations = self.relations.values().filter(|tracked| of(tracked.relation.case));
        let proposals = self.proposals.values().filter(|waiting| of(waiting.proposal.case));
        in_flight.any(|(tracked, grants)| self.is_over(tracked, grants))
            || grants.filter(|issued| issued.sent && !issued.stored).any(|issued| !self.grant_may_go(issued))
            || relations
                .filter(|tracked| tracked.sent && !tracked.stored)
                .any(|tracked| self.relation_is_over(tracked))
            || self.part_is_over(&of)
            || proposals.filter(|waiting| waiting.sent).any(|waiting| !self.proposal_may_go(waiting))
    }

    /// Whether what was sent of an entry is no longer open, or names a grant that is over. Denials
    /// that hold back only what is new do not reach back to what was sent. A recall does: it calls back
    /// what is on its way under whatever grant, when its order is queued.
    fn is_over(&self, tracked: &Tracked, grants: &BTreeSet<GrantId>) -> bool {
        match self.permit(tracked) {
            Ok(permit) => {
                let is_open = |grant| permit.grounds().iter().any(|ground| ground.grant == grant);
                !grants.iter().all(|grant| is_open(*grant))
            }
            Err(Denial::HistoryTravels | Denial::ReceiptOverdue) => false,
            Err(_) => true,
        }
    }

    fn relation_is_over(&self, tracked: &TrackedRelation) -> bool {
        let none = BTreeSet::new();
        let ends = [tracked.relation.from, tracked.relation.to];
        ends.iter().any(|end| self.entries.get(end).is_none_or(|tracked| self.is_over(tracked, &none)))
    }

    /// Drops what was queued and resets the stream; what may still go is sent again.
    fn close_the_way(&mut self) {
        if self.connection.is_none() {
            return;
        }
        self.drop_data_frames();
        if !planted!("stream-not-reset") {
            self.outputs.push_back(Output::ResetData);
        }
        self.unsend();
        self.reconcile_after_reset();
    }
}
