//! Earlier generations of an entry, and what becomes of them.

use std::collections::BTreeSet;

use stafett_protocol::entry::{CheckedChange, Heads};
use stafett_protocol::id::{EntryId, GenerationId};
use stafett_protocol::limits::EARLIER_GENERATIONS_MAX;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::{CarriedTo, EarlierGeneration, Fault, GenerationWrite};

use super::{Kept, Store};

/// A generation that an entry has left and that is kept.
#[derive(Debug, Clone)]
pub struct KeptGeneration {
    /// Its id.
    pub generation: GenerationId,
    /// Its changes, parents first.
    pub changes: Vec<CheckedChange>,
    /// How far it stands in the next one.
    pub carried: CarriedTo,
    /// Whether the owner takes no more of it.
    pub is_refused: bool,
}

fn heads_of(changes: &[CheckedChange]) -> Heads {
    let parents: BTreeSet<_> = changes.iter().flat_map(|change| change.change().deps.clone()).collect();
    Heads::new(changes.iter().map(CheckedChange::hash).filter(|hash| !parents.contains(hash)).collect())
}

impl Store {
    pub(super) fn earlier_content(&self, kept: &Kept) -> Vec<EarlierGeneration> {
        let earlier = kept.earlier.iter().map(|one| EarlierGeneration {
            generation: one.generation,
            heads: heads_of(&one.changes),
            changes: one.changes.clone(),
            carried: one.carried.clone(),
            is_refused: one.is_refused,
            held_by: self.holders(kept, one.generation),
        });
        earlier.collect()
    }

    pub(super) fn earlier_on_link(
        &self,
        partner: OrganisationNumber,
        entry: EntryId,
    ) -> BTreeSet<GenerationId> {
        let Some(kept) = self.entries.get(&entry) else { return BTreeSet::new() };
        let concerns =
            |generation| kept.record.owner != self.own || self.holders(kept, generation).contains(&partner);
        let open = kept.earlier.iter().filter(|one| !one.is_refused);
        open.map(|one| one.generation).filter(|generation| concerns(*generation)).collect()
    }

    /// Partners that may hold a generation of an own entry.
    fn holders(&self, kept: &Kept, generation: GenerationId) -> BTreeSet<OrganisationNumber> {
        if kept.record.owner != self.own {
            return BTreeSet::new();
        }
        let entry = kept.record.facts.entry;
        let since = |partner| self.erased_there.get(&(partner, entry)).copied().unwrap_or(0);
        let rows = self.rows.iter().enumerate().filter(|(place, row)| {
            row.entry == entry
                && row.generation == generation
                && !self.unsent.contains(&row.id)
                && *place >= since(row.partner)
        });
        let began = self.begun.iter().filter(|(_, begun, of)| (*begun, *of) == (entry, generation));
        let all = rows.map(|(_, row)| row.partner).chain(began.map(|(partner, ..)| *partner));
        all.filter(|partner| !self.let_go.contains(&(*partner, entry, generation))).collect()
    }

    pub(super) fn check_generation(&self, write: &GenerationWrite) -> Result<(), Fault> {
        let earlier = |entry: &EntryId, generation: &GenerationId| {
            let kept = self.entries.get(entry);
            kept.and_then(|kept| kept.earlier.iter().find(|one| one.generation == *generation))
        };
        match write {
            GenerationWrite::Leave { entry, generation, heads, .. } => {
                let kept = self.entries.get(entry).ok_or(Fault::OtherGeneration)?;
                if kept.record.facts.generation != *generation {
                    return Err(Fault::OtherGeneration);
                }
                if kept.record.heads != *heads { Err(Fault::Moved) } else { Ok(()) }
            }
            GenerationWrite::LateChange { entry, generation, change, origin, .. } => {
                earlier(entry, generation).ok_or(Fault::OtherGeneration)?;
                let owner = self.entries[entry].actors.get(&change.change().actor);
                if owner.is_some_and(|owner| owner != origin) { Err(Fault::AlienActor) } else { Ok(()) }
            }
            GenerationWrite::Carry { entry, generation, was, .. } => {
                let one = earlier(entry, generation).ok_or(Fault::OtherGeneration)?;
                if one.carried.heads != *was { Err(Fault::Moved) } else { Ok(()) }
            }
            GenerationWrite::Forget { entry, generation, heads } => match earlier(entry, generation) {
                Some(one) if heads_of(&one.changes) != *heads => Err(Fault::Moved),
                _ => Ok(()),
            },
            GenerationWrite::Refuse { .. } | GenerationWrite::LetGo { .. } => Ok(()),
        }
    }

    pub(super) fn apply_generation(&mut self, write: GenerationWrite, touched: &mut BTreeSet<EntryId>) {
        match write {
            GenerationWrite::Leave { entry, generation, keep, .. } => {
                let kept = self.entries.get_mut(&entry).expect("checked before");
                let changes = kept.changes.clone();
                kept.earlier.extend(keep.map(|carried| KeptGeneration {
                    generation,
                    changes,
                    carried,
                    is_refused: false,
                }));
                self.prune(entry);
            }
            GenerationWrite::LateChange { entry, generation, change, origin, .. } => {
                touched.insert(entry);
                let kept = self.entries.get_mut(&entry).expect("checked before");
                kept.actors.entry(change.change().actor).or_insert(origin);
                let one = kept.earlier.iter_mut().find(|one| one.generation == generation);
                let one = one.expect("checked before");
                if !one.changes.iter().any(|known| known.hash() == change.hash()) {
                    one.changes.push(change);
                }
            }
            GenerationWrite::Carry { entry, generation, now, .. } => {
                touched.insert(entry);
                self.earlier_mut(entry, generation).expect("checked before").carried = now;
            }
            GenerationWrite::Refuse { entry, generation } => {
                if let Some(one) = self.earlier_mut(entry, generation) {
                    one.is_refused = true;
                }
            }
            GenerationWrite::Forget { entry, generation, .. } => {
                if let Some(kept) = self.entries.get_mut(&entry) {
                    kept.earlier.retain(|one| one.generation != generation);
                }
            }
            GenerationWrite::LetGo { partner, entry, generation } => {
                self.let_go.insert((partner, entry, generation));
                self.prune(entry);
            }
        }
    }

    fn earlier_mut(&mut self, entry: EntryId, generation: GenerationId) -> Option<&mut KeptGeneration> {
        let kept = self.entries.get_mut(&entry)?;
        kept.earlier.iter_mut().find(|one| one.generation == generation)
    }

    /// Drops what an own entry need not keep, from the oldest on.
    pub(super) fn prune(&mut self, entry: EntryId) {
        loop {
            let Some(kept) = self.entries.get(&entry).filter(|kept| kept.record.owner == self.own) else {
                return;
            };
            let Some(oldest) = kept.earlier.first() else { return };
            let is_over = kept.earlier.len() > EARLIER_GENERATIONS_MAX;
            if !is_over && !self.holders(kept, oldest.generation).is_empty() {
                return;
            }
            let gone = self.entries.get_mut(&entry).expect("there").earlier.remove(0).generation;
            self.acknowledged.retain(|(_, of, generation), _| (*of, *generation) != (entry, gone));
        }
    }
}
