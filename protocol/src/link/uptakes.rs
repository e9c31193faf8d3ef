//! Whether a service takes a case: its partner says so, its owner keeps it until the grant ends.
//!
//! The partner says it again on each connection, for as long as the grant counts: an owner that has
//! it answers without a commit, and one that was restored has it anew. A token is made for each
//! connection, so a key that was changed since is no longer asked for. The owner's answer depends on
//! its own grants for this partner alone, and what answers none of them gets one refusal (law 5).
//! Whether the consent pauses makes no difference.

use std::collections::BTreeMap;

use super::snapshot::{Handed, HeardUptake, SaidUptake};
use super::{Session, Work};
use crate::access::permit_keeping;
use crate::grant::ReceivedGrant;
use crate::id::GrantId;
use crate::limits::{UPTAKE_INTERVAL_MS, UPTAKE_RETRY_MS, UPTAKES_AT_ONCE_MAX};
use crate::signed::Signed;
use crate::time::UnixMillis;
use crate::transaction::{Committed, Fault, Write};
use crate::uptake::Uptake;
use crate::wire::error_code::ErrorCode;
use crate::wire::{Frame, UptakeFrame};

/// The kind of a frame about an answer.
const UPTAKE_KIND: u16 = 25;

/// What was said of grants, both ways.
#[derive(Debug)]
pub(super) struct Uptakes {
    /// Of own services about grants of the partner's.
    said: BTreeMap<GrantId, SaidUptake>,
    /// Of the partner's services about own grants.
    heard: BTreeMap<GrantId, HeardUptake>,
    /// When what the partner could not take is said again.
    retry_at: Option<UnixMillis>,
    /// When as many new answers as ever may come at once.
    free_at: UnixMillis,
}

impl Uptakes {
    pub(super) fn new(said: BTreeMap<GrantId, SaidUptake>, heard: BTreeMap<GrantId, HeardUptake>) -> Self {
        Self { said, heard, retry_at: None, free_at: UnixMillis(0) }
    }

    /// Everything is said anew on the next connection.
    pub(super) fn disconnected(&mut self) {
        self.retry_at = None;
        self.said.values_mut().for_each(|said| said.sent = false);
    }

    /// Forgets what was said of a grant that has ended.
    pub(super) fn forget(&mut self, grant: GrantId) {
        self.said.remove(&grant);
        self.heard.remove(&grant);
    }

    /// Takes one of the turns in which a new answer is written down, if one is left (law 21).
    fn has_turn(&mut self, now: UnixMillis) -> bool {
        let free_at = self.free_at.max(now);
        let has = free_at.since(now) < UPTAKE_INTERVAL_MS.saturating_mul(UPTAKES_AT_ONCE_MAX);
        if has {
            self.free_at = free_at.plus(UPTAKE_INTERVAL_MS);
        }
        has
    }
}

impl Session {
    /// The leader of an own service has answered a grant of this partner's.
    pub(super) fn uptake_said(&mut self, uptake: Uptake) {
        let known = self.uptakes.said.get(&uptake.grant);
        let is_newer = known.is_none_or(|known| known.uptake.said_at < uptake.said_at);
        let is_ours = uptake.owner == self.identity.partner && uptake.partner == self.identity.own;
        if is_ours && is_newer && !self.ended.contains(&uptake.grant) {
            self.uptakes.said.insert(uptake.grant, SaidUptake { uptake, is_kept: false, sent: false });
        }
    }

    /// Says what was not said on this connection.
    pub(super) fn pump_uptakes(&mut self) {
        if !self.has_begun() {
            return;
        }
        let unsent = self.uptakes.said.iter().filter(|(_, said)| !said.sent);
        let unsent: Vec<GrantId> = unsent.map(|(grant, _)| *grant).collect();
        for grant in unsent {
            if !self.has_room() {
                return;
            }
            self.say_uptake(grant);
        }
    }

    fn say_uptake(&mut self, grant: GrantId) {
        let Some(said) = self.uptakes.said.get(&grant) else { return };
        let received = self.received.get(&said.uptake.case).map_or(&[][..], Vec::as_slice);
        let is_open =
            |received: &ReceivedGrant| received.counts(self.now) && said.uptake.answers(&received.grant);
        if self.may_receive().is_err() || !received.iter().any(is_open) {
            return;
        }
        // A reason is far smaller than a frame, so only a broken key could not sign it.
        let Ok(signed) = self.identity.signing.sign(said.uptake.clone()) else { return };
        if let Some(said) = self.uptakes.said.get_mut(&grant) {
            said.sent = true;
        }
        self.send(Frame::Uptake(UptakeFrame::Said { token: signed.token().to_owned() }));
    }

    pub(super) fn uptake_frame(&mut self, body: UptakeFrame) {
        match body {
            UptakeFrame::Said { token } => self.hear_uptake(token),
            UptakeFrame::Kept { grant, said_at } => self.uptake_kept(grant, said_at),
        }
    }

    /// A service of the partner's answers: believed if the partner signed it and it answers a grant
    /// that the partner has from here. An answer that was overtaken changes nothing.
    fn hear_uptake(&mut self, token: String) {
        let signed = Signed::<Uptake>::from_token(token);
        let Ok(uptake) = signed.verify(&self.identity.partner_keys) else { return self.bad_signature() };
        let statement = uptake.statement();
        if statement.owner != self.identity.own || statement.partner != self.identity.partner {
            return self.bad_signature();
        }
        if !self.hears_of(statement) {
            return self.refuse(UPTAKE_KIND, ErrorCode::NotShared);
        }
        let (grant, said_at) = (statement.grant, statement.said_at);
        if let Some(heard) = self.uptakes.heard.get(&grant) {
            let is_known = heard.uptake == *statement;
            if heard.uptake.said_at == said_at && !is_known {
                return self.offence(UPTAKE_KIND, ErrorCode::BadStatement);
            }
            if is_known || heard.uptake.said_at > said_at {
                return self.tell_kept(grant);
            }
        }
        if !self.uptakes.has_turn(self.now) {
            return self.refuse(UPTAKE_KIND, ErrorCode::TooMuch);
        }
        let heard = HeardUptake { uptake: statement.clone(), is_durable: false };
        self.uptakes.heard.insert(grant, heard);
        self.write(Write::UptakeHeard(uptake), Work::UptakeHeard(grant, said_at));
    }

    /// Whether an answer is to a grant that the partner has, and that has not ended.
    fn hears_of(&self, uptake: &Uptake) -> bool {
        let Some(issued) = self.issued.get(&uptake.grant).filter(|issued| issued.handed == Handed::Yes)
        else {
            return false;
        };
        let ledger = self.cases.get(&uptake.case);
        let known = ledger.and_then(|ledger| Some((ledger, ledger.grants().get(&uptake.grant)?)));
        let stays = known.is_some_and(|(ledger, grant)| {
            let agreement = self.agreement.as_ref();
            grant.ended_at.is_none()
                && permit_keeping(ledger, agreement, self.standing, grant, self.now).is_ok()
        });
        stays && uptake.answers(issued.grant.statement())
    }

    /// Says up to when answers to a grant are here, once that is durable.
    fn tell_kept(&mut self, grant: GrantId) {
        let heard = self.uptakes.heard.get(&grant).filter(|heard| heard.is_durable);
        if let Some(said_at) = heard.map(|heard| heard.uptake.said_at) {
            self.send(Frame::Uptake(UptakeFrame::Kept { grant, said_at }));
        }
    }

    /// The partner's answer is durable, unless its grant has ended meanwhile.
    pub(super) fn uptake_heard(
        &mut self,
        grant: GrantId,
        said_at: UnixMillis,
        outcome: Result<Committed, Fault>,
    ) {
        let latest = self.uptakes.heard.get_mut(&grant).filter(|heard| heard.uptake.said_at == said_at);
        match (latest, outcome) {
            (Some(heard), Ok(_)) => {
                heard.is_durable = true;
                let uptake = heard.uptake.clone();
                if self.hears_of(&uptake) {
                    self.tell_kept(grant);
                } else {
                    self.refuse(UPTAKE_KIND, ErrorCode::NotShared);
                }
            }
            (Some(_), Err(_)) => {
                self.uptakes.heard.remove(&grant);
                self.refuse(UPTAKE_KIND, ErrorCode::NotNow);
            }
            (None, Ok(_)) => {}
            (None, Err(_)) => self.refuse(UPTAKE_KIND, ErrorCode::NotNow),
        }
    }

    /// The owner has an answer durably, or a later one that this node has lost.
    fn uptake_kept(&mut self, grant: GrantId, said_at: UnixMillis) {
        let known = self.uptakes.said.get_mut(&grant);
        let Some(said) = known.filter(|said| !said.is_kept && said.sent && said.uptake.said_at <= said_at)
        else {
            return;
        };
        said.is_kept = true;
        let said_at = said.uptake.said_at;
        self.write(Write::UptakeKept { grant, said_at }, Work::Nothing);
    }

    /// The owner could not take an answer at this moment: what it does not have is said again later.
    pub(super) fn uptake_refused(&mut self, code: ErrorCode) {
        let waits = self.uptakes.said.values().any(|said| said.sent && !said.is_kept);
        if waits && matches!(code, ErrorCode::NotNow | ErrorCode::TooMuch) {
            self.uptakes.retry_at.get_or_insert(self.now.plus(UPTAKE_RETRY_MS));
        }
    }

    /// When what was refused is said again.
    pub(super) fn uptake_timeout(&self) -> Option<UnixMillis> {
        self.uptakes.retry_at
    }

    pub(super) fn say_uptakes_on_time(&mut self) {
        if self.uptakes.retry_at.is_some_and(|at| at <= self.now) {
            self.uptakes.retry_at = None;
            let missing = self.uptakes.said.values_mut().filter(|said| !said.is_kept);
            missing.for_each(|said| said.sent = false);
        }
    }
}
