//! A case on paper: the same gate and the same row in the access log as a look at the screen.

use std::collections::BTreeMap;

use stafett_config::Language;
use stafett_protocol::consent::{Consent, ConsentRecord};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::municipality::{AreaCode, Service};
use stafett_protocol::person::Reader;
use stafett_protocol::time::UnixMillis;

use super::answer::CaseView;
use super::known_readers::KnownReaders;
use super::reading::Here;
use super::{Engine, EngineError};
use crate::words::Namer;

/// What a person may put on paper of a case.
pub struct CasePrint {
    /// The case as the person may see it.
    pub view: CaseView,
    /// The stafettholder's name, at the owner.
    pub holder: Option<String>,
    /// The consents in force, for the stafettholder; none for others.
    pub consents: Vec<Consent>,
    /// For whom somebody of the family opens each entry; nothing for others.
    pub(crate) readers: BTreeMap<EntryId, KnownReaders>,
    /// When it was printed.
    pub printed_at: UnixMillis,
}

impl Engine {
    /// Returns what a person may read of a case, for paper. That it was printed is in the access
    /// log before.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a task in the case, whether it exists or not;
    /// [`EngineError::NotAllowed`] for a service's leader, who reads nothing of it.
    pub async fn print_case(&self, reader: &Reader, case: CaseId) -> Result<CasePrint, EngineError> {
        let view = self.look_at_case(reader, case, "print").await?;
        if view.summary.inbox.is_some() {
            return Err(EngineError::NotAllowed);
        }
        let holder = view.baton.as_ref().and_then(|baton| self.holder_called(baton));
        let consents = self.consents_in_force(reader, case).await?;
        let readers = match view.summary.task.as_str() {
            "family" => self.known_readers_by_word(reader, case, &view.entries).await?,
            _ => BTreeMap::new(),
        };
        Ok(CasePrint { view, holder, consents, readers, printed_at: self.now() })
    }

    async fn consents_in_force(&self, reader: &Reader, case: CaseId) -> Result<Vec<Consent>, EngineError> {
        let Here::Own { ledger, .. } = self.here(reader, case).await? else { return Ok(Vec::new()) };
        if !ledger.baton().is_held_by(reader.account) {
            return Ok(Vec::new());
        }
        let now = self.now();
        let in_force = ledger.consents().values().filter(|record| ledger.status(record, now).counts());
        // What was taken back since stands on no paper.
        let as_it_stands =
            |record: &ConsentRecord| Consent { areas: record.areas().clone(), ..record.consent().clone() };
        Ok(in_force.map(as_it_stands).collect())
    }
}

impl Namer for Engine {
    fn area(&self, area: &AreaCode, language: Language) -> String {
        let known = self.inner.config.area(area);
        known.map_or_else(|| area.to_string(), |known| known.names.in_language(language).to_owned())
    }

    /// A partner's services have names in bokmål only.
    fn service(&self, service: &Service, language: Language) -> String {
        if service.host == self.inner.own
            && let Some(own) = self.inner.config.service(&service.code)
        {
            return own.names.in_language(language).to_owned();
        }
        self.service_name(service)
    }
}
