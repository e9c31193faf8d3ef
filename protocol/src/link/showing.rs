//! The partner was restored (law 16): it is shown what is held here under its signature, every
//! order to it that was ever signed, and which grants to it live.
//!
//! Reading all that is work, so a link's questions are answered once a minute in the long run,
//! whatever connects. A node that finds out by asking that it was restored is sealed first and
//! asks again when it is open, so two that follow one another are answered at once.
//! The answer goes out as there is room for it, on the connection that asked and on no other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Session;
use super::output::Output;
use super::snapshot::Handed;
use crate::erasure::EraseOrder;
use crate::id::GrantId;
use crate::limits::{ANSWER_INTERVAL_MS, HOLDING_IDS_MAX};
use crate::restore::{HeldGrant, Holdings};
use crate::signed::Verified;
use crate::time::UnixMillis;
use crate::wire::error_code::CloseCode;
use crate::wire::{Frame, Holding, Living, OrderFrame};

/// The partner's question on one connection.
#[derive(Debug)]
pub(super) enum Question {
    /// It has not asked.
    NotAsked,
    /// It has asked, sooner than it may be answered again.
    Waits,
    /// What is held is being read.
    Read,
    /// The rest of the answer waits for room.
    Answering(Box<Answer>),
    /// All was said.
    Answered,
}

/// What is still to be shown.
#[derive(Debug)]
pub(super) struct Answer {
    grants: BTreeMap<GrantId, HeldGrant>,
    orders: VecDeque<Verified<EraseOrder>>,
    /// Set when it is their turn: what lives then.
    living: Option<BTreeSet<GrantId>>,
}

impl Answer {
    /// The next frame, and whether it is the last one.
    fn next(&mut self, ended: &BTreeSet<GrantId>, issued: impl Iterator<Item = GrantId>) -> (Frame, bool) {
        if let Some(mut first) = self.grants.first_entry() {
            let grant = *first.key();
            let held = first.get_mut();
            let entries = take_part(&mut held.entries);
            let has_ended = held.has_ended || ended.contains(&grant);
            let frame = Frame::Holding(Holding { token: held.token.clone(), has_ended, entries });
            if held.entries.is_empty() {
                first.remove();
            }
            return (frame, false);
        }
        if let Some(order) = self.orders.pop_front() {
            return (Frame::Order(OrderFrame { token: order.token().to_owned() }), false);
        }
        let living = self.living.get_or_insert_with(|| issued.collect());
        let grants = take_part(living);
        let is_last = living.is_empty();
        (Frame::Living(Living { grants, is_last }), is_last)
    }
}

/// Takes as many as one frame names.
fn take_part<T: Ord + Copy>(all: &mut BTreeSet<T>) -> BTreeSet<T> {
    match all.iter().nth(HOLDING_IDS_MAX).copied() {
        Some(first_left) => {
            let left = all.split_off(&first_left);
            std::mem::replace(all, left)
        }
        None => std::mem::take(all),
    }
}

impl Session {
    /// The partner was restored.
    pub(super) fn ask_frame(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        if matches!(connection.question, Question::NotAsked) {
            connection.question = Question::Waits;
            self.answer_on_time();
        }
    }

    /// When a question that came soon after the last one is answered.
    pub(super) fn answer_timeout(&self) -> Option<UnixMillis> {
        let waits = matches!(self.connection.as_ref()?.question, Question::Waits);
        waits.then(|| UnixMillis(self.answers_free_at.0.saturating_sub(ANSWER_INTERVAL_MS)).max(self.now))
    }

    /// Has what is held read, if a question waits and its time has come.
    pub(super) fn answer_on_time(&mut self) {
        if self.answer_timeout().is_none_or(|at| at > self.now) {
            return;
        }
        let Some(connection) = &mut self.connection else { return };
        connection.question = Question::Read;
        self.answers_free_at = self.answers_free_at.max(self.now).plus(ANSWER_INTERVAL_MS);
        self.outputs.push_back(Output::ShowHoldings { asked_on: connection.salt });
    }

    /// What is held was read, or could not be. Who asked on a connection that is gone asks again
    /// on the next.
    pub(super) fn show_holdings(&mut self, asked_on: [u8; 32], holdings: Option<Holdings>) {
        let connection = self.connection.as_mut().filter(|connection| connection.salt == asked_on);
        let connection = connection.filter(|connection| matches!(connection.question, Question::Read));
        let Some(connection) = connection else { return };
        let Some(Holdings { grants, orders }) = holdings else {
            connection.question = Question::Answered;
            self.outputs.push_back(Output::Close(CloseCode::Fault));
            return;
        };
        let answer = Answer { grants, orders: orders.into(), living: None };
        connection.question = Question::Answering(Box::new(answer));
    }

    /// Goes on with the answer as far as there is room.
    pub(super) fn pump_answer(&mut self) {
        while self.has_room() {
            let Some(connection) = &mut self.connection else { return };
            let Question::Answering(answer) = &mut connection.question else { return };
            let handed = self.issued.iter().filter(|(_, issued)| issued.handed == Handed::Yes);
            let (frame, is_last) = answer.next(&self.ended, handed.map(|(grant, _)| *grant));
            if is_last {
                connection.question = Question::Answered;
            }
            self.send(frame);
        }
    }
}
