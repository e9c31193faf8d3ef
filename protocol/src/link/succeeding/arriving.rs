//! The side of a move, on its link, that may take the case.

use super::{EVIDENCE_KIND, OnLink, PART_KIND, SUCCESSION_KIND, repeat_of};
use crate::id::SuccessionId;
use crate::limits::{
    PACKAGE_BYTES_MAX, PACKAGE_OPENING_RETRY_MS, PACKAGE_PART_BYTES, SUCCESSIONS_A_DAY_MAX,
    SUCCESSIONS_KEPT_MAX, SUCCESSIONS_OPEN_MAX,
};
use crate::link::Session;
use crate::link::output::{Alarm, Output};
use crate::succession::hearing::ArrivingHeard;
use crate::succession::package::{PackageHash, Packed};
use crate::succession::record::ArrivingRecord;
use crate::succession::sealed::PackageKey;
use crate::succession::statement::{Answer, CaseOpened, Ended, Late, Offer, PackageStored, Transferred};
use crate::succession::{Arriving, ArrivingSays};
use crate::time::DAY;
use crate::wire::Frame;
use crate::wire::error_code::ErrorCode;
use crate::wire::succession::{Evidence, PackagePart, SuccessionAnswerFrame, SuccessionFrame};

impl Session {
    /// What holds of a move that may come here, once it is committed.
    pub(in crate::link) fn arriving_told(&mut self, record: ArrivingRecord) {
        let succession = record.course.succession;
        self.moves.coming.remove(&succession);
        let known = self.moves.arriving.get(&succession);
        let late_before = known.map_or(0, |on| on.record.late.len());
        let is_news = known.is_none_or(|on| on.is_heard || on.record.arriving != record.arriving);
        let late = record.late.len();
        let on = self.moves.arriving.entry(succession).or_insert_with(|| OnLink::new(record.clone()));
        (on.record, on.is_heard, on.is_opening) = (record, false, false);
        for number in late_before..late {
            self.keep_late(succession, number);
        }
        if is_news && self.has_begun() {
            self.tell_settled(succession);
        }
    }

    fn keep_late(&mut self, succession: SuccessionId, number: usize) {
        if let Ok(number) = u32::try_from(number)
            && self.has_begun()
        {
            self.send(Frame::SuccessionAnswer(SuccessionAnswerFrame::LateKept { succession, number }));
        }
    }

    pub(super) fn say_arriving(&mut self, succession: SuccessionId) {
        let Some(on) = self.moves.arriving.get(&succession) else { return };
        let Some(says) = on.record.arriving.says() else { return };
        if on.is_due(&says, repeat_of(says), self.now) && !on.is_heard {
            self.tell_arriving(succession, says);
        }
    }

    /// What no state stands for, and what is owed once to whoever said something: an end is kept, a case
    /// opened, an offer declined.
    fn tell_settled(&mut self, succession: SuccessionId) {
        let Some(on) = self.moves.arriving.get(&succession) else { return };
        if on.record.arriving.says().is_none()
            && let Some(says) = on.record.arriving.answer()
        {
            self.tell_arriving(succession, says);
        }
    }

    fn tell_arriving(&mut self, succession: SuccessionId, says: ArrivingSays) {
        let Some(on) = self.moves.arriving.get(&succession) else { return };
        let Some(frame) = self.arriving_frame(&on.record, says) else { return };
        if let Some(on) = self.moves.arriving.get_mut(&succession) {
            on.said = Some((says, self.now));
        }
        self.send(Frame::SuccessionAnswer(frame));
    }

    fn arriving_frame(&self, record: &ArrivingRecord, says: ArrivingSays) -> Option<SuccessionAnswerFrame> {
        let (course, signing) = (record.course, &self.identity.signing);
        let succession = course.succession;
        Some(match says {
            ArrivingSays::Accepted(_) | ArrivingSays::Declined(_) => {
                SuccessionAnswerFrame::Answer { token: record.answer.clone()? }
            }
            ArrivingSays::Want { revision, index } => {
                SuccessionAnswerFrame::Want { succession, revision, index }
            }
            ArrivingSays::Stored(packed) => {
                let token = signing.sign(PackageStored { course, packed }).ok()?.token().to_owned();
                SuccessionAnswerFrame::Stored { token }
            }
            ArrivingSays::Confirmed(packed) => {
                let token = signing.sign(CaseOpened { course, packed }).ok()?.token().to_owned();
                SuccessionAnswerFrame::Opened { token }
            }
            ArrivingSays::EndKept => SuccessionAnswerFrame::EndKept { succession },
            ArrivingSays::Ask => SuccessionAnswerFrame::Ask { succession },
        })
    }

    /// What the old owner says.
    pub(in crate::link) fn succession_frame(&mut self, body: SuccessionFrame) {
        let between = (self.identity.partner, self.identity.own);
        let keys = self.identity.partner_keys.clone();
        match body {
            SuccessionFrame::Offer { token } => {
                if let Some(offer) = self.statement_of_move::<Offer>(token, between, &keys) {
                    self.offer_came(ArrivingHeard::Offer(offer));
                }
            }
            SuccessionFrame::Ended { token } => {
                if let Some(ended) = self.statement_of_move::<Ended>(token, between, &keys) {
                    self.end_came(ArrivingHeard::Ended(ended));
                }
            }
            SuccessionFrame::Transferred { token, key } => {
                if let Some(said) = self.statement_of_move::<Transferred>(token, between, &keys) {
                    self.transfer_came(ArrivingHeard::Transferred(said, PackageKey::new(key.0)));
                }
            }
            SuccessionFrame::Late { token } => {
                if let Some(late) = self.statement_of_move::<Late>(token, between, &keys) {
                    self.late_came(ArrivingHeard::Late(late));
                }
            }
            SuccessionFrame::Ready { succession, revision, package, bytes } => {
                let fits = usize::try_from(bytes).is_ok_and(|bytes| (1..=PACKAGE_BYTES_MAX).contains(&bytes));
                if !fits || revision == 0 {
                    return self.offence(SUCCESSION_KIND, ErrorCode::BadStatement);
                }
                let packed = Packed { revision, package: PackageHash(package) };
                self.hear_arriving(ArrivingHeard::Ready { succession, packed, bytes });
            }
        }
    }

    /// A part came, in its turn and of its size, or it is passed over: it is wanted again.
    pub(in crate::link) fn package_part_frame(&mut self, body: PackagePart) {
        let PackagePart { succession, revision, index, bytes } = body;
        let Some(on) = self.moves.arriving.get(&succession) else {
            return self.refuse(PART_KIND, ErrorCode::NotShared);
        };
        let total = usize::try_from(on.record.bytes).unwrap_or(usize::MAX);
        let before = usize::try_from(index).unwrap_or(usize::MAX).saturating_mul(PACKAGE_PART_BYTES);
        let expected = total.saturating_sub(before).min(PACKAGE_PART_BYTES);
        if bytes.is_empty() || bytes.len() != expected {
            return self.offence(PART_KIND, ErrorCode::BadStatement);
        }
        let wants = ArrivingSays::Want { revision, index };
        if on.record.arriving.says() == Some(wants) {
            self.hear_arriving(ArrivingHeard::Part { succession, revision, index, bytes });
        }
    }

    /// The partner shows what this side signed before a restore.
    pub(in crate::link) fn evidence_frame(&mut self, body: Evidence) {
        let between = (self.identity.partner, self.identity.own);
        let keys = self.identity.own_keys();
        let Some(answer) = self.statement_of_move::<Answer>(body.token, between, &keys) else { return };
        let succession = answer.statement().course.succession;
        let asks = self
            .moves
            .arriving
            .get(&succession)
            .is_some_and(|on| matches!(on.record.arriving, Arriving::Asking { answer: None }));
        if asks {
            self.hear_arriving(ArrivingHeard::Remembered(answer));
        } else if !self.moves.arriving.contains_key(&succession) {
            self.refuse(EVIDENCE_KIND, ErrorCode::NotShared);
        }
    }

    /// An offer of a move that is not known here is taken if the agreement lets the partner's cases come.
    fn offer_came(&mut self, heard: ArrivingHeard) {
        let succession = heard.succession();
        if self.moves.arriving.contains_key(&succession) {
            return self.hear_arriving(heard);
        }
        let may_come = self.may_receive().is_ok_and(|agreement| agreement.moves.from_there);
        if !may_come {
            return self.refuse(SUCCESSION_KIND, ErrorCode::NotShared);
        }
        let is_open = |on: &&OnLink<ArrivingRecord, ArrivingSays>| {
            !matches!(
                on.record.arriving,
                Arriving::Ended | Arriving::Declined { .. } | Arriving::Owner { .. }
            )
        };
        let now = self.now;
        let is_new = |on: &&OnLink<ArrivingRecord, ArrivingSays>| now.since(on.record.came_at) < DAY;
        let count = |of: &dyn Fn(&&OnLink<ArrivingRecord, ArrivingSays>) -> bool| {
            let known = self.moves.arriving.values().filter(|on| of(on)).count();
            known.saturating_add(self.moves.coming.len())
        };
        let is_full = count(&is_open) >= SUCCESSIONS_OPEN_MAX
            || count(&is_new) >= SUCCESSIONS_A_DAY_MAX
            || self.keeps_too_many_moves();
        if is_full {
            return self.refuse(SUCCESSION_KIND, ErrorCode::TooMuch);
        }
        self.come(heard);
    }

    /// The end of a move that is not known here is answered and not kept: whoever can draw ids could fill a
    /// store with ends. An offer that came after it would be open at its owner.
    fn end_came(&mut self, heard: ArrivingHeard) {
        let succession = heard.succession();
        if self.moves.arriving.contains_key(&succession) {
            return self.hear_arriving(heard);
        }
        if self.has_room() && !self.moves.coming.contains(&succession) {
            self.send(Frame::SuccessionAnswer(SuccessionAnswerFrame::EndKept { succession }));
        }
    }

    fn keeps_too_many_moves(&self) -> bool {
        self.moves.arriving.len().saturating_add(self.moves.coming.len()) >= SUCCESSIONS_KEPT_MAX
    }

    /// Has something of a move written down that is not known here, once.
    fn come(&mut self, heard: ArrivingHeard) {
        if self.moves.coming.insert(heard.succession()) {
            self.outputs.push_back(Output::ArrivingHeard(heard));
        }
    }

    /// A transfer of what was declined, or ended, says that the partner is broken or was restored without
    /// its journal: a person decides.
    fn transfer_came(&mut self, heard: ArrivingHeard) {
        let known = self.moves.arriving.get(&heard.succession());
        match known.map(|on| on.record.arriving) {
            None | Some(Arriving::Offered { .. }) => self.refuse(SUCCESSION_KIND, ErrorCode::NotShared),
            Some(Arriving::Ended | Arriving::Declined { .. }) => {
                self.alarm(Alarm::BadStatement);
                self.refuse(SUCCESSION_KIND, ErrorCode::NotShared);
            }
            Some(_) => self.hear_arriving(heard),
        }
    }

    fn late_came(&mut self, heard: ArrivingHeard) {
        let ArrivingHeard::Late(late) = &heard else { return };
        let (succession, number) = (heard.succession(), late.statement().number);
        let known = self.moves.arriving.get(&succession).map(|on| on.record.late.len());
        match (known, usize::try_from(number)) {
            (Some(kept), Ok(number)) if number < kept => self.keep_late(succession, number),
            (Some(_), Ok(_)) => self.hear_arriving(heard),
            _ => self.refuse(SUCCESSION_KIND, ErrorCode::NotShared),
        }
    }

    fn hear_arriving(&mut self, heard: ArrivingHeard) {
        let succession = heard.succession();
        let now = self.now;
        let Some(on) = self.moves.arriving.get_mut(&succession) else {
            return self.refuse(SUCCESSION_KIND, ErrorCode::NotShared);
        };
        let is_transfer = matches!(heard, ArrivingHeard::Transferred(..));
        let is_too_soon = on.not_opened_at.is_some_and(|at| now.since(at) < PACKAGE_OPENING_RETRY_MS);
        if on.is_heard || (is_transfer && is_too_soon) {
            return;
        }
        if on.record.hear(&heard, now).is_ok() {
            on.is_heard = true;
            on.is_opening = is_transfer;
            self.outputs.push_back(Output::ArrivingHeard(heard));
        } else if on.has_turn(now)
            && let Some(says) = on.record.arriving.answer()
        {
            self.tell_arriving(succession, says);
        }
    }
}
