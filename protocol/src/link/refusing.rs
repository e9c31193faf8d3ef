//! What is refused, and what breaks a rule (law 21).

use super::Session;
use super::output::{Alarm, Output};
use crate::limits::PROTOCOL_ERRORS_PER_MINUTE_MAX;
use crate::time::MINUTE;
use crate::wire::error_code::{CloseCode, ErrorCode};
use crate::wire::{Frame, Refused};

impl Session {
    pub(super) fn refuse(&mut self, kind: u16, code: ErrorCode) {
        self.send(Frame::Refused(Refused { kind, code }));
    }

    pub(super) fn alarm(&mut self, alarm: Alarm) {
        self.outputs.push_back(Output::Alarm(alarm));
    }

    /// Refuses a frame that broke a rule; too many in a minute close the connection (law 21).
    pub(super) fn offence(&mut self, kind: u16, code: ErrorCode) {
        self.refuse(kind, code);
        self.offences.push_back(self.now);
        while self.offences.front().is_some_and(|first| self.now.since(*first) >= MINUTE) {
            self.offences.pop_front();
        }
        let count = u32::try_from(self.offences.len()).unwrap_or(u32::MAX);
        if count > PROTOCOL_ERRORS_PER_MINUTE_MAX {
            self.outputs.push_back(Output::Close(CloseCode::TooManyErrors));
        }
    }

    /// A signature that does not hold is no accident: the link closes and somebody is told.
    pub(super) fn bad_signature(&mut self) {
        self.alarm(Alarm::BadStatement);
        self.outputs.push_back(Output::Close(CloseCode::BadSignature));
    }
}
