//! What an open page may be told: that something else would be shown by now, and nothing more.
//!
//! For staff alone. Of a family's page any change could tell one of them at which moment another said
//! something, or an address was protected. The gate is asked anew, as for a look, so nobody is told of
//! what is not for them. Nothing is shown, so no look is logged.

use sha2::{Digest, Sha256};
use stafett_protocol::access::person::{CaseTask, task};
use stafett_protocol::id::CaseId;
use stafett_protocol::person::Reader;
use stafett_protocol::transaction::ProposalState;

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

/// Whose page it is.
enum Of {
    /// The stafettholder's, whose chain has so many statements.
    Holder { statements: u64 },
    /// Somebody's who works with the case at its owner.
    Colleague,
    /// Somebody's who works with it in another municipality.
    Adviser,
}

impl Seen {
    /// Reads what [`Display`](std::fmt::Display) has written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_ours = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        u64::from_str_radix(text, 16).ok().filter(|_| is_ours).map(Self)
    }
}

impl Engine {
    /// Returns what stands for what a person would be shown of a case now.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever would be shown nothing; others if it cannot be read.
    pub(crate) async fn shown_now(&self, reader: &Reader, case: CaseId) -> Result<Seen, EngineError> {
        let here = self.here(reader, case).await?;
        let of = match &here {
            Here::Own { ledger, assigned } => match task(reader, ledger, assigned, self.now()) {
                Ok(CaseTask::Stafettholder) => Of::Holder { statements: ledger.length() },
                Ok(CaseTask::Assigned) => Of::Colleague,
                Ok(CaseTask::Family) | Err(_) => return Err(EngineError::NotFound),
            },
            Here::Received { assigned, .. } if assigned.contains(&reader.account) => Of::Adviser,
            Here::Received { .. } => return Err(EngineError::NotFound),
        };
        let mut hash = Sha256::new();
        hash.update(self.inner.salt);
        for record in self.inner.store.entries(case).await? {
            if self.may_read(reader, &here, &record) {
                hash.update(record.facts.entry.as_bytes());
                hash.update(record.facts.generation.as_bytes());
                for head in record.heads.iter() {
                    hash.update(head.0);
                }
            }
        }
        match of {
            Of::Holder { statements } => {
                hash.update(statements.to_be_bytes());
                let consents = self.consent_views(reader, case).await?;
                hash.update(serde_json::to_vec(&consents).unwrap_or_default());
            }
            Of::Colleague => {}
            Of::Adviser => {
                let proposals = self.inner.store.proposals_in(case).await?.into_iter();
                for proposal in proposals.filter(|proposal| proposal.author == reader.account) {
                    hash.update(proposal.id.as_bytes());
                    hash.update([u8::from(proposal.state == ProposalState::Waiting)]);
                }
            }
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (word, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        Ok(Seen(u64::from_be_bytes(*word)))
    }
}
