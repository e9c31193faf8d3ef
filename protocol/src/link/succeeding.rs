//! A case that moves, on one link (law 18).
//!
//! What a side says follows from what is committed. It is said on each connection, and again until the
//! other side has answered. What comes is verified here and held against the machine by which the store is
//! written: what fits is handed to the shell, which commits it and tells the record back; what is settled
//! already is answered with what holds. A package is read and sent part by part, as it is wanted and under
//! the gate at that moment, so a move that ends stops it in the middle (law 12).
//!
//! Reading order: here what both sides share, [`leaving`] the old owner's, [`arriving`] the other's.

mod arriving;
mod leaving;

use std::collections::{BTreeMap, BTreeSet};

use super::Session;
use crate::id::SuccessionId;
use crate::limits::{MOVE_ANSWER_INTERVAL_MS, MOVE_REPEAT_MS, PACKAGE_WANT_REPEAT_MS};
use crate::municipality::OrganisationNumber;
use crate::signed::{Signed, Verified};
use crate::succession::record::{ArrivingRecord, LeavingRecord};
use crate::succession::statement::OfMove;
use crate::succession::{ArrivingSays, LeavingSays};
use crate::time::UnixMillis;

/// The kinds of the frames of a move.
const SUCCESSION_KIND: u16 = 26;
const ANSWER_KIND: u16 = 27;
const PART_KIND: u16 = 28;
const EVIDENCE_KIND: u16 = 29;

/// One move on a link, and what of it was said on this connection.
#[derive(Debug)]
struct OnLink<Record, Says> {
    record: Record,
    said: Option<(Says, UnixMillis)>,
    /// When the other side was last told what holds, because it asked or said something settled.
    answered_at: Option<UnixMillis>,
    /// What came is with the shell, which has not told back.
    is_heard: bool,
    /// That was the transfer, by which the case is opened.
    is_opening: bool,
    /// When a transfer could not be kept: reading a package costs too much to do it again at once.
    not_opened_at: Option<UnixMillis>,
    /// That the offer is about to leave is being written down.
    is_noting: bool,
}

impl<Record, Says: PartialEq> OnLink<Record, Says> {
    fn new(record: Record) -> Self {
        Self {
            record,
            said: None,
            answered_at: None,
            is_heard: false,
            is_opening: false,
            not_opened_at: None,
            is_noting: false,
        }
    }

    /// Whether something that stands to be said is due.
    fn is_due(&self, says: &Says, repeat: u64, now: UnixMillis) -> bool {
        self.said.as_ref().is_none_or(|(said, at)| said != says || now.since(*at) >= repeat)
    }

    /// Takes the turn in which whoever asks is answered; one in a second.
    fn has_turn(&mut self, now: UnixMillis) -> bool {
        let has = self.answered_at.is_none_or(|at| now.since(at) >= MOVE_ANSWER_INTERVAL_MS);
        if has {
            self.answered_at = Some(now);
        }
        has
    }
}

/// The moves on a link.
#[derive(Debug, Default)]
pub(super) struct Moves {
    leaving: BTreeMap<SuccessionId, OnLink<LeavingRecord, LeavingSays>>,
    arriving: BTreeMap<SuccessionId, OnLink<ArrivingRecord, ArrivingSays>>,
    /// Moves that were not known here and that are being written down.
    coming: BTreeSet<SuccessionId>,
    /// The part that is being read.
    reading: Option<(SuccessionId, u32, u32)>,
    /// Moves of which a part may lie in the transport.
    sent_parts: BTreeSet<SuccessionId>,
}

impl Moves {
    pub(super) fn new(
        leaving: BTreeMap<SuccessionId, LeavingRecord>,
        arriving: BTreeMap<SuccessionId, ArrivingRecord>,
    ) -> Self {
        let leaving = leaving.into_iter().map(|(id, record)| (id, OnLink::new(record))).collect();
        let arriving = arriving.into_iter().map(|(id, record)| (id, OnLink::new(record))).collect();
        Self { leaving, arriving, ..Self::default() }
    }

    /// Everything is said anew on the next connection.
    pub(super) fn disconnected(&mut self) {
        self.leaving.values_mut().for_each(|on| (on.said, on.answered_at) = (None, None));
        self.arriving.values_mut().for_each(|on| (on.said, on.answered_at) = (None, None));
        self.reading = None;
        self.sent_parts.clear();
    }
}

/// How long what stands to be said waits for an answer before it is said again.
fn repeat_of(says: ArrivingSays) -> u64 {
    if matches!(says, ArrivingSays::Want { .. }) { PACKAGE_WANT_REPEAT_MS } else { MOVE_REPEAT_MS }
}

impl Session {
    /// Says of every move what was not said on this connection, or not for a while.
    pub(super) fn pump_moves(&mut self) {
        if !self.has_begun() {
            return;
        }
        let leaving: Vec<_> = self.moves.leaving.keys().copied().collect();
        for succession in leaving {
            if !self.has_room() {
                return;
            }
            self.say_leaving(succession);
        }
        let arriving: Vec<_> = self.moves.arriving.keys().copied().collect();
        for succession in arriving {
            if !self.has_room() {
                return;
            }
            self.say_arriving(succession);
        }
    }

    /// When something is said again, if nothing is answered until then. What cannot be said now has no such
    /// moment: that it can be is told by an event.
    pub(super) fn move_timeout(&self) -> Option<UnixMillis> {
        if !self.has_begun() || !self.has_room() {
            return None;
        }
        let leaving = self.moves.leaving.values().filter(|on| !on.is_noting).filter_map(|on| {
            let (said, at) = on.said.as_ref()?;
            (on.record.leaving.says().as_ref() == Some(said)).then(|| at.plus(MOVE_REPEAT_MS))
        });
        let arriving = self.moves.arriving.values().filter(|on| !on.is_heard).filter_map(|on| {
            let (said, at) = on.said.as_ref()?;
            (on.record.arriving.says().as_ref() == Some(said)).then(|| at.plus(repeat_of(*said)))
        });
        leaving.chain(arriving).min()
    }

    /// Something of a move could not be kept: the other side says it again later.
    pub(super) fn move_not_kept(&mut self, succession: SuccessionId) {
        self.moves.coming.remove(&succession);
        if let Some(on) = self.moves.leaving.get_mut(&succession) {
            on.is_heard = false;
        }
        let now = self.now;
        if let Some(on) = self.moves.arriving.get_mut(&succession) {
            on.is_heard = false;
            if std::mem::take(&mut on.is_opening) {
                on.not_opened_at = Some(now);
            }
        }
    }

    /// Reads a statement about a move between two municipalities, of the partner's or of this node's own.
    fn statement_of_move<T: OfMove>(
        &mut self,
        token: String,
        between: (OrganisationNumber, OrganisationNumber),
        keys: &[crate::signed::PublicKey],
    ) -> Option<Verified<T>> {
        let verified = Signed::<T>::from_token(token).verify(keys).ok();
        let fits = |one: &Verified<T>| {
            let course = one.statement().course();
            (course.from, course.to) == between && one.statement().is_well_formed()
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
