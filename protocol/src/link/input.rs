//! Everything that can happen to a session.

use std::sync::Arc;

use crate::agreement::{Agreement, Standing};
use crate::erasure::EraseOrder;
use crate::grant::Grant;
use crate::id::SuccessionId;
use crate::ledger::LedgerView;
use crate::restore::Holdings;
use crate::signed::Verified;
use crate::succession::record::{ArrivingRecord, LeavingRecord};
use crate::transaction::{Committed, EntryRecord, Fault, Proposal, Relation};
use crate::wire::{Frame, Stream};

/// One event. Randomness comes with the event that may need it, so hidden events never shift
/// what a partner sees.
#[derive(Debug)]
pub enum Input {
    /// A connection to the partner is up.
    Connected {
        /// Drawn for this connection.
        salt: [u8; 32],
    },
    /// The connection is gone.
    Disconnected,
    /// A frame came.
    Frame {
        /// On which stream.
        stream: Stream,
        /// What it says.
        frame: Frame,
        /// Drawn for this frame.
        random: [u8; 32],
    },
    /// Bytes came that are no frame this node knows.
    UnknownKind {
        /// The kind.
        kind: u16,
    },
    /// Bytes came that break the format.
    BadFrame,
    /// What holds in an own case changed; told before it is committed when something closes.
    CaseChanged {
        /// What holds from here on.
        ledger: Arc<LedgerView>,
    },
    /// A grant for this partner was committed.
    GrantIssued(Verified<Grant>),
    /// Orders for this partner were committed.
    OrdersQueued(Vec<Verified<EraseOrder>>),
    /// The receipt of an order was committed.
    ReceiptFiled(crate::id::OrderId),
    /// An entry of an own or received case has new changes or is new.
    EntryCommitted(EntryRecord),
    /// A relation of an own case was committed.
    RelationCommitted(Relation),
    /// Staff wrote a new entry in a case received from this partner.
    ProposalMade(Proposal),
    /// The leader of an own service has answered a grant of this partner's.
    UptakeSaid(crate::uptake::Uptake),
    /// Somebody of an own service has answered an offer of the baton, and that is committed.
    BatonSaid(Box<crate::baton::there::BatonThere>),
    /// What holds of a case that moves to the partner: committed.
    LeavingTold(Box<LeavingRecord>),
    /// What holds of a case that may come from the partner: committed.
    ArrivingTold(Box<ArrivingRecord>),
    /// What came of a move could not be kept.
    MoveNotKept(SuccessionId),
    /// What [`ReadPart`](super::output::Output::ReadPart) asked for.
    PartRead {
        /// Of which move.
        succession: SuccessionId,
        /// Of which package.
        revision: u32,
        /// Which part.
        index: u32,
        /// What stands in it; nothing if it is not here.
        bytes: Option<Vec<u8>>,
    },
    /// The agreement or the trust in the partner changed.
    StandingChanged {
        /// The agreement, if one is left.
        agreement: Option<Agreement>,
        /// Whether the partner's node is trusted.
        standing: Standing,
    },
    /// The partner reset its data stream: what was on the way on it is lost.
    DataReset,
    /// Frames that rest on these disclosure rows never left: a reset or the end of the connection
    /// dropped them before the transport took them. Told before the next `Connected`.
    Unsent(Vec<crate::id::DisclosureId>),
    /// So many frames that the session handed out have not been taken by the transport. Told
    /// whenever the number has changed, after every output was carried out (law 21).
    FramesWaiting(usize),
    /// Statements for this partner were committed: so many there are by now. Told before they are.
    Signed {
        /// How many.
        number: u64,
    },
    /// What [`ShowHoldings`](super::output::Output::ShowHoldings) asked for.
    Holdings {
        /// The connection that it named.
        asked_on: [u8; 32],
        /// What is held; nothing if it could not be read.
        holdings: Option<Holdings>,
    },
    /// What [`HoldingsShown`](super::output::Output::HoldingsShown) brought could not be compared:
    /// the partner is asked again on the next connection.
    NotCompared,
    /// A transaction that the session asked for is done.
    Done {
        /// Which.
        token: super::output::Token,
        /// What came of it.
        outcome: Result<Committed, Fault>,
    },
    /// The moment that [`poll_timeout`](super::Session::poll_timeout) named has come.
    Timer,
}
