//! What people do with a baton that is offered to a service at a partner.

use std::sync::Arc;

use stafett_protocol::baton::there::{AnswerThere, At, BatonThere};
use stafett_protocol::baton::{BatonOffer, Offered};
use stafett_protocol::decision::{Decision, PartnerView};
use stafett_protocol::id::{AccountId, BatonOfferId};
use stafett_protocol::limits::BATON_OFFER_MS;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::signed::Verified;
use stafett_protocol::succession::package::Line;
use stafett_protocol::transaction::Write;

use super::people::{LEADER, News};
use super::{CaseAt, Federation, Place};

impl Federation {
    /// The stafettholder offers the baton to a service at a partner; none if the gate says no.
    pub fn offer_baton_there(&mut self, case: CaseAt, service: Service) -> Option<BatonOfferId> {
        let label = self.next_label();
        let id = BatonOfferId::from_random(self.chance.half(format!("{label} offer")));
        let ledger = (*self.nodes[&case.owner].store.ledgers[&case.case]).clone();
        let (by, key) = (ledger.holder(), Arc::clone(&self.nodes[&case.owner].key));
        let place = self.place_of(case.owner, service.host)?;
        let mut decision = Decision::about(ledger, by, self.now);
        let offer =
            BatonOffer { id, to: Offered::Service(service), lapses_at: self.now.plus(BATON_OFFER_MS) };
        decision.offer_baton_there(offer, self.view_at(place), &key).ok()?;
        self.conclude_move(case, decision, Vec::new(), Vec::new()).then_some(id)
    }

    /// Somebody of the service takes the baton, or the service does not.
    pub fn answer_baton(
        &mut self,
        node: OrganisationNumber,
        offer: BatonOfferId,
        by: Option<AccountId>,
    ) -> bool {
        let Some(known) = self.nodes[&node].store.batons.get(&offer).cloned() else { return false };
        let name = || Line::of("Ole Eksempel").expect("a line");
        let at = by.map_or(At::NotTaken, |account| At::Taken { account, name: name() });
        let next = BatonThere { at, ..known.clone() };
        if !known.is_before(&next) {
            return false;
        }
        let writes = vec![Write::BatonThere(Box::new(next.clone()))];
        self.commit_of_people(node, writes, &News::default());
        if let Some(place) = self.place_of(node, next.about.owner) {
            self.handle(place, Input::BatonSaid(Box::new(next)));
        }
        true
    }

    /// What a session of the owner hears.
    pub(super) fn hear_baton(&mut self, place: Place, answer: &Verified<AnswerThere>) {
        let own = self.end(place).own;
        let case = CaseAt { owner: own, case: answer.statement().about.case };
        let Some(ledger) = self.nodes[&own].store.ledgers.get(&case.case).map(|ledger| (**ledger).clone())
        else {
            return;
        };
        let key = Arc::clone(&self.nodes[&own].key);
        let mut decision = Decision::about(ledger, None, self.now);
        let heard = decision.hear_of_baton(answer, self.view_at(place), Some(LEADER), &key);
        if !self.is_full(own) && heard.is_ok() {
            self.conclude_move(case, decision, Vec::new(), Vec::new());
        }
    }

    fn place_of(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Option<Place> {
        self.ends_of(own).into_iter().find(|place| self.end(*place).partner == partner)
    }

    fn view_at(&self, place: Place) -> PartnerView<'_> {
        let end = self.end(place);
        PartnerView { partner: end.partner, agreement: end.agreement.as_ref(), standing: end.standing }
    }
}
