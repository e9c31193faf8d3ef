//! The baton: who is stafettholder of an own case, and how it goes on (law 14).
//!
//! The holder keeps it until the other has accepted. It stays within one controller: a private
//! kindergarten or school that did not open the case gets nothing by it. The note that goes with an
//! offer is no entry: it is for the two of them, and no partner and nobody of the family reads it.

mod here;
mod there;

use stafett_config::people::Person;
use stafett_protocol::access::person::{CaseTask, task};
use stafett_protocol::baton::{Baton, BatonOffer, Holder};
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::value::{is_control_in_text, normalized};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::limits::{BATON_OFFER_MS, HANDOVER_NOTE_BYTES_MAX};
use stafett_protocol::person::{Reader, Role};

use super::answer::{BatonOfferItem, BatonPart, BatonView, ColleagueItem, OfferItem, OfferedBaton};
use super::consents::invalid;
use super::entries::Press;
use super::request::{OfferBaton, ReassignBaton};
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{HandoverNote, LocalWrite};

impl Engine {
    /// Shows who holds the baton of a case, with what the person may know of an offer. The look is in
    /// the access log before it is shown.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a part in it, whether the case exists or not.
    pub async fn baton(&self, reader: &Reader, case: CaseId) -> Result<BatonView, EngineError> {
        let ledger = self.ledger(case).await?;
        let part = self.baton_part(reader, &ledger).await?;
        self.note(reader, Some(case), "baton".to_owned()).await?;
        let baton = ledger.baton();
        let waiting = baton.waiting(self.now()).filter(|_| part != BatonPart::Reader);
        let note = match part {
            BatonPart::Holder | BatonPart::Receiver => self.inner.store.handover_note(case).await?,
            BatonPart::Leader | BatonPart::Reader => None,
        };
        let text_of = |offer: BatonOfferId| {
            note.as_ref().filter(|note| note.offer == offer).map(|note| note.text.clone())
        };
        let received = note.as_ref().filter(|note| note.to == reader.account && part == BatonPart::Holder);
        let names_subject = matches!(part, BatonPart::Holder | BatonPart::Receiver);
        let private = if names_subject { self.private_case(case).await? } else { None };
        Ok(BatonView {
            case,
            part,
            subject_name: private.map(|private| private.view().subject.name.clone()),
            holder: self.holder_item(baton),
            since: baton.since,
            is_acting: baton.is_acting,
            offer: waiting.map(|offer| OfferItem {
                offer: offer.id,
                to: offer.own_to().map(|to| self.colleague(to)),
                to_service: offer.service().cloned(),
                lapses_at: offer.lapses_at,
                note: text_of(offer.id),
            }),
            received_note: received.map(|note| note.text.clone()).filter(|text| !text.is_empty()),
            may_get: self.who_may_get(reader, part, &ledger),
            services: self.services_that_may_get(part, &ledger),
            keeps: part == BatonPart::Leader && baton.there().is_some() && !ledger.is_over(),
        })
    }

    /// Lists the offers that wait for the person's answer, those that lapse first at the top.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub async fn baton_offers(&self, reader: &Reader) -> Result<Vec<BatonOfferItem>, EngineError> {
        let mut items = Vec::new();
        for case in self.inner.store.cases_owned().await? {
            let Some(ledger) = self.whole_ledger(case).await? else { continue };
            items.extend(self.offered_to(reader, &ledger).map(|offer| BatonOfferItem {
                case,
                offer: offer.id,
                from: self.holder_item(ledger.baton()),
                lapses_at: offer.lapses_at,
            }));
        }
        items.sort_unstable_by_key(|item| (item.lapses_at, item.offer));
        self.note(reader, None, "batons".to_owned()).await?;
        Ok(items)
    }

    /// Offers the baton; the holder keeps it. By a form's button it is offered once, and who presses
    /// twice is answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds it,
    /// [`EngineError::Invalid`] if the other cannot get it or the note is too long,
    /// [`EngineError::Conflict`] while another offer waits.
    pub(crate) async fn offer_baton(
        &self,
        reader: &Reader,
        case: CaseId,
        request: OfferBaton,
        press: Option<Press>,
    ) -> Result<OfferedBaton, EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        let id = self.id_of_offer(reader, &ledger, press.as_ref());
        if ledger.baton().waiting(self.now()).is_some_and(|offer| offer.id == id) {
            return Ok(OfferedBaton { offer: id });
        }
        if !self.may_get(request.to, &ledger) {
            return Err(invalid("to", "expected an employee who may become stafettholder of this case"));
        }
        let text = normalized(&request.note);
        if text.len() > HANDOVER_NOTE_BYTES_MAX {
            return Err(invalid("note", "expected at most 16,384 bytes"));
        }
        if text.chars().any(is_control_in_text) {
            return Err(invalid("note", "expected no control characters"));
        }
        let lapses_at = self.now().plus(BATON_OFFER_MS);
        let offer = BatonOffer::own(id, request.to, lapses_at);
        let note = HandoverNote { case, offer: id, to: request.to, text };
        let local = vec![LocalWrite::HandoverNote(note)];
        self.say_of_baton(reader, &ledger, Said::BatonOffered { offer }, local).await?;
        Ok(OfferedBaton { offer: id })
    }

    /// Takes the baton over: from here the person is stafettholder. Whoever gave it on within a transition
    /// works with the case until the overlap ends. Who presses again is answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] unless the offer is to this person and has no answer;
    /// [`EngineError::Conflict`] if it has lapsed or the person may not hold the baton any longer.
    pub async fn accept_baton(
        &self,
        reader: &Reader,
        case: CaseId,
        offer: BatonOfferId,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = match self.answered_offer(reader, case, offer).await {
            Err(EngineError::NotFound) if self.has_accepted(reader, case, offer).await? => return Ok(()),
            waiting => waiting?,
        };
        if !self.may_get(reader.account, &ledger) {
            return Err(EngineError::Conflict { reason: "the baton stays within the own municipality" });
        }
        let local = self.overlap_of(&ledger, reader);
        self.say_of_baton(reader, &ledger, Said::BatonAccepted { offer, by: reader.account }, local).await
    }

    /// Says no: the holder keeps the baton, and the note is gone.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] unless the offer is to this person and has no answer.
    pub async fn decline_baton(
        &self,
        reader: &Reader,
        case: CaseId,
        offer: BatonOfferId,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.answered_offer(reader, case, offer).await?;
        let local = vec![LocalWrite::HandoverNoteDropped(case)];
        self.say_of_baton(reader, &ledger, Said::BatonDeclined { offer, by: reader.account }, local).await
    }

    /// Takes an offer back: nobody can accept it any more, and the note is gone.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::NotFound`] if the offer was answered.
    pub async fn recall_baton(
        &self,
        reader: &Reader,
        case: CaseId,
        offer: BatonOfferId,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        let local = vec![LocalWrite::HandoverNoteDropped(case)];
        self.say_of_baton(reader, &ledger, Said::BatonRecalled { offer }, local).await
    }

    /// Gives the baton to somebody by the unit leader's word; a waiting offer is void.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] for everybody but the leader who
    /// answers for the case, [`EngineError::Invalid`] if the other cannot get it.
    pub async fn reassign_baton(
        &self,
        reader: &Reader,
        case: CaseId,
        request: ReassignBaton,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.led_case(reader, case).await?;
        let takes_it = request.to == reader.account && !ledger.baton().is_held_by(reader.account);
        if !takes_it && !self.may_get(request.to, &ledger) {
            return Err(invalid("to", "expected an employee who may become stafettholder of this case"));
        }
        let local = vec![LocalWrite::HandoverNoteDropped(case)];
        self.say_of_baton(reader, &ledger, Said::BatonReassigned { to: request.to }, local).await
    }

    /// The id of what is offered: by a press that of the first offer of this press that is not over.
    fn id_of_offer(&self, reader: &Reader, ledger: &LedgerView, press: Option<&Press>) -> BatonOfferId {
        let Some(press) = press else { return BatonOfferId::from_random(random()) };
        let waits = ledger.baton().waiting(self.now()).map(|offer| offer.id);
        let is_over = |id: &BatonOfferId| ledger.was_offered(*id) && waits != Some(*id);
        let id = |time: u32| BatonOfferId::from_random(press.id_bytes(reader, Some(ledger.case()), time));
        (0..).map(id).find(|id| !is_over(id)).unwrap_or_else(|| BatonOfferId::from_random(random()))
    }

    async fn say_of_baton(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        said: Said,
        local: Vec<LocalWrite>,
    ) -> Result<(), EngineError> {
        let mut decision = Decision::about(ledger.clone(), Some(reader.account), self.now());
        decision.say(said, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), local).await?;
        Ok(())
    }

    /// The offer of a case's baton that waits for the person's answer.
    pub(super) fn offered_to(&self, reader: &Reader, ledger: &LedgerView) -> Option<BatonOffer> {
        let waiting = ledger.baton().waiting(self.now()).filter(|_| !ledger.is_over());
        waiting
            .filter(|offer| offer.own_to() == Some(reader.account) && reader.role == Role::Employee)
            .cloned()
    }

    async fn answered_offer(
        &self,
        reader: &Reader,
        case: CaseId,
        offer: BatonOfferId,
    ) -> Result<std::sync::Arc<LedgerView>, EngineError> {
        let ledger = self.ledger(case).await?;
        match self.offered_to(reader, &ledger) {
            Some(waiting) if waiting.id == offer => Ok(ledger),
            _ => Err(EngineError::NotFound),
        }
    }

    /// Whether the person holds the baton of a case by this offer: its note is kept for the one who
    /// took it over.
    async fn has_accepted(
        &self,
        reader: &Reader,
        case: CaseId,
        offer: BatonOfferId,
    ) -> Result<bool, EngineError> {
        let Some(ledger) = self.ledger_if_here(case).await? else { return Ok(false) };
        if !ledger.baton().is_held_by(reader.account) {
            return Ok(false);
        }
        let note = self.inner.store.handover_note(case).await?;
        Ok(note.is_some_and(|note| note.offer == offer && note.to == reader.account))
    }

    async fn baton_part(&self, reader: &Reader, ledger: &LedgerView) -> Result<BatonPart, EngineError> {
        let assigned = self.assigned(reader, ledger.case()).await?;
        let task = task(reader, ledger, &assigned, self.now());
        if task == Ok(CaseTask::Stafettholder) {
            return Ok(BatonPart::Holder);
        }
        if self.answers_for(reader, ledger) {
            return Ok(BatonPart::Leader);
        }
        if self.offered_to(reader, ledger).is_some() {
            return Ok(BatonPart::Receiver);
        }
        task.map(|_| BatonPart::Reader).map_err(|_| EngineError::NotFound)
    }

    /// Whether somebody may become stafettholder: an employee of a service of the municipality, or
    /// of the one that opened the case, who is nobody of the family and does not hold it already.
    fn may_get(&self, account: AccountId, ledger: &LedgerView) -> bool {
        let people = self.people();
        people.get(account).is_some_and(|person| self.may_hold(person, ledger))
    }

    fn may_hold(&self, person: &Person, ledger: &LedgerView) -> bool {
        let is_holder = ledger.baton().is_held_by(person.id);
        person.roles.contains(&Role::Employee) && self.is_near(person, ledger) && !is_holder
    }

    /// Whether somebody works within the controller that a case stays in, and is nobody of its family.
    pub(super) fn is_near(&self, person: &Person, ledger: &LedgerView) -> bool {
        let Some(service) = person.service.as_ref().and_then(|code| self.inner.config.service(code)) else {
            return false;
        };
        let is_within = service.controller == self.inner.own || service.code == *ledger.opened_by();
        let is_family = ledger.parties().iter().any(|party| Some(party.person) == person.person);
        is_within && !is_family
    }

    fn who_may_get(&self, reader: &Reader, part: BatonPart, ledger: &LedgerView) -> Vec<ColleagueItem> {
        if !matches!(part, BatonPart::Holder | BatonPart::Leader) || ledger.is_over() {
            return Vec::new();
        }
        let people = self.people();
        let takes_it = |person: &Person| part == BatonPart::Leader && person.id == reader.account;
        let may = people.iter().filter(|person| takes_it(person) || self.may_hold(person, ledger));
        let mut items: Vec<_> = may.map(|person| self.colleague(person.id)).collect();
        items.sort_by(|one, other| (&one.name, one.account).cmp(&(&other.name, other.account)));
        items
    }

    /// Whoever holds the baton, here or at a partner.
    fn holder_item(&self, baton: &Baton) -> ColleagueItem {
        match &baton.holder {
            Holder::Own(holder) => self.colleague(*holder),
            Holder::At(there) => ColleagueItem {
                account: there.account,
                name: Some(there.name.as_str().to_owned()),
                service: Some(there.service.code.clone()),
                host: Some(there.service.host),
            },
        }
    }

    /// What whoever holds the baton is called, here or at a partner; nothing, if nobody knows any longer.
    pub(crate) fn holder_called(&self, baton: &Baton) -> Option<String> {
        match &baton.holder {
            Holder::Own(holder) => self.person_name(*holder),
            Holder::At(there) => Some(there.name.as_str().to_owned()),
        }
    }

    pub(super) fn colleague(&self, account: AccountId) -> ColleagueItem {
        let people = self.people();
        let person = people.get(account);
        ColleagueItem {
            account,
            name: person.map(|person| person.name.clone()),
            service: person.and_then(|person| person.service.clone()),
            host: None,
        }
    }
}
