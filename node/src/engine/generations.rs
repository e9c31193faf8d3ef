//! New generations (law 7): an entry with a history goes on, once it has been quiet, with nothing but
//! its present value. Who reads it makes no difference. The old generation is kept for as long as a
//! partner may still send what it wrote there.

use stafett_protocol::entry::generation::cut;
use stafett_protocol::entry::{Actor, Heads, SchemaVersion};
use stafett_protocol::id::{EntryId, GenerationId};
use stafett_protocol::limits::{GENERATION_CHANGES_MAX, GENERATION_QUIET_MS};
use stafett_protocol::time::{SECOND, UnixMillis};
use stafett_protocol::transaction::{CarriedTo, Fault, GenerationWrite, Transaction, Write};

use super::reading::open;
use super::{Engine, EngineError};
use crate::clock::random;

impl Engine {
    /// Starts new generations where they are due. An entry that cannot go on stops no other.
    pub(super) async fn start_generations(&self) -> Result<(), EngineError> {
        let shorter = self.inner.config.development.generation_quiet_s;
        let quiet = shorter.map_or(GENERATION_QUIET_MS, |seconds| seconds.saturating_mul(SECOND));
        let quiet_since = UnixMillis(self.now().0.saturating_sub(quiet));
        let changes_max = u32::try_from(GENERATION_CHANGES_MAX).unwrap_or(u32::MAX);
        for entry in self.inner.store.entries_with_history(quiet_since, changes_max).await? {
            let _turn = self.inner.commands.lock().await;
            if let Err(error) = self.start_generation(entry).await {
                tracing::error!(%entry, %error, "a new generation of an entry could not be started");
            }
        }
        Ok(())
    }

    async fn start_generation(&self, entry: EntryId) -> Result<(), EngineError> {
        let Some(content) = self.inner.store.content(entry).await? else { return Ok(()) };
        // A field in conflict, or a text that is not normalized, waits for somebody to edit it.
        let Ok((document, genesis)) = cut(&open(&content)?, Actor(random())) else { return Ok(()) };
        let mut next = content.record;
        let leave = GenerationWrite::Leave {
            entry,
            generation: next.facts.generation,
            heads: next.heads.clone(),
            keep: Some(CarriedTo { heads: next.heads.clone(), onto: Heads::from(genesis.hash()) }),
        };
        next.facts.generation = GenerationId::from_random(random());
        next.facts.changes = 1;
        next.schema = SchemaVersion::CURRENT;
        next.genesis = genesis.hash();
        next.heads = document.heads();
        let change = Write::Change {
            entry: next.facts.entry,
            generation: next.facts.generation,
            change: genesis,
            origin: self.inner.own,
            at: self.now(),
        };
        let writes = vec![Write::Generation(leave), Write::Entry(next), change];
        match self.inner.store.commit(Transaction::of(writes)).await {
            Ok(committed) => self.tell_entries(&committed.records),
            // A partner's change came in between: the entry is not quiet yet.
            Err(Fault::Moved | Fault::OtherGeneration) => {}
            Err(fault) => return Err(fault.into()),
        }
        Ok(())
    }
}
