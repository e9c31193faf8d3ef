//! New generations (law 7): an entry whose history would travel waits until it has been quiet, and
//! then starts again with nothing but its present value. An entry that a partner holds is left as
//! it is, because the partner may be writing on it.

use stafett_protocol::entry::generation::cut;
use stafett_protocol::entry::{Actor, SchemaVersion};
use stafett_protocol::id::{EntryId, GenerationId};
use stafett_protocol::limits::{GENERATION_CHANGES_MAX, GENERATION_QUIET_MS};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{Transaction, Write};

use super::reading::open;
use super::{Engine, EngineError};
use crate::clock::random;

impl Engine {
    /// Starts new generations where they are due.
    pub(super) async fn start_generations(&self) -> Result<(), EngineError> {
        let quiet_since = UnixMillis(self.now().0.saturating_sub(GENERATION_QUIET_MS));
        let changes_max = u32::try_from(GENERATION_CHANGES_MAX).unwrap_or(u32::MAX);
        for entry in self.inner.store.entries_with_history(quiet_since, changes_max).await? {
            let _turn = self.inner.commands.lock().await;
            self.start_generation(entry).await?;
        }
        Ok(())
    }

    async fn start_generation(&self, entry: EntryId) -> Result<(), EngineError> {
        let Some(content) = self.inner.store.content(entry).await? else { return Ok(()) };
        // A field in conflict, or a text that is not normalized, waits for somebody to edit it.
        let Ok((document, genesis)) = cut(&open(&content)?, Actor(random())) else { return Ok(()) };
        let mut next = content.record;
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
        let committed = self.inner.store.commit(Transaction::of(vec![Write::Entry(next), change])).await?;
        self.tell_entries(&committed.records);
        Ok(())
    }
}
