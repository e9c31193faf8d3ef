//! This node was restored (law 16): it asks what the partner holds under its signature, and says
//! nothing else until that is compared.

use super::output::{Alarm, Output};
use super::{Phase, Session};
use crate::grant::Grant;
use crate::limits::{HOLDING_FRAMES_MAX, HOLDING_GRANTS_MAX, LIVING_FRAMES_MAX, PARTNER_ENTRIES_MAX};
use crate::restore::Shown;
use crate::signed::Signed;
use crate::wire::error_code::{CloseCode, ErrorCode};
use crate::wire::{Ask, Frame, Holding, Living};

/// What the partner has answered by now.
#[derive(Debug, Default)]
pub(super) struct Asked {
    shown: Shown,
    holding_frames: usize,
    living_frames: usize,
    /// Entries in all frames together.
    entries: u64,
}

impl Asked {
    /// Takes a grant with a part of what is held under it, unless it is more than can be.
    fn hold(&mut self, grant: crate::signed::Verified<Grant>, body: Holding) -> Result<(), CloseCode> {
        let id = grant.statement().grant;
        let is_new = !self.shown.grants.contains_key(&id);
        let entries = u64::try_from(body.entries.len()).unwrap_or(u64::MAX);
        self.entries = self.entries.saturating_add(entries);
        self.holding_frames = self.holding_frames.saturating_add(1);
        let is_full = is_new && self.shown.grants.len() >= HOLDING_GRANTS_MAX;
        if is_full || self.entries > PARTNER_ENTRIES_MAX || self.holding_frames > HOLDING_FRAMES_MAX {
            return Err(CloseCode::TooMuch);
        }
        self.shown.add(grant, body.has_ended, body.entries);
        Ok(())
    }

    /// Takes a part of the grants that live; all that was shown, if it is the last.
    fn live(&mut self, body: Living) -> Result<Option<Shown>, CloseCode> {
        self.living_frames = self.living_frames.saturating_add(1);
        if self.living_frames > LIVING_FRAMES_MAX {
            return Err(CloseCode::TooMuch);
        }
        self.shown.living.extend(body.grants);
        Ok(body.is_last.then(|| std::mem::take(&mut self.shown)))
    }
}

impl Session {
    /// Asks, unless what was shown on an earlier connection is still being compared.
    pub(super) fn ask(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        if self.is_comparing {
            connection.phase = Phase::Comparing(None);
            return;
        }
        connection.phase = Phase::Restoring(Box::default());
        self.send(Frame::Ask(Ask { incarnation: self.own_mark.incarnation }));
    }

    /// Of what a partner sends, only what closes, what it shows, and its own question count.
    pub(super) fn frame_while_restoring(&mut self, frame: Frame, random: [u8; 32]) {
        match frame {
            Frame::Order(body) => self.order_frame(body, random),
            Frame::Mark(body) => self.mark_frame(body),
            Frame::Ask(_) => self.ask_frame(),
            Frame::Holding(body) => self.holding_frame(body),
            Frame::Living(body) => self.living_frame(body),
            Frame::NotUnderstood(body) if body.kind == 22 => self.alarm(Alarm::CannotShow),
            _ => {}
        }
    }

    fn holding_frame(&mut self, body: Holding) {
        if self.answer_so_far().is_none() {
            return;
        }
        let own_keys = self.identity.own_keys();
        let Ok(grant) = Signed::<Grant>::from_token(body.token.clone()).verify(&own_keys) else {
            return self.offence(23, ErrorCode::BadStatement);
        };
        let statement = grant.statement();
        if statement.owner != self.identity.own || statement.partner != self.identity.partner {
            return self.offence(23, ErrorCode::BadStatement);
        }
        let Some(asked) = self.answer_so_far() else { return };
        if let Err(code) = asked.hold(grant, body) {
            self.outputs.push_back(Output::Close(code));
        }
    }

    fn living_frame(&mut self, body: Living) {
        let Some(asked) = self.answer_so_far() else { return };
        match asked.live(body) {
            Ok(None) => {}
            Ok(Some(shown)) => {
                if let Some(connection) = &mut self.connection {
                    connection.phase = Phase::Comparing(Some(Box::new(shown)));
                }
            }
            Err(code) => self.outputs.push_back(Output::Close(code)),
        }
    }

    /// Has what was shown compared once every order that came with it is carried out: the session
    /// starts anew then, and the partner does not repeat an order whose receipt it has.
    pub(super) fn compare_when_carried_out(&mut self) {
        let Some(connection) = self.connection.as_mut().filter(|_| self.ending.is_empty()) else { return };
        let Phase::Comparing(shown) = &mut connection.phase else { return };
        if let Some(shown) = shown.take() {
            self.is_comparing = true;
            self.outputs.push_back(Output::HoldingsShown(shown));
        }
    }

    /// What was shown could not be compared: the next connection asks again.
    pub(super) fn not_compared(&mut self) {
        if std::mem::replace(&mut self.is_comparing, false) && self.connection.is_some() {
            self.outputs.push_back(Output::Close(CloseCode::Fault));
        }
    }

    fn answer_so_far(&mut self) -> Option<&mut Asked> {
        match &mut self.connection.as_mut()?.phase {
            Phase::Restoring(asked) => Some(asked),
            _ => None,
        }
    }
}
