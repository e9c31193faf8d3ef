//! Why a connection or stream was closed, as the partner sees it: a number and nothing else.

use quinn::VarInt;

/// The application error codes of QUIC that a node sends (RFC 9000, 20.2). Numbers are added,
/// never changed. They tell a partner what to do next, not what is known about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum CloseCode {
    /// Nothing is wrong; sent by a program that is done, such as a check of the address.
    Done = 0,
    /// The node stops; it can be dialled again when it is back.
    ShuttingDown = 1,
    /// A newer connection of the same partner took its place.
    Replaced = 2,
    /// Both sides dialled at once, and the other connection was kept.
    Duplicate = 3,
    /// The partner has as many connections as one may have.
    TooManyConnections = 4,
    /// No agreement in force goes with this key.
    NoAgreement = 5,
    /// A frame's length was out of bounds, or a stream ended within a frame.
    Framing = 6,
    /// A stream was opened that the protocol does not have, or it began with an unknown byte.
    UnexpectedStream = 7,
    /// More bytes came in a minute than a partner may send.
    InboundBudget = 8,
    /// Too many protocol errors in a minute.
    ProtocolErrors = 9,
    /// A signature did not verify.
    BadSignature = 10,
    /// The connection was not ready for frames in time.
    HandshakeTooSlow = 11,
    /// The partner broke rules not long ago and has to wait.
    HeldOff = 12,
    /// On a stream only: what was on its way is no longer sent, and a fresh stream follows.
    StreamReset = 13,
    /// This node failed; the fault is not the partner's.
    Internal = 14,
}

impl CloseCode {
    const ALL: [Self; 15] = [
        Self::Done,
        Self::ShuttingDown,
        Self::Replaced,
        Self::Duplicate,
        Self::TooManyConnections,
        Self::NoAgreement,
        Self::Framing,
        Self::UnexpectedStream,
        Self::InboundBudget,
        Self::ProtocolErrors,
        Self::BadSignature,
        Self::HandshakeTooSlow,
        Self::HeldOff,
        Self::StreamReset,
        Self::Internal,
    ];

    /// Returns the number on the wire.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Returns the code with that number, if this version knows it.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|code| u64::from(code.number()) == number)
    }

    /// Returns whether the side that gets this code broke a rule of the protocol.
    pub const fn is_violation(self) -> bool {
        matches!(
            self,
            Self::Framing
                | Self::UnexpectedStream
                | Self::InboundBudget
                | Self::ProtocolErrors
                | Self::BadSignature
        )
    }

    /// Returns whether one such violation alone makes the partner wait.
    pub(super) const fn holds_off_at_once(self) -> bool {
        matches!(self, Self::ProtocolErrors | Self::BadSignature)
    }
}

/// In our own log only: a partner sees the number.
impl std::fmt::Display for CloseCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::ShuttingDown => "the node stops",
            Self::Replaced => "a newer connection took its place",
            Self::Duplicate => "the other of two connections is kept",
            Self::TooManyConnections => "too many connections",
            Self::NoAgreement => "no agreement in force goes with the key",
            Self::Framing => "a frame of a wrong length",
            Self::UnexpectedStream => "a stream that the protocol does not have",
            Self::InboundBudget => "more bytes than a partner may send in a minute",
            Self::ProtocolErrors => "too many errors",
            Self::BadSignature => "a wrong signature",
            Self::HandshakeTooSlow => "not ready for frames in time",
            Self::HeldOff => "a partner that broke rules has to wait",
            Self::StreamReset => "a fresh stream follows",
            Self::Internal => "a fault of the closing node",
        })
    }
}

impl From<CloseCode> for VarInt {
    fn from(code: CloseCode) -> Self {
        Self::from_u32(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_names_one_code() {
        for (number, code) in (0_u32..).zip(CloseCode::ALL) {
            assert_eq!(code.number(), number);
            assert_eq!(CloseCode::from_number(number.into()), Some(code));
        }
        assert_eq!(CloseCode::from_number(15), None);
        assert_eq!(CloseCode::from_number(u64::MAX), None);
    }
}
