//! What the municipality says that may take an own case.

use stafett_protocol::decision::Decision;
use stafett_protocol::id::SuccessionId;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::succession::hearing::LeavingHeard;
use stafett_protocol::succession::record::LeavingRecord;
use stafett_protocol::transaction::Write;

use crate::engine::{Engine, EngineError};

impl Engine {
    /// Takes in what a partner says of a move of an own case.
    pub(crate) async fn hear_leaving(&self, partner: OrganisationNumber, heard: LeavingHeard) {
        let succession = heard.succession();
        match self.take_in_leaving(partner, &heard).await {
            Ok(()) => tracing::info!(%partner, %succession, "the other side of a move has answered"),
            Err(error) => self.not_kept(partner, succession, &error),
        }
    }

    async fn take_in_leaving(
        &self,
        partner: OrganisationNumber,
        heard: &LeavingHeard,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let record = self.inner.store.move_out(heard.succession()).await?.ok_or(EngineError::NotFound)?;
        let ledger = self.ledger(record.case).await?;
        let mut decision = Decision::about((*ledger).clone(), None, self.now());
        decision.hear_of_move(partner, heard, &self.inner.signing)?;
        let record = match heard {
            LeavingHeard::Answer(answer) => {
                LeavingRecord { answer: Some(answer.token().to_owned()), ..record }
            }
            _ => record,
        };
        let case = record.case;
        self.conclude(decision, vec![Write::Leaving(Box::new(record))], Vec::new()).await?;
        if let Err(error) = self.pack_what_waits(case).await {
            tracing::warn!(%case, %error, "no package could be made: the stafettholder can make it");
        }
        Ok(())
    }

    /// Reads a part of a package for a session, which asks the gate once more before it leaves.
    pub(in crate::engine) async fn read_part(
        &self,
        partner: OrganisationNumber,
        succession: SuccessionId,
        revision: u32,
        index: u32,
    ) {
        let bytes = match self.inner.store.package_part(succession, revision, index).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%partner, %succession, %error, "a part of a package cannot be read");
                None
            }
        };
        if let Some(link) = self.link(partner) {
            link.tell(Input::PartRead { succession, revision, index, bytes });
        }
    }
}
