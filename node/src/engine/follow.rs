//! What an open page may be told: that something else would be shown by now, and nothing more.
//!
//! For staff alone. Of a family's page any change could tell one of them at which moment another said
//! something, or an address was protected. The gate is asked anew, as for a look, so nobody is told of
//! what is not for them. Nothing is shown, so no look is logged.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use stafett_protocol::access::person::{CaseTask, task};
use stafett_protocol::entry::Heads;
use stafett_protocol::id::{CaseId, EntryId, GenerationId};
use stafett_protocol::person::Reader;
use stafett_protocol::transaction::{EntryRecord, ProposalState};

use super::reading::Here;
use super::{Engine, EngineError};

/// Stands for what a person is shown of a case: another one, something else. Tells nothing of it:
/// the engine mixes in what it has drawn at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen(u64);

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Seen {
    /// Reads what [`Display`](std::fmt::Display) has written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_ours = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        u64::from_str_radix(text, 16).ok().filter(|_| is_ours).map(Self)
    }
}

/// What is known of a case beside its entries, before these are read.
pub(super) struct Beside(Sha256);

impl Beside {
    /// Adds the entries that are shown: which, in which generation, with which changes.
    pub(super) fn with<'a>(self, entries: impl Iterator<Item = (EntryId, GenerationId, &'a Heads)>) -> Seen {
        let mut hash = self.0;
        let ordered: BTreeMap<_, _> =
            entries.map(|(entry, generation, heads)| (entry, (generation, heads))).collect();
        for (entry, (generation, heads)) in ordered {
            hash.update(entry.as_bytes());
            hash.update(generation.as_bytes());
            for head in heads.iter() {
                hash.update(head.0);
            }
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (word, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        Seen(u64::from_be_bytes(*word))
    }
}

impl Engine {
    /// Returns what stands for what a person would be shown of a case now.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever would be shown nothing; others if it cannot be read.
    pub(crate) async fn shown_now(&self, reader: &Reader, case: CaseId) -> Result<Seen, EngineError> {
        let here = self.here(reader, case).await?;
        let beside = self.beside_entries(reader, case, &here).await?;
        let records = self.inner.store.whole_entries(case).await?;
        let is_shown = |record: &&EntryRecord| {
            self.may_read(reader, &here, record) && !self.is_known_damaged(case, record.facts.entry)
        };
        let shown = records.whole.iter().filter(is_shown);
        Ok(beside.with(shown.map(|record| (record.facts.entry, record.facts.generation, &record.heads))))
    }

    /// Reads what else of a case its page shows to somebody of the staff.
    ///
    /// # Errors
    /// As [`shown_now`](Self::shown_now).
    pub(super) async fn beside_entries(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
    ) -> Result<Beside, EngineError> {
        let mut hash = Sha256::new();
        hash.update(self.inner.salt);
        match here {
            Here::Own { ledger, assigned } => match task(reader, ledger, assigned, self.now()) {
                Ok(CaseTask::Stafettholder) => {
                    hash.update(ledger.length().to_be_bytes());
                    let consents = self.consent_views(reader, case).await?;
                    hash.update(serde_json::to_vec(&consents).unwrap_or_default());
                }
                Ok(CaseTask::Assigned) => {}
                Ok(CaseTask::Family) | Err(_) => return Err(EngineError::NotFound),
            },
            Here::Received { assigned, .. } if assigned.contains(&reader.account) => {
                let proposals = self.inner.store.proposals_in(case).await?.into_iter();
                for proposal in proposals.filter(|proposal| proposal.author == reader.account) {
                    hash.update(proposal.id.as_bytes());
                    hash.update([u8::from(proposal.state == ProposalState::Waiting)]);
                }
            }
            Here::Received { .. } => return Err(EngineError::NotFound),
        }
        Ok(Beside(hash))
    }
}
