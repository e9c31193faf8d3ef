//! Generations that an entry has left and that are kept for a while (law 7): at its owner, because
//! a partner may still send changes of them; at a partner, because changes that were made there
//! are not in the next one yet.

use std::collections::BTreeSet;

use crate::entry::Heads;
use crate::entry::check::CheckedChange;
use crate::id::{EntryId, GenerationId};
use crate::municipality::OrganisationNumber;
use crate::time::UnixMillis;

/// How far a generation stands in the one that followed it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CarriedTo {
    /// Changes of the generation; they and what is behind them stand in the next one.
    pub heads: Heads,
    /// Heads of the next generation that hold exactly that. Empty at a partner, which carries
    /// nothing.
    pub onto: Heads,
}

/// An earlier generation of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierGeneration {
    /// Its id.
    pub generation: GenerationId,
    /// Its latest changes, those that came after it was left included.
    pub heads: Heads,
    /// Its changes, parents first.
    pub changes: Vec<CheckedChange>,
    /// How far it stands in the generation that followed it.
    pub carried: CarriedTo,
    /// At a partner: whether the owner has said that it takes no more of it.
    pub is_refused: bool,
    /// At the owner: the partners that may hold it, by disclosures that were not marked unsent or
    /// by their own proposal, and that have not let go of it. Empty at a partner.
    pub held_by: BTreeSet<OrganisationNumber>,
}

/// One thing to keep about an entry's generations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GenerationWrite {
    /// An entry leaves its present generation; the next one follows in the same transaction.
    Leave {
        /// The entry.
        entry: EntryId,
        /// The generation that it leaves.
        generation: GenerationId,
        /// The heads that the generation must have: with others it is a fault, because a change
        /// that came in between would be lost.
        heads: Heads,
        /// What to remember of it if it is kept; none erases it. An owner's store also erases it
        /// if no partner may hold it and no older one is kept.
        keep: Option<CarriedTo>,
    },
    /// A change of an earlier generation that is kept. Repeating one changes nothing.
    LateChange {
        /// The entry.
        entry: EntryId,
        /// The earlier generation.
        generation: GenerationId,
        /// The change, checked.
        change: CheckedChange,
        /// On whose link it came, or this node's organisation.
        origin: OrganisationNumber,
        /// When.
        at: UnixMillis,
    },
    /// More of an earlier generation stands in the one that followed it.
    Carry {
        /// The entry.
        entry: EntryId,
        /// The earlier generation.
        generation: GenerationId,
        /// What stood there before: with anything else it is a fault, because late edits would be
        /// carried twice.
        was: Heads,
        /// What stands there from here on.
        now: CarriedTo,
    },
    /// The owner takes no more changes of an earlier generation: they wait for somebody here.
    Refuse {
        /// The entry.
        entry: EntryId,
        /// The earlier generation.
        generation: GenerationId,
    },
    /// An earlier generation is erased: all that was made in it stands in the present one, or was
    /// written there again.
    Forget {
        /// The entry.
        entry: EntryId,
        /// The earlier generation.
        generation: GenerationId,
        /// The heads that it must have: with others it is a fault.
        heads: Heads,
    },
    /// A partner no longer holds an earlier generation. An owner's store erases it when nobody
    /// does and no older one is kept.
    LetGo {
        /// Which partner.
        partner: OrganisationNumber,
        /// The entry.
        entry: EntryId,
        /// The earlier generation.
        generation: GenerationId,
    },
}
