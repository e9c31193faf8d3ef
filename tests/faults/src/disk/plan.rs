//! What can be planned to go wrong.

use crate::chance::Chance;

/// A call that can meet a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Opening a file.
    Open,
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Cutting a file to a length.
    Truncate,
    /// Forcing a file to the disk.
    Sync,
    /// Asking how long a file is.
    Length,
    /// Deleting a file.
    Delete,
    /// Asking whether a file is there.
    Access,
    /// Mapping memory that connections share.
    Map,
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It fails, and nothing was done. Forcing to the disk loses some of what it should have written.
    Error,
    /// It fails half way.
    Half,
    /// It fails half way for want of room; there is room again for the next.
    Full,
    /// No file grows from here on.
    FullFromHere,
    /// It and every later call fail.
    ErrorFromHere,
    /// The process is killed in the middle of it: what was written is there.
    Kill,
    /// The power goes in the middle of it.
    Cut(Cut),
}

/// What a power cut leaves of what was not forced to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cut {
    /// Nothing.
    Nothing,
    /// Each write whole or not at all, by chance.
    Some(u64),
    /// Each piece of 512 bytes as it was, as it was to be, or as noise, by chance.
    Torn(u64),
}

/// One fault at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plan {
    /// Which call, counted from 0.
    pub at: usize,
    /// What it meets.
    pub fault: Fault,
}

impl Fault {
    /// Returns whether a call can meet this.
    pub fn fits(self, call: Call) -> bool {
        let changes = matches!(call, Call::Write | Call::Truncate | Call::Sync | Call::Delete);
        match self {
            Self::Error => true,
            Self::Half => matches!(call, Call::Read | Call::Write),
            Self::Full | Self::FullFromHere => call == Call::Write,
            Self::ErrorFromHere | Self::Kill | Self::Cut(_) => changes,
        }
    }

    /// Returns whether the store goes on in the same process and finds a sound disk afterwards.
    pub fn passes(self) -> bool {
        matches!(self, Self::Error | Self::Half | Self::Full)
    }

    /// Returns whether process or machine end.
    pub fn ends(self) -> bool {
        matches!(self, Self::Kill | Self::Cut(_))
    }
}

impl Cut {
    /// Returns what its chances are drawn from.
    pub(super) fn seed(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Some(seed) | Self::Torn(seed) => seed,
        }
    }

    /// Whether a file that was made is there although its folder was not forced to the disk.
    pub(super) fn keeps_new_names(self, chance: &mut Chance) -> bool {
        self != Self::Nothing && chance.below(2) == 0
    }

    /// Whether a file that was deleted is there again.
    pub(super) fn keeps_old_names(self, chance: &mut Chance) -> bool {
        self == Self::Nothing || chance.below(2) == 0
    }
}
