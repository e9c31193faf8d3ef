//! A case moves from one node to another: what people decide, and what the sessions hear.

use std::collections::BTreeMap;
use std::sync::Arc;

use stafett_protocol::access::EntryFacts;
use stafett_protocol::access::succeeding::{MoveQuestion, TransferPermit, permit_transfer};
use stafett_protocol::decision::{Decision, MoveTerms, PartnerView};
use stafett_protocol::id::{CaseId, ConsentId, SuccessionId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::succession::hearing::{ArrivingHeard, LeavingHeard};
use stafett_protocol::succession::leaving::EndCause;
use stafett_protocol::succession::package::{Line, Packed};
use stafett_protocol::succession::record::{ArrivingRecord, LeavingRecord};
use stafett_protocol::succession::sealed::{PackageKey, PackagePlace, PackageSecret, Sealed};
use stafett_protocol::succession::statement::{Answer, Answered, Course, Stage};
use stafett_protocol::succession::{Arriving, Leaving};
use stafett_protocol::transaction::{PackageItem, PackageMade, Write};

use crate::names::service_code;

use super::people::News;
use super::{CaseAt, Federation, Place};

/// What the stafettholder of a case does with a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtOld {
    /// Makes the package anew.
    Packs,
    /// Carries the move out.
    Transfers,
    /// Takes it back.
    Recalls,
}

/// The secret of a node's packages: not in its store.
pub fn secret_of(node: OrganisationNumber) -> PackageSecret {
    let mut secret = [0x70; 32];
    secret[..4].copy_from_slice(&node.value().to_be_bytes());
    PackageSecret::new(secret)
}

impl Federation {
    fn holder_decides(&self, case: CaseAt) -> Decision {
        let ledger = (*self.nodes[&case.owner].store.ledgers[&case.case]).clone();
        let holder = ledger.holder();
        Decision::about(ledger, holder, self.now)
    }

    /// Offers a case under a consent. Returns the move, or nothing if it may not be offered.
    pub fn offer_move(
        &mut self,
        case: CaseAt,
        to: OrganisationNumber,
        consent: ConsentId,
    ) -> Option<SuccessionId> {
        if self.is_full(case.owner) {
            return None;
        }
        let number = self.nodes[&case.owner].store.moves.leaving.len();
        let id = self.chance.half(format!("move {} {} {number}", case.owner, case.case));
        let succession = SuccessionId::from_random(id);
        let place = self.end_towards(case.owner, to);
        let (end, key) = (self.end(place), Arc::clone(&self.nodes[&case.owner].key));
        let view = PartnerView { partner: to, agreement: end.agreement.as_ref(), standing: end.standing };
        let wished = "2027-08-01".parse().expect("a day");
        let terms = MoveTerms { succession, consent, stage: Stage::BeforeSchool, wished };
        let mut decision = self.holder_decides(case);
        let offer = decision.offer_move(case.owner, &terms, view, &key).ok()?;
        let leaving = decision.ledger().moves()[&succession].leaving.clone();
        let record = LeavingRecord::offered(case.case, &offer, leaving);
        self.conclude_move(case, decision, vec![record], Vec::new()).then_some(succession)
    }

    /// Does something with the open move of a case. Returns whether it may be done.
    pub fn at_old(&mut self, case: CaseAt, what: AtOld) -> bool {
        let ledger = Arc::clone(&self.nodes[&case.owner].store.ledgers[&case.case]);
        let Some((succession, to)) = ledger.open_move().map(|(succession, one)| (succession, one.to)) else {
            return false;
        };
        match what {
            AtOld::Packs => self.pack(case, succession),
            AtOld::Transfers => self.transfer(case, succession, to),
            AtOld::Recalls => {
                let (mut decision, key) =
                    (self.holder_decides(case), Arc::clone(&self.nodes[&case.owner].key));
                decision.end_move(succession, EndCause::Recalled, &key).is_ok()
                    && self.conclude_move(case, decision, Vec::new(), Vec::new())
            }
        }
    }

    fn transfer(&mut self, case: CaseAt, succession: SuccessionId, to: OrganisationNumber) -> bool {
        let place = self.end_towards(case.owner, to);
        let mut decision = self.holder_decides(case);
        let items = self.nodes[&case.owner].store.moves.packages.get(&succession);
        let items: BTreeMap<_, _> = items
            .into_iter()
            .flat_map(|made| &made.items)
            .map(|item| (item.entry, item.generation))
            .collect();
        let before = decision.ledger().clone();
        let facts = self.facts_of(case);
        let permits = self.permits(place, &before, &facts);
        let (end, key) = (self.end(place), &self.nodes[&case.owner].key);
        let view = PartnerView { partner: to, agreement: end.agreement.as_ref(), standing: end.standing };
        if decision.transfer_move(succession, view, &items, &permits, key).is_err() {
            return false;
        }
        self.conclude_move(case, decision, Vec::new(), Vec::new())
    }

    fn facts_of(&self, case: CaseAt) -> Vec<EntryFacts> {
        let entries = self.nodes[&case.owner].store.entries.values();
        entries
            .filter(|kept| kept.record.facts.case == case.case)
            .map(|kept| kept.record.facts.clone())
            .collect()
    }

    fn permits<'a>(
        &'a self,
        place: Place,
        ledger: &'a LedgerView,
        facts: &'a [EntryFacts],
    ) -> Vec<TransferPermit<'a>> {
        let end = self.end(place);
        let Some((_, one)) = ledger.open_move() else { return Vec::new() };
        let Some(offering) = one.leaving.offering() else { return Vec::new() };
        let question = MoveQuestion {
            ledger,
            agreement: end.agreement.as_ref(),
            standing: end.standing,
            consent: offering.consent,
            now: self.now,
        };
        facts.iter().filter_map(|facts| permit_transfer(&question, facts).ok()).collect()
    }

    /// Makes a package of what may go along: here the texts alone, so that a test can look for them.
    fn pack(&mut self, case: CaseAt, succession: SuccessionId) -> bool {
        let mut decision = self.holder_decides(case);
        let before = decision.ledger().clone();
        let Some(one) = before.moves().get(&succession) else { return false };
        let place = self.end_towards(case.owner, one.to);
        let facts = self.facts_of(case);
        let permits = self.permits(place, &before, &facts);
        let entries = &self.nodes[&case.owner].store.entries;
        let mut document = Vec::new();
        let mut items = Vec::new();
        for permit in &permits {
            let kept = &entries[&permit.entry()];
            let text = self.text(case.owner, permit.entry()).unwrap_or_default();
            document.extend(format!("{text}\n").into_bytes());
            items.push(PackageItem {
                entry: permit.entry(),
                generation: permit.generation(),
                heads: kept.record.heads.clone(),
            });
        }
        let revision = one.leaving.package().map_or(1, |packed| packed.revision + 1);
        let place = PackagePlace { succession, revision, from: case.owner, to: one.to };
        let key = PackageKey::derive(&secret_of(case.owner), succession, revision).expect("a key");
        let nonce = self.chance.half(format!("nonce {succession} {revision}"));
        let sealed =
            Sealed::seal(&document, &key, &place, nonce[..12].try_into().expect("12 bytes")).expect("seals");
        let packed = Packed { revision, package: sealed.hash() };
        let node_key = &self.nodes[&case.owner].key;
        if decision.pack_move(succession, packed, &permits, node_key).is_err() {
            return false;
        }
        let bytes = u32::try_from(sealed.as_bytes().len()).expect("small");
        let known = self.nodes[&case.owner].store.moves.leaving[&succession].clone();
        let record = LeavingRecord { bytes, ..known };
        let made = PackageMade { succession, case: case.case, revision, sealed, items };
        self.conclude_move(case, decision, vec![record], vec![Write::PackageMade(Box::new(made))])
    }

    /// What a session of the old owner hears.
    pub(super) fn hear_leaving(&mut self, place: Place, heard: &LeavingHeard) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        let succession = heard.succession();
        let Some(record) = self.nodes[&own].store.moves.leaving.get(&succession).cloned() else {
            return self.handle(place, Input::MoveNotKept(succession));
        };
        let case = CaseAt { owner: own, case: record.case };
        let Some(ledger) = self.nodes[&own].store.ledgers.get(&record.case).map(|ledger| (**ledger).clone())
        else {
            return self.handle(place, Input::MoveNotKept(succession));
        };
        let mut decision = Decision::about(ledger, None, self.now);
        let key = Arc::clone(&self.nodes[&own].key);
        if self.is_full(own) || decision.hear_of_move(partner, heard, &key).is_err() {
            return self.handle(place, Input::MoveNotKept(succession));
        }
        let record = match heard {
            LeavingHeard::Answer(answer) => {
                LeavingRecord { answer: Some(answer.token().to_owned()), ..record }
            }
            _ => record,
        };
        self.conclude_move(case, decision, vec![record], Vec::new());
        let leaving = &self.nodes[&own].store.moves.leaving[&succession].leaving;
        if matches!(leaving, Leaving::Accepted { .. }) {
            self.pack(case, succession);
        }
    }

    /// What a session of the municipality hears that may take a case.
    pub(super) fn hear_arriving(&mut self, place: Place, heard: &ArrivingHeard) {
        let (own, now, succession) =
            (self.end(place).own, self.time_at(self.end(place).own), heard.succession());
        let known = self.nodes[&own].store.moves.arriving.get(&succession);
        let next = match (known, heard) {
            (None, ArrivingHeard::Offer(offer)) => Some(ArrivingRecord::offered(offer, now)),
            (None, _) => None,
            (Some(known), heard) => known.hear(heard, now).ok(),
        };
        let Some(mut next) = next.filter(|_| !self.is_full(own)) else {
            return self.handle(place, Input::MoveNotKept(succession));
        };
        let mut part = None;
        if let ArrivingHeard::Part { index, bytes, .. } = heard {
            let fits = self.take_part(own, &mut next, bytes);
            part = fits.then(|| Write::PackagePart { succession, index: *index, bytes: bytes.clone() });
        }
        if let (ArrivingHeard::Transferred(said, key), Arriving::Owner { .. }) = (heard, next.arriving) {
            let Course { from, to, .. } = next.course;
            let at = PackagePlace { succession, revision: said.statement().packed.revision, from, to };
            let parts = self.nodes[&own].store.moves.parts[&succession].concat();
            let document = Sealed::new(parts).and_then(|sealed| sealed.open(key, &at)).expect("opens");
            self.node_mut(own).store.moves.opened.push((succession, document));
        }
        self.keep_arriving(own, next, part);
    }

    fn take_part(&self, own: OrganisationNumber, next: &mut ArrivingRecord, bytes: &[u8]) -> bool {
        let coming = match next.arriving {
            Arriving::Accepted { coming, .. } | Arriving::Waiting { coming, .. } => coming,
            _ => None,
        };
        let Some(coming) = coming.filter(|coming| coming.have >= coming.parts) else { return true };
        let parts = self.nodes[&own].store.moves.parts.get(&next.course.succession);
        let parts = parts.into_iter().flatten().map(Vec::as_slice).chain([bytes]);
        let fits = Sealed::from_parts(parts, next.bytes, coming.packed.package).is_ok();
        *next = next.whole(fits, self.now).expect("all parts are here");
        fits
    }

    /// Answers an offer, as the coordinator and whoever she has asked do: with the service that takes the
    /// case, or a no. Returns whether an answer was waited for.
    pub fn answer_move(
        &mut self,
        node: OrganisationNumber,
        succession: SuccessionId,
        service: Option<&str>,
    ) -> bool {
        if self.is_full(node) {
            return false;
        }
        let now = self.time_at(node);
        let Some(record) = self.nodes[&node].store.moves.arriving.get(&succession) else { return false };
        let Arriving::Offered { offer, .. } = record.arriving else { return false };
        let holder = Line::of("Pål Vik").expect("a line");
        let answered = match service {
            Some(code) => Answered::Accepted { holder, service: service_code(code) },
            None => Answered::Declined { reason: None },
        };
        let answer = Answer { course: record.course, offer, answered };
        let answer = self.nodes[&node].key.sign(answer).expect("signs");
        let Ok(next) = record.answered(&answer, service.is_some(), now) else { return false };
        self.keep_arriving(node, next, None);
        true
    }

    fn keep_arriving(&mut self, node: OrganisationNumber, next: ArrivingRecord, part: Option<Write>) {
        let writes = [Write::Arriving(Box::new(next.clone()))].into_iter().chain(part).collect();
        let news = News { arriving: vec![next], ..News::default() };
        self.commit_of_people(node, writes, &news);
    }

    /// Reads a part of a package for a session.
    pub(super) fn read_part(&mut self, place: Place, succession: SuccessionId, revision: u32, index: u32) {
        let made = self.nodes[&self.end(place).own].store.moves.packages.get(&succession);
        let made = made.filter(|made| made.revision == revision);
        let bytes = made.and_then(|made| made.sealed.parts().nth(index.try_into().ok()?)).map(<[u8]>::to_vec);
        self.handle(place, Input::PartRead { succession, revision, index, bytes });
    }

    /// The moves that a decision has changed, as they are to be kept.
    pub(super) fn moves_to_keep(
        &self,
        owner: OrganisationNumber,
        ledger: &LedgerView,
        touched: Vec<LeavingRecord>,
    ) -> Vec<LeavingRecord> {
        let known = &self.nodes[&owner].store.moves.leaving;
        let mut kept = Vec::new();
        for (succession, one) in ledger.moves() {
            let leaving = one.leaving.clone();
            let touched = touched.iter().find(|record| record.course.succession == *succession);
            match (touched, known.get(succession)) {
                (Some(record), _) => kept.push(LeavingRecord { leaving, ..record.clone() }),
                (None, Some(record)) if record.leaving == leaving => {}
                (None, Some(record)) => kept.push(LeavingRecord { leaving, ..record.clone() }),
                (None, None) => {
                    let course = Course { succession: *succession, from: owner, to: one.to };
                    kept.push(LeavingRecord::settled(ledger.case(), course, leaving));
                }
            }
        }
        kept
    }

    /// Tells one session of moves that were committed.
    pub(super) fn tell_moves(&mut self, place: Place, news: &News) {
        let partner = self.end(place).partner;
        for record in news.leaving.iter().filter(|record| record.course.to == partner) {
            self.handle(place, Input::LeavingTold(Box::new(record.clone())));
        }
        for record in news.arriving.iter().filter(|record| record.course.from == partner) {
            self.handle(place, Input::ArrivingTold(Box::new(record.clone())));
        }
    }

    /// Where the moves of a case are, at its old owner.
    pub fn leaving_of(&self, case: CaseId, owner: OrganisationNumber) -> Vec<&Leaving> {
        let moves = self.nodes[&owner].store.moves.leaving.values();
        moves.filter(|record| record.case == case).map(|record| &record.leaving).collect()
    }
}
