//! The baton at a partner, on one link (law 14).
//!
//! The owner says what its ledger says: an offer while it waits, who holds the baton there while somebody
//! does, and that it is over if it was said otherwise on this connection, or the partner asks. The partner
//! says its answer on each connection, and again until the owner has said what holds; of what it has
//! not answered it asks once. So either side may have been restored: the owner's ledger decides.
//!
//! Everything goes under the grants of the service. Where there is none nothing is said, and who asks gets
//! one refusal, whatever there is (law 5): the order that ends a grant says enough (law 12).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::output::Output;
use super::{Session, Work};
use crate::access::there::permit_baton;
use crate::baton::there::{
    About, AnswerThere, Answered, At, BatonThere, HeldBy, Holds, NowThere, OfBaton, OfferThere, Told,
};
use crate::id::{BatonOfferId, CaseId, GrantId};
use crate::ledger::LedgerView;
use crate::limits::{BATON_REPEAT_MS, BATON_WORD_INTERVAL_MS, BATON_WORDS_AT_ONCE_MAX, BATONS_THERE_MAX};
use crate::municipality::{OrganisationNumber, Service};
use crate::signed::{Signed, Verified};
use crate::time::UnixMillis;
use crate::transaction::{Committed, Fault, Write};
use crate::wire::Frame;
use crate::wire::baton::{BatonAnswerFrame, BatonFrame};
use crate::wire::error_code::ErrorCode;

/// The kinds of the frames of a baton.
const BATON_KIND: u16 = 30;
const ANSWER_KIND: u16 = 31;

/// What was said of batons, both ways.
#[derive(Debug)]
pub(super) struct Batons {
    /// Own cases whose baton may have to be spoken of.
    unsaid: BTreeSet<CaseId>,
    /// What the partner was told of own cases on this connection, and when, if that waits for an answer.
    told: BTreeMap<CaseId, (About, Option<UnixMillis>)>,
    /// Offers of the partner's to own services.
    here: BTreeMap<BatonOfferId, Here>,
    /// What the partner said of offers, the last of each, that is not durable yet.
    coming: BTreeMap<BatonOfferId, BatonThere>,
    /// When as many words of the partner's as ever may be answered at once.
    free_at: UnixMillis,
}

/// An offer of the partner's, and when something of it was said on this connection.
#[derive(Debug)]
struct Here {
    record: BatonThere,
    said_at: Option<UnixMillis>,
}

impl Batons {
    pub(super) fn new(here: BTreeMap<BatonOfferId, BatonThere>) -> Self {
        let here = here.into_iter().map(|(offer, record)| (offer, Here { record, said_at: None }));
        let (unsaid, told, coming) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        Self { unsaid, told, here: here.collect(), coming, free_at: UnixMillis(0) }
    }

    /// Everything is said anew on the next connection.
    pub(super) fn disconnected(&mut self) {
        self.told.clear();
        self.here.values_mut().for_each(|here| here.said_at = None);
    }

    /// What holds of an offer of the partner's, or will once it is durable.
    fn known(&self, offer: BatonOfferId) -> Option<&BatonThere> {
        self.coming.get(&offer).or_else(|| self.here.get(&offer).map(|here| &here.record))
    }

    /// How many offers of the partner's are kept, or will be.
    fn len(&self) -> usize {
        let is_new = |offer: &&BatonOfferId| !self.here.contains_key(offer);
        self.here.len().saturating_add(self.coming.keys().filter(is_new).count())
    }

    /// A case has changed: its baton may have to be spoken of.
    pub(super) fn look_at(&mut self, case: CaseId) {
        self.unsaid.insert(case);
    }

    /// Something has changed for all cases.
    pub(super) fn look_at_all<'a>(&mut self, cases: impl Iterator<Item = &'a CaseId>) {
        self.unsaid.extend(cases);
    }

    /// Takes one of the turns in which a word of the partner's is answered, if one is left (law 21).
    fn has_turn(&mut self, now: UnixMillis) -> bool {
        let free_at = self.free_at.max(now);
        let has = free_at.since(now) < BATON_WORD_INTERVAL_MS.saturating_mul(BATON_WORDS_AT_ONCE_MAX);
        if has {
            self.free_at = free_at.plus(BATON_WORD_INTERVAL_MS);
        }
        has
    }
}

impl Session {
    /// Both sides have greeted: everything is looked at once.
    pub(super) fn begin_batons(&mut self) {
        self.batons.look_at_all(self.cases.keys());
    }

    /// Says of every baton what was not said on this connection, or not for a while.
    pub(super) fn pump_batons(&mut self) {
        if !self.has_begun() {
            return;
        }
        while self.has_room()
            && let Some(case) = self.batons.unsaid.pop_first()
        {
            self.say_of_case(case);
        }
        let due = |here: &&Here| match here.said_at {
            None => true,
            Some(at) => here.record.says().is_some() && self.now.since(at) >= BATON_REPEAT_MS,
        };
        let due: Vec<About> =
            self.batons.here.values().filter(due).map(|here| here.record.about.clone()).collect();
        for about in due {
            if !self.has_room() {
                return;
            }
            self.say_here(&about);
        }
    }

    /// When something is said again, if nothing is answered until then. What cannot be said now has no such
    /// moment: that it can be is told by an event.
    pub(super) fn baton_timeout(&self) -> Option<UnixMillis> {
        if !self.has_begun() || !self.has_room() {
            return None;
        }
        let answered = self.batons.here.values().filter_map(|here| {
            let at = here.said_at.filter(|_| here.record.says().is_some())?;
            self.is_open_here(&here.record.about).then_some(at)
        });
        let offered = self.batons.told.values().filter_map(|(about, at)| {
            let ledger = self.cases.get(&about.case).filter(|_| at.is_some())?;
            at.filter(|_| self.may_speak_of_baton(ledger, &about.service()))
        });
        answered.chain(offered).map(|at| at.plus(BATON_REPEAT_MS)).min()
    }

    /// Looks again at what was offered a while ago.
    pub(super) fn say_batons_on_time(&mut self) {
        let is_due = |at: &Option<UnixMillis>| at.is_some_and(|at| self.now.since(at) >= BATON_REPEAT_MS);
        let told = self.batons.told.iter().filter(|(_, (_, at))| is_due(at));
        let due: Vec<CaseId> = told.map(|(case, _)| *case).collect();
        self.batons.unsaid.extend(due);
    }

    // The owner.

    fn say_of_case(&mut self, case: CaseId) {
        let Some(ledger) = self.cases.get(&case).cloned() else { return };
        let current = self.spoken_of(&ledger);
        let told = self.batons.told.get(&case).map(|(about, _)| about.clone());
        if let Some(before) = told.filter(|before| current.as_ref().is_none_or(|about| about != before)) {
            self.batons.told.remove(&case);
            self.tell(&ledger, &before);
        }
        if let Some(about) = current {
            self.tell(&ledger, &about);
        }
    }

    /// The offer to this partner that waits, or by which somebody there holds the baton.
    fn spoken_of(&self, ledger: &Arc<LedgerView>) -> Option<About> {
        let baton = ledger.baton();
        let held = baton.there().map(|there| (there.offer, &there.service));
        let waits = baton.waiting(self.now);
        let waits = waits.and_then(|offer| Some((offer.id, offer.service()?)));
        let theirs = |(_, service): &(BatonOfferId, &Service)| service.host == self.identity.partner;
        let (offer, service) = waits.filter(theirs).or(held.filter(theirs))?;
        Some(self.about(ledger.case(), offer, service))
    }

    fn about(&self, case: CaseId, offer: BatonOfferId, service: &Service) -> About {
        let (owner, partner) = (self.identity.own, self.identity.partner);
        About { offer, owner, partner, case, service: service.code.clone() }
    }

    /// Tells the partner what holds of an offer, under a grant of the service that the partner has.
    fn tell(&mut self, ledger: &LedgerView, about: &About) {
        if !self.may_speak_of_baton(ledger, &about.service()) {
            return;
        }
        let signing = &self.identity.signing;
        let Some(told) = ledger.baton().told(about, self.now) else { return };
        let frame = match told {
            Told::Waits(lapses_at) => {
                let signed = signing.sign(OfferThere { about: about.clone(), lapses_at });
                self.batons.told.insert(about.case, (about.clone(), Some(self.now)));
                signed.map(|signed| BatonFrame::Offer { token: signed.token().to_owned() })
            }
            Told::Now(holds) => {
                if holds != Holds::Over {
                    self.batons.told.insert(about.case, (about.clone(), None));
                }
                let signed = signing.sign(NowThere { about: about.clone(), holds });
                signed.map(|signed| BatonFrame::Now { token: signed.token().to_owned() })
            }
        };
        // A name is far smaller than a frame, so only a broken key could not sign it.
        if let Ok(frame) = frame {
            self.send(Frame::Baton(frame));
        }
    }

    fn may_speak_of_baton(&self, ledger: &LedgerView, service: &Service) -> bool {
        let permitted = permit_baton(ledger, self.agreement.as_ref(), self.standing, service, self.now);
        let is_there = |grant: &GrantId| self.issued.get(grant).is_some_and(|issued| issued.stored);
        permitted.is_ok_and(|grants| grants.iter().any(is_there))
    }

    /// What the municipality of the service says.
    pub(super) fn baton_answer_frame(&mut self, body: BatonAnswerFrame) {
        match body {
            BatonAnswerFrame::Answer { token } => {
                let between = (self.identity.own, self.identity.partner);
                if let Some(answer) = self.statement_of_baton::<AnswerThere>(token, between) {
                    let about = answer.statement().about.clone();
                    self.baton_word(&about, Some(answer));
                }
            }
            BatonAnswerFrame::Ask { offer, case, service } => {
                let service = Service { host: self.identity.partner, code: service };
                self.baton_word(&self.about(case, offer, &service), None);
            }
        }
    }

    /// An answer that fits goes to the shell; what is settled is answered with what holds.
    fn baton_word(&mut self, about: &About, answer: Option<Verified<AnswerThere>>) {
        let ledger = self.cases.get(&about.case).cloned();
        let Some(ledger) = ledger.filter(|ledger| self.may_speak_of_baton(ledger, &about.service())) else {
            return self.refuse(ANSWER_KIND, ErrorCode::NotShared);
        };
        if !self.batons.has_turn(self.now) {
            return self.refuse(ANSWER_KIND, ErrorCode::TooMuch);
        }
        let Some(answer) = answer else { return self.tell(&ledger, about) };
        let takes = matches!(answer.statement().answered, Answered::Taken { .. });
        match ledger.baton().told(about, self.now) {
            Some(Told::Waits(_)) => self.outputs.push_back(Output::BatonHeard(answer)),
            Some(Told::Now(Holds::Held(_))) if !takes => {
                self.outputs.push_back(Output::BatonHeard(answer));
            }
            _ => self.tell(&ledger, about),
        }
    }

    // The partner.

    /// Somebody of an own service has answered; or the service has.
    pub(super) fn baton_said(&mut self, record: BatonThere) {
        let offer = record.about.offer;
        if self.batons.known(offer).is_none_or(|known| !known.is_before(&record)) {
            return;
        }
        self.batons.here.insert(offer, Here { record, said_at: None });
    }

    /// Says an answer, or asks what holds of what has no answer here.
    fn say_here(&mut self, about: &About) {
        if !self.is_open_here(about) {
            return;
        }
        let now = self.now;
        let Some(here) = self.batons.here.get_mut(&about.offer) else { return };
        here.said_at = Some(now);
        let frame = match here.record.says() {
            Some(answered) => {
                let signed = self.identity.signing.sign(AnswerThere { about: about.clone(), answered });
                // A name is far smaller than a frame, so only a broken key could not sign it.
                let Ok(signed) = signed else { return };
                BatonAnswerFrame::Answer { token: signed.token().to_owned() }
            }
            None => {
                BatonAnswerFrame::Ask { offer: about.offer, case: about.case, service: about.service.clone() }
            }
        };
        self.send(Frame::BatonAnswer(frame));
    }

    fn is_open_here(&self, about: &About) -> bool {
        self.may_receive().is_ok() && self.is_granted_here(about)
    }

    fn is_granted_here(&self, about: &About) -> bool {
        let received = self.received.get(&about.case).map_or(&[][..], Vec::as_slice);
        received.iter().any(|received| about.is_open_under(received, self.now))
    }

    /// What the owner says.
    pub(super) fn baton_frame(&mut self, body: BatonFrame) {
        let between = (self.identity.partner, self.identity.own);
        match body {
            BatonFrame::Offer { token } => {
                if let Some(offer) = self.statement_of_baton::<OfferThere>(token, between) {
                    let known = self.batons.known(offer.statement().about.offer);
                    self.keep_baton(BatonThere::waiting(known, offer.statement()));
                }
            }
            BatonFrame::Now { token } => {
                let Some(now) = self.statement_of_baton::<NowThere>(token, between) else { return };
                let NowThere { about, holds } = now.statement().clone();
                match holds {
                    Holds::Held(by) => {
                        let at = if self.has_taken(&about, &by) {
                            At::Held { account: by.account, name: by.name, since: self.now }
                        } else {
                            At::NotTaken
                        };
                        self.keep_baton(BatonThere { about, at });
                    }
                    Holds::Over => self.drop_baton(&about),
                }
            }
        }
    }

    /// Whether somebody here has taken the baton by an offer: that is known, or the owner shows the hash of
    /// the answer that this node signed, which nobody comes to who was not told it.
    fn has_taken(&self, about: &About, by: &HeldBy) -> bool {
        let HeldBy { account, name, answer } = by;
        let known = self.batons.known(about.offer).filter(|known| known.about == *about);
        if known.is_some_and(|known| known.taken_by() == Some(*account)) {
            return true;
        }
        let answered = Answered::Taken { account: *account, name: name.clone() };
        let own = self.identity.signing.sign(AnswerThere { about: about.clone(), answered });
        own.is_ok_and(|own| own.hash() == *answer)
    }

    /// Keeps what the owner says of an offer, if its grant is here and it is further on than what is known.
    fn keep_baton(&mut self, record: BatonThere) {
        if !self.is_open_here(&record.about) {
            return self.refuse(BATON_KIND, ErrorCode::NotShared);
        }
        match self.batons.known(record.about.offer) {
            Some(known) if !known.is_before(&record) => {}
            None if self.batons.len() >= BATONS_THERE_MAX => {
                self.refuse(BATON_KIND, ErrorCode::TooMuch);
            }
            _ => {
                self.batons.coming.insert(record.about.offer, record.clone());
                self.write(Write::BatonThere(Box::new(record.clone())), Work::BatonKept(Box::new(record)));
            }
        }
    }

    /// What the owner says is durable. If it was over meanwhile, or nothing opens it any longer, nothing of
    /// it is kept.
    pub(super) fn baton_kept(&mut self, record: BatonThere, outcome: &Result<Committed, Fault>) {
        let offer = record.about.offer;
        let is_last = self.batons.coming.get(&offer) == Some(&record);
        let is_wanted = self.batons.coming.contains_key(&offer);
        if is_last {
            self.batons.coming.remove(&offer);
        }
        if outcome.is_err() {
            return self.refuse(BATON_KIND, ErrorCode::NotNow);
        }
        if !is_wanted {
            return;
        }
        if !self.is_granted_here(&record.about) {
            return self.write(Write::BatonThereOver(offer), Work::BatonOver(offer));
        }
        // An answer of this node's stands to be said; of the rest nothing is to be asked.
        let said_at = record.says().is_none().then_some(self.now);
        match self.batons.here.get_mut(&offer) {
            Some(here) if here.record.is_before(&record) => (here.record, here.said_at) = (record, said_at),
            Some(_) => {}
            None => {
                self.batons.here.insert(offer, Here { record, said_at });
            }
        }
    }

    /// The owner says that an offer is over.
    fn drop_baton(&mut self, about: &About) {
        if self.batons.known(about.offer).is_some_and(|known| known.about == *about) {
            self.batons.coming.remove(&about.offer);
            self.write(Write::BatonThereOver(about.offer), Work::BatonOver(about.offer));
        }
    }

    /// That an offer is over is durable.
    pub(super) fn baton_over(&mut self, offer: BatonOfferId, outcome: &Result<Committed, Fault>) {
        if outcome.is_ok() {
            self.batons.here.remove(&offer);
        }
    }

    /// A grant of a case has ended: what no grant opens any more is over, and of the rest is asked.
    pub(super) fn end_batons(&mut self, case: CaseId) {
        let of_case = self.batons.here.values().filter(|here| here.record.about.case == case);
        let of_case: Vec<About> = of_case.map(|here| here.record.about.clone()).collect();
        for about in of_case {
            if self.is_granted_here(&about) {
                if let Some(here) = self.batons.here.get_mut(&about.offer) {
                    here.said_at = None;
                }
            } else {
                self.drop_baton(&about);
            }
        }
    }

    /// Reads a statement about a baton between two municipalities.
    fn statement_of_baton<T: OfBaton>(
        &mut self,
        token: String,
        (owner, partner): (OrganisationNumber, OrganisationNumber),
    ) -> Option<Verified<T>> {
        let verified = Signed::<T>::from_token(token).verify(&self.identity.partner_keys).ok();
        let fits = |one: &Verified<T>| {
            let about = one.statement().about();
            (about.owner, about.partner) == (owner, partner)
        };
        let verified = verified.filter(fits);
        if verified.is_none() {
            self.bad_signature();
        }
        verified
    }
}

#[cfg(test)]
mod tests;
