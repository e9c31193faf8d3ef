//! The seal (laws 16 and 17): why a node sends nothing and shows nothing of others, and what its
//! operator does next. The reasons live as long as their causes: in the store, the journal and the
//! clock, not here.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use super::{Engine, EngineError};
use crate::store::{Store, StoreError};

/// Why something is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SealReason {
    /// The clock jumped. First, because nothing is done again on a clock that may be wrong.
    Clock,
    /// The journal says more than the store: the store was restored from a backup.
    BehindJournal,
    /// The journal is lost, broken or another store's.
    JournalLost,
    /// A partner showed a later statement of this node's than the store has: store and journal
    /// were restored together.
    ShownByPartner,
    /// This node was restored, and has not compared with this one partner since.
    NotCompared,
}

impl SealReason {
    /// What it means to whoever asks for something, and what has to be done.
    pub fn words(self) -> &'static str {
        match self {
            Self::BehindJournal => {
                "the node was restored from a backup and is sealed: nothing is shared, and nothing of \
                 other municipalities is shown, until its operator has run `stafett seal replay`"
            }
            Self::JournalLost => {
                "the node's journal is lost or broken and the node is sealed: nothing is shared, and \
                 nothing of other municipalities is shown, until its operator has put the journal back \
                 or run `stafett seal reconfirm`"
            }
            Self::ShownByPartner => {
                "a partner knows later statements of this node than the node itself, so the node was \
                 restored from a backup and is sealed: nothing is shared, and nothing of other \
                 municipalities is shown, until its operator has run `stafett seal reconfirm`"
            }
            Self::Clock => {
                "the node's clock jumped and the node is sealed: nothing is shared, and nothing of other \
                 municipalities is shown, until its operator has looked at `stafett clock status`"
            }
            Self::NotCompared => {
                "the node was restored from a backup, and what came from this municipality is shown again \
                 when the two nodes have been connected and have compared what they hold"
            }
        }
    }

    /// The command that the operator runs next.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::BehindJournal => "stafett seal replay",
            Self::JournalLost | Self::ShownByPartner => "stafett seal reconfirm",
            Self::Clock => "stafett clock status",
            Self::NotCompared => "stafett check",
        }
    }

    /// The reasons that stand in a store and its journal.
    pub(super) async fn of_store(store: &Store) -> Result<BTreeSet<Self>, StoreError> {
        let mut reasons = BTreeSet::new();
        if store.journal_fault().is_some() {
            reasons.insert(Self::JournalLost);
        } else if store.is_behind_journal() {
            reasons.insert(Self::BehindJournal);
        }
        if store.was_shown_above().await? {
            reasons.insert(Self::ShownByPartner);
        }
        if store.clock_jump().await?.is_some() {
            reasons.insert(Self::Clock);
        }
        Ok(reasons)
    }
}

impl Engine {
    /// Why the node is sealed; nothing if it is not.
    pub fn seals(&self) -> BTreeSet<SealReason> {
        self.inner.seals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_sealed(&self) -> bool {
        !self.inner.seals.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// # Errors
    /// [`EngineError::Sealed`] with the first reason.
    pub(super) fn must_not_be_sealed(&self) -> Result<(), EngineError> {
        self.seals().first().map_or(Ok(()), |reason| Err(EngineError::Sealed(*reason)))
    }

    /// Nothing of others is shown by a sealed node, nor by one that was restored before the two
    /// have compared what they hold.
    ///
    /// # Errors
    /// [`EngineError::Sealed`] with the reason.
    pub(super) fn must_show(&self, owner: OrganisationNumber) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let in_doubt = self.link(owner).map_or_else(|| self.has_doubts(), |link| link.in_doubt);
        if in_doubt { Err(EngineError::Sealed(SealReason::NotCompared)) } else { Ok(()) }
    }

    /// A family reads nothing on a sealed node: who belongs to it, and where the threat is, may have
    /// changed since the backup or by a clock that is wrong. It is told so before any case is
    /// looked for.
    ///
    /// # Errors
    /// [`EngineError::Sealed`] with the first reason.
    pub(super) fn family_must_wait(&self, reader: &Reader) -> Result<(), EngineError> {
        if matches!(reader.role, Role::Guardian | Role::Subject) { self.must_not_be_sealed() } else { Ok(()) }
    }

    /// The moment of a word that somebody says: while the clock is in doubt, the last that it is
    /// known to have reached, so that no word lies ahead when the clock is right again.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(super) async fn word_at(&self) -> Result<UnixMillis, EngineError> {
        if self.seals().contains(&SealReason::Clock)
            && let Some(mark) = self.inner.store.high_water_mark().await?
        {
            return Ok(mark);
        }
        Ok(self.now())
    }

    fn has_doubts(&self) -> bool {
        self.inner.in_doubt_since.load(std::sync::atomic::Ordering::Relaxed) > 0
    }

    /// Seals the node: what is under way is dropped and every link is closed.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read; the node is sealed all the same.
    pub async fn seal(&self, reason: SealReason) -> Result<(), EngineError> {
        let is_new = self.inner.seals.lock().unwrap_or_else(PoisonError::into_inner).insert(reason);
        if is_new {
            tracing::error!(?reason, next = reason.next_step(), "the node is sealed: {}", reason.words());
        }
        self.refresh_standings(None).await
    }

    /// Takes reasons away. When none is left, the links start again from what the store holds, and
    /// every case is looked at.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub async fn unseal(&self, reasons: &[SealReason]) -> Result<(), EngineError> {
        {
            let mut seals = self.inner.seals.lock().unwrap_or_else(PoisonError::into_inner);
            seals.retain(|reason| !reasons.contains(reason));
        }
        if self.is_sealed() {
            return Ok(());
        }
        tracing::warn!("the node is no longer sealed");
        {
            let _turn = self.inner.commands.lock().await;
            self.restart_sessions(|_| true).await?;
        }
        self.sweep().await
    }
}
