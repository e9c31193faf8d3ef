//! The numbers that a partner may see. None tells more than the partner may know: what does not
//! exist, what is not shared and what is shared no longer are one answer (law 5).

use bincode::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Why a frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Not shared with the sender, for whatever reason.
    NotShared,
    /// A change broke a rule of its document.
    BadChange,
    /// A statement was not signed by a key of the sender's, or is not for this node.
    BadStatement,
    /// A bound of this link is reached.
    TooMuch,
    /// The frame does not fit the state of the link.
    OutOfTurn,
    /// The receiver cannot take it now; the same frame may be taken later.
    NotNow,
}

/// With which number a node closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloseCode {
    /// The node stops.
    Stopping = 1,
    /// No agreement holds, or the identity is not the one agreed upon.
    NoAgreement = 2,
    /// Another connection to the same partner takes over.
    Replaced = 3,
    /// A frame broke the format.
    BadFrame = 4,
    /// Too many protocol errors in a minute.
    TooManyErrors = 5,
    /// A signature did not hold.
    BadSignature = 6,
    /// More bytes than the link's share.
    TooMuch = 7,
    /// No common version.
    Version = 8,
    /// This node is sealed: it was restored, or its clock is in doubt.
    Sealed = 9,
    /// A fault at this node, such as a full disk.
    Fault = 10,
}
