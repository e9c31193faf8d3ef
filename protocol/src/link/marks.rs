//! Marks: each side shows the other how far its statements go (law 16).
//!
//! A side that is shown its own signature above its own number was restored. It then asks what the
//! partner holds under its signature, and says nothing else until that is compared.

use super::output::Output;
use super::snapshot::PartnerMark;
use super::{Phase, Session, Work};
use crate::limits::{MARK_INTERVAL_MS, SHOWN_WAIT_MS};
use crate::mark::LinkMark;
use crate::planted::planted;
use crate::signed::{Signed, Verified};
use crate::time::UnixMillis;
use crate::transaction::{Committed, Fault, Write};
use crate::wire::error_code::ErrorCode;
use crate::wire::{self, Frame, MarkFrame};

/// The partner's marks. A partner that sends many costs one commit a second.
#[derive(Debug)]
pub(super) struct Marks {
    /// The latest that came: what the partner is shown.
    latest: Option<PartnerMark>,
    /// The latest that is durable.
    durable: Option<PartnerMark>,
    /// The latest, until it is its turn to be written.
    waiting: Option<Verified<LinkMark>>,
    written_at: Option<UnixMillis>,
}

impl From<Option<PartnerMark>> for Marks {
    fn from(durable: Option<PartnerMark>) -> Self {
        Self { latest: durable.clone(), durable, waiting: None, written_at: None }
    }
}

impl Session {
    /// Shows the partner its own latest mark, before anything else.
    pub(super) fn show_mark(&mut self) {
        let token = self.marks.latest.as_ref().map(|kept| kept.token.clone());
        self.send(Frame::Shown(wire::Shown { token }));
    }

    fn own_mark(&self) -> LinkMark {
        let (signer, partner) = (self.identity.own, self.identity.partner);
        LinkMark { signer, partner, incarnation: self.own_mark.incarnation, number: self.own_mark.number }
    }

    /// Tells the partner how far the own statements for it go; nothing before the first, nor when
    /// the partner has just shown the same.
    pub(super) fn send_own_mark(&mut self) {
        let mut mark = self.own_mark();
        if planted!("mark-counts-hidden") {
            mark.number = mark.number.saturating_add(u64::try_from(self.entries.len()).unwrap_or(0));
        }
        let is_known = self.connection.as_ref().is_some_and(|connection| connection.has_own_mark);
        if is_known || mark.number == 0 && mark.incarnation == 0 {
            return;
        }
        // A mark is far smaller than a frame, so only a broken key could not sign it.
        if let Ok(mark) = self.identity.signing.sign(mark) {
            self.send(Frame::Mark(MarkFrame { token: mark.token().to_owned() }));
        }
    }

    /// Statements for the partner are durable; it learns of them before it gets them.
    pub(super) fn signed(&mut self, number: u64) {
        if number > self.own_mark.number {
            self.own_mark.number = number;
            if let Some(connection) = &mut self.connection {
                connection.has_own_mark = false;
            }
            if self.has_begun() {
                self.send_own_mark();
            }
        }
    }

    /// The partner's statements go so far: kept, to be shown to it when it connects.
    pub(super) fn mark_frame(&mut self, body: MarkFrame) {
        let signed = Signed::<LinkMark>::from_token(body.token);
        let Ok(mark) = signed.verify(&self.identity.partner_keys) else { return self.bad_signature() };
        let (signer, partner) = (self.identity.partner, self.identity.own);
        if mark.statement().signer != signer || mark.statement().partner != partner {
            return self.bad_signature();
        }
        if is_above(mark.statement(), self.marks.latest.as_ref()) {
            self.marks.latest = Some(kept(&mark));
            self.marks.waiting = Some(mark);
            self.write_mark_on_time();
        }
    }

    /// When the latest mark is written, if it waits; also without a connection, so that no
    /// reconnecting makes it come sooner.
    pub(super) fn mark_timeout(&self) -> Option<UnixMillis> {
        self.marks.waiting.as_ref()?;
        let next = self.marks.written_at.map(|at| at.plus(MARK_INTERVAL_MS));
        Some(next.unwrap_or(self.now))
    }

    /// Writes the latest mark, if the last one was written long enough ago.
    pub(super) fn write_mark_on_time(&mut self) {
        if self.mark_timeout().is_none_or(|at| at > self.now) {
            return;
        }
        let Some(mark) = self.marks.waiting.take() else { return };
        self.marks.written_at = Some(self.now);
        let work = Work::MarkSeen(Box::new(kept(&mark)));
        self.write(Write::MarkSeen(mark), work);
    }

    /// A mark that could not be stored is taken again when it comes again.
    pub(super) fn mark_seen(&mut self, mark: PartnerMark, outcome: &Result<Committed, Fault>) {
        if outcome.is_ok() {
            self.marks.durable = Some(mark);
        } else if self.marks.waiting.is_none() {
            self.marks.latest = self.marks.durable.clone();
        }
    }

    /// The partner shows how far the own statements went by its knowledge. A mark of a key that
    /// was never this node's says nothing.
    pub(super) fn shown_frame(&mut self, body: wire::Shown) {
        let is_waiting = self
            .connection
            .as_ref()
            .is_some_and(|connection| matches!(connection.phase, Phase::Greeting { hello: Some(_), .. }));
        if !is_waiting {
            return self.offence(21, ErrorCode::OutOfTurn);
        }
        let own_keys = self.identity.own_keys();
        let shown = body.token.and_then(|token| Signed::<LinkMark>::from_token(token).verify(&own_keys).ok());
        let own = self.own_mark();
        let shown = shown.map(|mark| *mark.statement());
        let shown = shown.filter(|mark| mark.signer == own.signer && mark.partner == own.partner);
        if let Some(mark) = shown.filter(|mark| mark.is_above(&own)) {
            self.restored = true;
            self.outputs.push_back(Output::Restored(mark));
        }
        if let Some(connection) = &mut self.connection {
            connection.has_own_mark = shown == Some(own);
        }
        if self.restored && !planted!("restored-link-open") { self.ask() } else { self.begin() }
    }

    /// When an older partner, which never shows a mark, is spoken with all the same.
    pub(super) fn shown_timeout(&self) -> Option<UnixMillis> {
        match self.connection.as_ref()?.phase {
            Phase::Greeting { hello: Some((_, since)), .. } => Some(since.plus(SHOWN_WAIT_MS)),
            _ => None,
        }
    }

    /// Goes on with a partner that has not shown a mark in time.
    pub(super) fn begin_on_time(&mut self) {
        if self.shown_timeout().is_some_and(|at| at <= self.now) {
            if self.restored { self.ask() } else { self.begin() }
        }
    }
}

fn kept(mark: &Verified<LinkMark>) -> PartnerMark {
    PartnerMark { token: mark.token().to_owned(), mark: *mark.statement() }
}

fn is_above(mark: &LinkMark, known: Option<&PartnerMark>) -> bool {
    known.is_none_or(|known| mark.is_above(&known.mark))
}
