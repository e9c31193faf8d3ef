//! Interesting states: a campaign that never comes to one of them has shown nothing about it.

/// Declares the states with their names.
macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+ => $($fault:literal,)+) => {
        /// Something that a run came to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum State {
            $($(#[$doc])* $name,)+
            /// A fault befell it, or a lie was told.
            Befell(&'static str),
        }

        impl State {
            /// Every state.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+ $(Self::Befell($fault),)+];

            /// Its name in reports.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                    Self::Befell(fault) => fault,
                }
            }
        }
    };
}

states! {
    /// A consent was withdrawn while frames waited for the transport.
    WithdrawnWithFramesQueued = "withdrawn with frames queued";
    /// A consent was withdrawn while frames of its case were on the way.
    WithdrawnInFlight = "withdrawn with frames in flight";
    /// A consent was withdrawn while the link was down.
    WithdrawnWhileCut = "withdrawn while the link was down";
    /// A consent was withdrawn at a node whose disk was full.
    WithdrawnOnFullDisk = "withdrawn on a full disk";
    /// A consent was withdrawn between a grant's note and its frame.
    EndedWithoutAnOrder = "ended without an order";
    /// A consent was given while the link was down.
    WidenedWhileCut = "widened while the link was down";
    /// A consent was narrowed by an area.
    Narrowed = "narrowed by an area";
    /// An entry was closed to a service that had it.
    ExceptedWhereHeld = "closed to a service that had it";
    /// A newer version took the place of a consent.
    Replaced = "replaced by a newer version";
    /// A consent ended by its time while the link was down.
    ExpiredWhileCut = "expired while the link was down";
    /// A consent ended by its time while the link was up.
    ExpiredWhileLive = "expired while the link was up";
    /// A consent paused at a birthday.
    PausedAtBirthday = "paused at a birthday";
    /// A consent paused because the guardians are others.
    PausedByCustody = "paused by a change of guardians";
    /// A no stood against a consent.
    Refused = "refused by a giver";
    /// Somebody's yes to what is about that person opened an entry.
    AboutGuardianSent = "an entry about a guardian went out";
    /// What is about a person was taken back.
    AboutTakenBack = "what is about a guardian was taken back";
    /// The address was protected while frames were under way.
    ProtectedInTransfer = "protected in mid-transfer";
    /// The strict protection was lifted again.
    ProtectionLifted = "protection lifted";
    /// Something went out under a confidential address.
    ConfidentialApproved = "approved under a confidential address";
    /// A card went out.
    CardSent = "a case card went out";
    /// An agreement ended while something was shared.
    AgreementEnded = "agreement ended while sharing";
    /// An agreement was narrowed while something was shared.
    AgreementNarrowed = "agreement narrowed while sharing";
    /// A partner was revoked while something was shared.
    Revoked = "partner revoked while sharing";
    /// An order was handed over a second time.
    OrderRepeated = "order repeated";
    /// A receipt was handed over a second time.
    ReceiptRepeated = "receipt repeated";
    /// A receipt was filed after its owner or partner had stopped in between.
    ReceiptAfterRestart = "receipt after a restart";
    /// A receipt said that something is kept for another service.
    KeptForAnotherService = "kept for another service";
    /// A receipt said that own writing is locked.
    OwnWritingLocked = "own writing locked";
    /// A locked entry was shared again.
    SharedAgain = "shared again after erasure";
    /// Undelivered writing went back to its author.
    WritingReturned = "undelivered writing returned";
    /// A proposal became an entry.
    ProposalTaken = "proposal taken";
    /// A proposal went back to its author.
    ProposalReturned = "proposal returned";
    /// A late edit was carried over.
    LateEditCarried = "late edit carried";
    /// A partner let an earlier generation go.
    LetGo = "earlier generation let go";
    /// A partner and its owner wrote at once.
    Concurrent = "written on both sides at once";
    /// Two values of one field stood side by side.
    Conflict = "values in conflict";
    /// An entry waited because its history would travel.
    HistoryHeldBack = "history held back";
    /// A relation went out.
    RelationSent = "relation sent";
    /// A comparison found a difference.
    DifferenceFound = "comparison found a difference";
    /// A connection was lost with frames under way.
    ConnectionLost = "connection lost";
    /// Nothing got through one way.
    OneWay = "partition one way";
    /// A node stopped between two effects.
    StoppedBetweenEffects = "stopped between two effects";
    /// Commits were lost in a stop.
    CommitsLost = "commits lost in a stop";
    /// A part of the commits under way was there after a stop.
    CommitsTorn = "some commits torn in a stop";
    /// A row was marked unsent.
    RowUnsent = "row marked unsent";
    /// A session's commit failed.
    CommitFailed = "a session's commit failed";
    /// A node was restored and sealed by its journal.
    RestoredAndSealed = "restored and sealed by its journal";
    /// A node was restored with its journal, and a partner told it.
    RestoredAndTold = "restored with its journal and told by a partner";
    /// A restored node compared with a partner.
    Compared = "compared after a restore";
    /// A consent in doubt was reconfirmed.
    Reconfirmed = "consent reconfirmed";
    /// A clock jumped, and the node was sealed.
    ClockJumped = "clock jumped";
    /// A key was rotated while something was shared.
    KeyRotated = "key rotated";
    /// A node did not understand a kind of frame.
    NotUnderstood = "kind not understood";
    /// A receipt was overdue.
    ReceiptOverdue = "receipt overdue";
    /// A lie was refused with a typed code.
    LieRefused = "lie refused";
    /// A liar's connection was closed.
    LiarClosed = "liar's connection closed";
    /// A liar's receipt was believed, as receipts are.
    LyingReceiptFiled = "lying receipt filed";
    /// A service's answer is with its owner.
    Answered = "service's answer known to the owner";
    /// Something was shared anew after a restore.
    SharedAfterRestore = "shared after a restore";
    /// The baton went over.
    BatonAccepted = "baton accepted";
    /// A case was closed while something of it was shared.
    CaseClosed = "case closed while shared";
    /// A stafettholder's account was closed, and a leader acts.
    BatonFell = "holder's account closed";
    /// A stafettholder's account was closed while the baton was offered.
    BatonFellWhileOffered = "holder's account closed during an offer";
    /// A baton was not taken by whom it was not offered to.
    BatonRefused = "baton refused to another";
    /// A node had more than one case of others.
    ManyOwners = "entries of several owners at one node";
    /// Five nodes or more.
    ManyNodes = "five nodes or more";

    // Faults and lies.
    =>
    "link cut",
    "connection lost",
    "partition one way",
    "transport stalled",
    "frame late",
    "node restarted",
    "stopped between effects",
    "commit failed",
    "disk full",
    "one write failed",
    "restored with its journal kept",
    "restored with its journal",
    "restore shown by a partner",
    "compared after a restore",
    "clock set ahead",
    "clock set back",
    "key rotated",
    "time skipped",
    "lie: frame cut short",
    "lie: wrong stream",
    "lie: transplant",
    "lie: left generation",
    "lie: foreign actor",
    "lie: gap",
    "lie: flood",
    "lie: lying receipt",
    "lie: forged receipt",
    "lie: wrong receipt",
    "lie: sent again",
    "lie: asks again and again",
    "lie: forged mark",
    "lie: foreign grant",
    "lie: forged grant",
    "lie: foreign order",
    "lie: forged order",
    "lie: proposes without a grant",
    "lie: foreign relation",
    "lie: acknowledges what it lacks",
    "lie: refuses everything",
    "lie: knows nothing",
    "lie: writes as a reader",
    "lie: broken changes",
    "lie: greets again",
    "lie: false comparison",
    "lie: false carrying",
    "lie: false holding",
    "lie: forged answer",
    "lie: one number twice",
    "lie: unknown dependency",
    "lie: first operation 1",
    "lie: last first operation",
    "lie: alien pred",
    "lie: foreign object",
    "lie: run of three million",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::operation::Lie;

    #[test]
    fn every_lie_is_one_of_the_states() {
        for lie in Lie::ALL {
            assert!(State::ALL.contains(&State::Befell(lie.name())), "{}", lie.name());
        }
    }
}
