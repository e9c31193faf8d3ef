//! What a federation is made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use stafett_protocol::agreement::{Agreement, Standing};
use stafett_protocol::erasure::retention::Retention;
use stafett_protocol::id::DisclosureId;
use stafett_protocol::journal::Closing;
use stafett_protocol::link::Session;
use stafett_protocol::link::output::{Alarm, Token};
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::restore::Shown;
use stafett_protocol::signed::{PublicKey, SigningKey};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::Transaction;
use stafett_protocol::wire::{Frame, Stream};

use super::restoring;
use crate::store::Store;

/// What a crash did to the transactions that were under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// None of them was committed.
    BeforeCommits,
    /// All of them were committed, and nobody was told.
    AfterCommits,
    /// Some of them were committed, in their order; a commit that was cut short is not there.
    SomeCommits {
        /// So many tenths of them.
        tenths: u8,
    },
}

/// One node.
#[derive(Debug)]
pub struct Node {
    /// What it keeps.
    pub store: Store,
    /// What its sessions want somebody to look at.
    pub alarms: Vec<(OrganisationNumber, Alarm)>,
    /// What its municipality must keep of what it received.
    pub retention: Arc<Retention>,
    /// How many bytes each partner may have here.
    pub bytes_max: u64,
    /// Partners that showed a later mark than the node's own.
    pub shown_above: Vec<OrganisationNumber>,
    /// Partners whose question what is held for them was answered, once for each answer.
    pub was_asked: Vec<OrganisationNumber>,
    /// What partners showed after a restore.
    pub shown: Vec<(OrganisationNumber, Shown)>,
    pub(super) key: Arc<SigningKey>,
    /// Every key that it has had, the present one last; its partners know them all, and so does the
    /// folder of its keys, which is in no backup.
    pub(super) keys: Vec<PublicKey>,
    pub(super) incarnation: u32,
    /// The newest kind of frame that its program knows.
    pub(super) knows: u16,
    /// By how many milliseconds the clock that it goes by is ahead.
    pub(super) clock_ahead: u64,
    /// Where its time stands, while its clock is behind it.
    pub(super) clock_stands_at: Option<UnixMillis>,
    /// What closed, outside the store, as it stands up to `journaled` of the store's.
    pub(super) journal: Vec<Closing>,
    pub(super) journaled: usize,
    /// Whether it stopped in the middle of something and has not started again.
    pub(super) is_down: bool,
}

/// One node's end of a link.
#[derive(Debug)]
pub(super) struct End {
    pub(super) own: OrganisationNumber,
    pub(super) partner: OrganisationNumber,
    pub(super) agreement: Option<Agreement>,
    /// The agreement as it was made.
    pub(super) made: Agreement,
    pub(super) standing: Standing,
    pub(super) session: Session,
    pub(super) data_epoch: u64,
    pub(super) frames_sent: u64,
    pub(super) arrives_last: [UnixMillis; 2],
    pub(super) commits_last: UnixMillis,
    /// Whether the transport takes no data frames at present.
    pub(super) is_stalled: bool,
    /// In which standing it opens again when it was sealed.
    pub(super) opens_as: Standing,
    /// Data frames that the transport has not taken, with the rows they rest on.
    pub(super) waiting: Vec<(Frame, Vec<DisclosureId>)>,
    /// How often each frame has come, so that no two draw the same randomness.
    pub(super) came: BTreeMap<[u8; 32], u32>,
    /// How often its session has started anew while its node ran on.
    pub(super) starts: u32,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) ends: [End; 2],
    pub(super) is_up: bool,
    pub(super) is_cut: bool,
    pub(super) connection: u64,
    /// From which side nothing gets through.
    pub(super) is_mute: [bool; 2],
    /// What did not get through, and will if the way opens before the connection is given up.
    pub(super) held: Vec<Event>,
}

/// Which end of which link.
pub(super) type Place = (usize, usize);

#[derive(Debug)]
pub(super) enum Event {
    Connect { link: usize },
    Reset { to: Place, connection: u64 },
    Arrive { to: Place, connection: u64, stream: Stream, epoch: u64, number: u64, bytes: Vec<u8> },
    Commit { at: Place, incarnation: u32, start: u32, token: Token, transaction: Transaction },
    Lost { link: usize, connection: u64 },
    Compare { at: Place, incarnation: u32, shown: Box<Shown> },
    Unseal { node: OrganisationNumber, journal: restoring::Journal },
    ShownAbove { at: Place, incarnation: u32, mark: LinkMark },
}
