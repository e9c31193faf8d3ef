//! Who of the family wrote an entry, for the stafettholder alone, and on no paper. A partner gets no
//! author, and of one guardian's writing another is told no more than what it says.

use stafett_protocol::case::PrivateCaseDocument;
use stafett_protocol::id::CaseId;
use stafett_protocol::person::Reader;
use stafett_protocol::transaction::EntryRecord;

use super::answer::AuthorItem;
use super::reading::Here;
use super::{Engine, EngineError};

/// The family of a case, to tell who of it wrote an entry.
pub(super) struct Authors<'a> {
    engine: &'a Engine,
    /// None for whoever is not told.
    family: Option<PrivateCaseDocument>,
}

impl Authors<'_> {
    /// Who of the family wrote it; none if it was a service, and for whoever is not told.
    pub(super) fn of(&self, record: &EntryRecord) -> Option<AuthorItem> {
        let family = self.family.as_ref().filter(|_| record.facts.written_by.is_none())?.view();
        let person = self.engine.people().get(record.author?)?.person?;
        let (name, relation) = if family.subject.person == person {
            (&family.subject.name, "subject")
        } else {
            let guardian = family.guardian(person)?;
            (&guardian.name, guardian.relation.as_str())
        };
        Some(AuthorItem { person, name: name.clone(), relation: relation.to_owned() })
    }
}

impl Engine {
    /// What tells the stafettholder of an own case who of its family wrote, and others nothing.
    pub(super) async fn authors_for(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
    ) -> Result<Authors<'_>, EngineError> {
        let family = match here {
            Here::Own { ledger, .. } if ledger.baton().is_held_by(reader.account) => {
                self.private_case(case).await?
            }
            Here::Own { .. } | Here::Received { .. } => None,
        };
        Ok(Authors { engine: self, family })
    }
}
