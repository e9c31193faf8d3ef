//! The old owner's side of a move on its link.

use super::{ANSWER_KIND, OnLink};
use crate::access::succeeding::{MoveQuestion, permit_succession};
use crate::agreement::Standing;
use crate::id::{CaseId, SuccessionId};
use crate::limits::MOVE_REPEAT_MS;
use crate::link::output::Output;
use crate::link::{Session, Work};
use crate::succession::hearing::LeavingHeard;
use crate::succession::record::{LeavingRecord, parts_of};
use crate::succession::sealed::PackageKey;
use crate::succession::statement::{Ended, Late, Transferred};
use crate::succession::{Leaving, LeavingSays};
use crate::transaction::{Committed, Fault, Write};
use crate::wire::Frame;
use crate::wire::error_code::ErrorCode;
use crate::wire::succession::{Evidence, KeyBytes, PackagePart, SuccessionAnswerFrame, SuccessionFrame};

impl Session {
    /// What holds of a move that leaves, once it is committed.
    pub(in crate::link) fn leaving_told(&mut self, record: LeavingRecord) {
        let succession = record.course.succession;
        match self.moves.leaving.get_mut(&succession) {
            Some(on) => {
                on.is_heard = false;
                // That the offer has left is this session's to know first.
                let is_handed = on.record.is_handed || record.is_handed;
                on.record = LeavingRecord { is_handed, ..record };
            }
            None => {
                self.moves.leaving.insert(succession, OnLink::new(record));
            }
        }
    }

    pub(super) fn say_leaving(&mut self, succession: SuccessionId) {
        let Some(on) = self.moves.leaving.get(&succession) else { return };
        let Some(says) = on.record.leaving.says() else { return };
        if !on.is_due(&says, MOVE_REPEAT_MS, self.now) || on.is_noting {
            return;
        }
        if says == LeavingSays::Offer && !on.record.is_handed {
            return self.note_offer(succession);
        }
        self.tell_leaving(succession, says);
    }

    /// Writes down that the other side may have the offer, before it may.
    fn note_offer(&mut self, succession: SuccessionId) {
        let Some(on) = self.moves.leaving.get(&succession) else { return };
        if !self.move_may_go(&on.record) || self.store_retry_at.is_some() {
            return;
        }
        if let Some(on) = self.moves.leaving.get_mut(&succession) {
            on.is_noting = true;
        }
        self.write(Write::LeavingHanded { succession, is_handed: true }, Work::OfferHanded(succession));
    }

    pub(in crate::link) fn offer_handed(
        &mut self,
        succession: SuccessionId,
        outcome: Result<Committed, Fault>,
    ) {
        let Some(on) = self.moves.leaving.get_mut(&succession) else { return };
        on.is_noting = false;
        if outcome.is_err() {
            return self.wait_for_the_store();
        }
        on.record.is_handed = true;
        let Some(on) = self.moves.leaving.get(&succession) else { return };
        if !self.move_may_go(&on.record) {
            // Nothing of it was ever built: the other side has not heard of it.
            if let Some(on) = self.moves.leaving.get_mut(&succession) {
                on.record.is_handed = false;
            }
            self.write(Write::LeavingHanded { succession, is_handed: false }, Work::Nothing);
        }
    }

    /// Says one thing, if it may be said now, and notes that it was.
    fn tell_leaving(&mut self, succession: SuccessionId, says: LeavingSays) {
        let Some(on) = self.moves.leaving.get(&succession) else { return };
        let frame = self.leaving_frame(&on.record, says);
        if let Some(on) = self.moves.leaving.get_mut(&succession) {
            on.said = frame.is_some().then_some((says, self.now));
        }
        if let Some(frame) = frame {
            self.send(Frame::Succession(Box::new(frame)));
        }
    }

    fn leaving_frame(&self, record: &LeavingRecord, says: LeavingSays) -> Option<SuccessionFrame> {
        let course = record.course;
        let signing = &self.identity.signing;
        match says {
            LeavingSays::Offer => {
                let token = record.offer.clone().filter(|_| self.move_may_go(record))?;
                Some(SuccessionFrame::Offer { token })
            }
            LeavingSays::Ready(packed) if self.package_may_go(record) => Some(SuccessionFrame::Ready {
                succession: course.succession,
                revision: packed.revision,
                package: packed.package.0,
                bytes: record.bytes,
            }),
            LeavingSays::Ended if record.is_handed => {
                let token = signing.sign(Ended { course }).ok()?.token().to_owned();
                Some(SuccessionFrame::Ended { token })
            }
            LeavingSays::Transferred(packed) if self.standing != Standing::Revoked => {
                let Leaving::Transferred { answer, .. } = &record.leaving else { return None };
                let said = Transferred { course, answer: *answer, packed };
                let token = signing.sign(said).ok()?.token().to_owned();
                let secret = self.identity.package_secret.as_ref();
                let key = PackageKey::derive(secret, course.succession, packed.revision).ok()?;
                Some(SuccessionFrame::Transferred { token, key: KeyBytes(*key.reveal()) })
            }
            LeavingSays::Late(number, word) => {
                let token = signing.sign(Late { course, number, word }).ok()?.token().to_owned();
                Some(SuccessionFrame::Late { token })
            }
            LeavingSays::Ready(_) | LeavingSays::Ended | LeavingSays::Transferred(_) => None,
        }
    }

    /// Whether a case may be offered and packed for the partner now.
    fn move_may_go(&self, record: &LeavingRecord) -> bool {
        let Some(ledger) = self.cases.get(&record.case) else { return false };
        let known = ledger.moves().get(&record.course.succession);
        let Some(offering) = known.and_then(|one| one.leaving.offering()) else { return false };
        let question = MoveQuestion {
            ledger,
            agreement: self.agreement.as_ref(),
            standing: self.standing,
            consent: offering.consent,
            now: self.now,
        };
        permit_succession(&question).is_ok()
    }

    /// Whether a package may go: under the gate until the case is transferred, and to its new owner, which
    /// may have lost it, from then on.
    fn package_may_go(&self, record: &LeavingRecord) -> bool {
        match record.leaving {
            Leaving::Transferred { .. } => !matches!(self.standing, Standing::Revoked | Standing::Sealed),
            _ => self.move_may_go(record),
        }
    }

    /// What the other side says of a move that leaves.
    pub(in crate::link) fn succession_answer_frame(&mut self, body: SuccessionAnswerFrame) {
        let between = (self.identity.own, self.identity.partner);
        let keys = self.identity.partner_keys.clone();
        let heard = match body {
            SuccessionAnswerFrame::Answer { token } => {
                self.statement_of_move(token, between, &keys).map(LeavingHeard::Answer)
            }
            SuccessionAnswerFrame::Stored { token } => {
                self.statement_of_move(token, between, &keys).map(LeavingHeard::Stored)
            }
            SuccessionAnswerFrame::Opened { token } => {
                self.statement_of_move(token, between, &keys).map(LeavingHeard::Opened)
            }
            SuccessionAnswerFrame::EndKept { succession } => Some(LeavingHeard::EndKept(succession)),
            SuccessionAnswerFrame::LateKept { succession, number } => {
                Some(LeavingHeard::LateKept(succession, number))
            }
            SuccessionAnswerFrame::Ask { succession } => return self.move_asked(succession),
            SuccessionAnswerFrame::Want { succession, revision, index } => {
                return self.part_wanted(succession, revision, index);
            }
        };
        if let Some(heard) = heard {
            self.hear_leaving(heard);
        }
    }

    fn hear_leaving(&mut self, heard: LeavingHeard) {
        let succession = heard.succession();
        let Some(on) = self.moves.leaving.get(&succession).filter(|_| self.knows_of(succession)) else {
            return self.refuse(ANSWER_KIND, ErrorCode::NotShared);
        };
        if on.is_heard {
            return;
        }
        if on.record.leaving.step(&heard.event(), self.now).is_ok() {
            if let Some(on) = self.moves.leaving.get_mut(&succession) {
                on.is_heard = true;
            }
            self.outputs.push_back(Output::LeavingHeard(heard));
        } else {
            self.answer_leaving(succession);
        }
    }

    /// A move that the other side may know of; of any other it is told the same.
    fn knows_of(&self, succession: SuccessionId) -> bool {
        self.moves.leaving.get(&succession).is_some_and(|on| on.record.is_handed)
    }

    /// Tells what holds.
    fn answer_leaving(&mut self, succession: SuccessionId) {
        let now = self.now;
        let Some(on) = self.moves.leaving.get_mut(&succession) else { return };
        if !on.has_turn(now) {
            return;
        }
        for says in on.record.leaving.answer() {
            self.tell_leaving(succession, says);
        }
    }

    /// The other side was restored: it is shown its own answer, and told what holds.
    fn move_asked(&mut self, succession: SuccessionId) {
        if !self.knows_of(succession) {
            return self.refuse(ANSWER_KIND, ErrorCode::NotShared);
        }
        let answer = self.moves.leaving.get(&succession).and_then(|on| on.record.answer.clone());
        if let Some(token) = answer {
            self.send(Frame::Evidence(Evidence { token }));
        }
        self.answer_leaving(succession);
    }

    /// The other side wants a part of the package that stands: one is read at a time.
    fn part_wanted(&mut self, succession: SuccessionId, revision: u32, index: u32) {
        let Some(on) = self.moves.leaving.get(&succession).filter(|_| self.knows_of(succession)) else {
            return self.refuse(ANSWER_KIND, ErrorCode::NotShared);
        };
        let stands = on.record.leaving.package().is_some_and(|packed| packed.revision == revision);
        if !stands || index >= parts_of(on.record.bytes) {
            return self.answer_leaving(succession);
        }
        let may_read = self.moves.reading.is_none() && self.has_room_for_a_part();
        if self.package_may_go(&on.record) && may_read {
            self.moves.reading = Some((succession, revision, index));
            self.outputs.push_back(Output::ReadPart { succession, revision, index });
        }
    }

    /// A part was read, or could not be.
    pub(in crate::link) fn part_read(
        &mut self,
        succession: SuccessionId,
        revision: u32,
        index: u32,
        bytes: Option<Vec<u8>>,
    ) {
        if self.moves.reading != Some((succession, revision, index)) {
            return;
        }
        self.moves.reading = None;
        let Some(on) = self.moves.leaving.get(&succession) else { return };
        let stands = on.record.leaving.package().is_some_and(|packed| packed.revision == revision);
        let (Some(bytes), true) = (bytes, stands && self.package_may_go(&on.record)) else { return };
        self.moves.sent_parts.insert(succession);
        self.send(Frame::PackagePart(PackagePart { succession, revision, index, bytes }));
    }

    /// Whether a part that may lie in the transport may no longer go (law 12).
    pub(in crate::link) fn part_is_over(&self, of: impl Fn(CaseId) -> bool) -> bool {
        let sent = self.moves.sent_parts.iter().filter_map(|id| self.moves.leaving.get(id));
        sent.filter(|on| of(on.record.case)).any(|on| !self.package_may_go(&on.record))
    }
}
