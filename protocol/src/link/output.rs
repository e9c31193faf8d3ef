//! Everything that the shell must do for a session.

use crate::baton::there::AnswerThere;
use crate::erasure::Receipt;
use crate::id::{DisclosureId, SuccessionId};
use crate::mark::LinkMark;
use crate::restore::Shown;
use crate::signed::Verified;
use crate::succession::hearing::{ArrivingHeard, LeavingHeard};
use crate::transaction::Transaction;
use crate::wire::Frame;
use crate::wire::error_code::CloseCode;

/// Names a transaction that a session waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub u64);

/// One effect.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Commit this durably, then say [`Done`](super::input::Input::Done) with the token.
    Commit {
        /// For the answer.
        token: Token,
        /// What to write and read.
        transaction: Transaction,
    },
    /// Hand this frame to the transport, on the stream that it belongs on.
    Send {
        /// The frame.
        frame: Frame,
        /// The disclosure rows that it is the first frame to rest on. If it is dropped before the
        /// transport took it, they are told as [`Unsent`](super::input::Input::Unsent) (law 19).
        rows: Vec<DisclosureId>,
    },
    /// Drop every data frame that was not handed on, and reset the data stream.
    ResetData,
    /// A receipt for an own order came and is genuine: file it in the case's ledger.
    FileReceipt(Verified<Receipt>),
    /// The partner says something of a case that moves there, which follows: decide, commit, and tell what
    /// holds as [`LeavingTold`](super::input::Input::LeavingTold).
    LeavingHeard(LeavingHeard),
    /// The partner says something of a case that may come here, which follows: commit it, and tell what holds
    /// as [`ArrivingTold`](super::input::Input::ArrivingTold).
    ArrivingHeard(ArrivingHeard),
    /// The partner answers an offer of a baton, which follows: decide and commit. What holds is told with
    /// the case; if nothing comes of it, the partner says it again.
    BatonHeard(Verified<AnswerThere>),
    /// Read a part of a package, and tell it as [`PartRead`](super::input::Input::PartRead).
    ReadPart {
        /// Of which move.
        succession: SuccessionId,
        /// Of which package.
        revision: u32,
        /// Which part.
        index: u32,
    },
    /// Somebody should look at this: the partner broke a rule. Carries no content.
    Alarm(Alarm),
    /// The partner showed this node's own signature above its number: this node was restored from
    /// a backup. Nothing more goes out on this link (law 16).
    Restored(LinkMark),
    /// The partner was restored: read what is held under its signature, and tell it as
    /// [`Holdings`](super::input::Input::Holdings).
    ShowHoldings {
        /// The salt of the connection on which it asked, for the answer.
        asked_on: [u8; 32],
    },
    /// This node was restored, and the partner has shown all that it holds. Compare, and start the
    /// session anew, or say [`NotCompared`](super::input::Input::NotCompared).
    HoldingsShown(Box<Shown>),
    /// Close the connection.
    Close(CloseCode),
}

/// What came from a partner that somebody should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// A statement whose signature does not hold, or that is not for this node.
    BadStatement,
    /// A change that breaks the rules of its document.
    BadChange(crate::entry::check::ChangeRefusal),
    /// A receipt that does not answer its order.
    WrongReceipt,
    /// It does not know how to show what it holds; its node is older than this one.
    CannotShow,
    /// It refused a grant: its agreement, or its trust in this node, does not cover the service.
    GrantRefused,
    /// It has as many entries or bytes here as its agreement allows: nothing more is taken.
    ShareUsed,
}
