//! What is known of one connection, and forgotten with it.

use std::collections::{BTreeSet, VecDeque};

use super::Session;
use super::restoring::Asked;
use super::showing::Question;
use crate::id::EntryId;
use crate::restore::Shown;
use crate::time::UnixMillis;
use crate::wire::{Frame, PROTOCOL_VERSION};

/// Where a connection stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// The partner's Hello, or the own mark that it shows, has not come.
    Greeting {
        early: VecDeque<(Frame, [u8; 32])>,
        /// Both salts, and when they were known.
        hello: Option<([u8; 64], UnixMillis)>,
    },
    /// This node was restored: the partner shows what it holds, and nothing goes out.
    Restoring(Box<Asked>),
    /// This node was restored and compares what the partner has shown, once the orders that came
    /// with it are carried out; nothing goes out.
    Comparing(Option<Box<Shown>>),
    /// The sides compare what they hold.
    Reconciling { since: UnixMillis },
    /// Changes are pushed as they are committed.
    Live,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) salt: [u8; 32],
    /// Both salts, lower organisation number first; set with the partner's Hello.
    pub(super) common_salt: Option<[u8; 64]>,
    pub(super) phase: Phase,
    /// Since when the partner has had its time to send what waited there.
    pub(super) quiet_since: Option<UnixMillis>,
    /// Kinds that the partner does not know; not sent again on this connection.
    pub(super) not_understood: BTreeSet<u16>,
    /// Entries that were asked for because they are not known here: once each is enough.
    pub(super) asked_for: BTreeSet<EntryId>,
    /// Whether somebody was told that the partner refuses grants.
    pub(super) is_grant_refused: bool,
    /// Whether the partner has started a comparison on this connection.
    pub(super) was_compared: bool,
    /// Whether the partner's last word of a comparison may come.
    pub(super) is_want_due: bool,
    /// Whether somebody was told that the partner has used up its share.
    pub(super) is_share_used: bool,
    /// The partner's question what is held under its signature: once is enough.
    pub(super) question: Question,
    /// Whether the partner has the own latest mark.
    pub(super) has_own_mark: bool,
}

impl Connection {
    pub(super) fn new(salt: [u8; 32]) -> Self {
        Self {
            salt,
            common_salt: None,
            phase: Phase::Greeting { early: VecDeque::new(), hello: None },
            quiet_since: None,
            not_understood: BTreeSet::new(),
            asked_for: BTreeSet::new(),
            is_grant_refused: false,
            was_compared: false,
            is_want_due: false,
            is_share_used: false,
            question: Question::NotAsked,
            has_own_mark: false,
        }
    }
}

impl Session {
    /// The version of the protocol that both sides speak on this connection; none before the partner
    /// has greeted with one that this node speaks.
    pub fn version(&self) -> Option<u16> {
        let phase = &self.connection.as_ref()?.phase;
        let has_greeted = !matches!(phase, Phase::Greeting { hello: None, .. });
        has_greeted.then_some(PROTOCOL_VERSION)
    }
}
