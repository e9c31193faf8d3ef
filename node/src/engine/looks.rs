//! Who has looked at a case: the access log in words that tell no more than its reader may know.
//!
//! A look is told by who, in which role and service, when, and at what sort of thing. Which entry
//! it was is not told, so that the list says nothing of entries that its reader may not read; what
//! a leader looked at, and looks at the family and at whatever is about its protection, have the
//! same word as any reading. Looks of others in the family are left out: when one of them answered
//! a question is that person's own affair. What the duty to report asks of anybody is in no log.

use stafett_protocol::access::person::CaseTask;
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::municipality::{AreaCode, ServiceCode};
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::UnixMillis;

use super::emergency::EMERGENCY;
use super::{Engine, EngineError};
use crate::store::AccessRow;

/// The reason that stands in the log for whoever has a task in the case.
const TASK: &str = "task";

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// The stafettlogg, or something in it.
    Log,
    /// It was put on paper.
    Print,
    /// Its consents.
    Consents,
    /// Who has the baton, or to whom it is offered.
    Baton,
    /// Where and when the child goes on within the municipality.
    Transition,
    /// How far a move to another municipality has come.
    Move,
    /// The file by which the case goes to a municipality without a node.
    Package,
    /// Who would read what somebody of the family was about to write about these areas.
    Preview {
        /// The areas.
        areas: Vec<AreaCode>,
    },
}

/// How the access log calls a preview; the codes of its areas follow.
pub(super) const PREVIEW: &str = "preview of writing";

/// For what reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A task in the case.
    Task,
    /// It was opened in an emergency. Why is told to those who look into it, not here.
    Emergency,
    /// Another one, in words; told to the data protection officer only.
    Other(Option<String>),
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Who; none if the person is not in the table of people any longer.
    pub name: Option<String>,
    /// Whether that is the person who asks.
    pub is_own: bool,
    /// In which role.
    pub role: Role,
    /// In which service of this node.
    pub service: Option<ServiceCode>,
    /// At what.
    pub what: Looked,
    /// Why.
    pub why: Reason,
    /// When.
    pub at: UnixMillis,
}

impl Engine {
    /// Returns who looked at a case, the newest first. That this was asked is
    /// in the access log too.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the family, the stafettholder and the data
    /// protection officer, whether the case exists or not; [`EngineError::NotAllowed`] for others
    /// who work with it.
    pub async fn looks(&self, reader: &Reader, case: CaseId) -> Result<Vec<Look>, EngineError> {
        let oversees = reader.role == Role::DataProtectionOfficer;
        if oversees {
            self.here(reader, case).await?;
        } else {
            let ledger = self.ledger(case).await?;
            if self.task_in(reader, &ledger).await? == CaseTask::Assigned {
                return Err(EngineError::NotAllowed);
            }
        }
        self.note(reader, Some(case), "looks".to_owned()).await?;
        let rows = self.inner.store.access_log(case).await?;
        let people = self.people();
        let name = |account: AccountId| people.get(account).map(|person| person.name.clone());
        let is_told = |row: &&AccessRow| {
            let is_family = matches!(row.role, Role::Guardian | Role::Subject);
            oversees || row.account == reader.account || !is_family
        };
        let look = |row: &AccessRow| Look {
            // A name of the family is not the officer's to know.
            name: name(row.account).filter(|_| !matches!(row.role, Role::Guardian | Role::Subject)),
            is_own: row.account == reader.account,
            role: row.role,
            service: row.service.clone(),
            what: looked(&row.what),
            why: match row.why.as_str() {
                TASK => Reason::Task,
                EMERGENCY => Reason::Emergency,
                words => Reason::Other(oversees.then(|| words.to_owned())),
            },
            at: row.at,
        };
        Ok(rows.iter().rev().filter(is_told).map(look).collect())
    }
}

fn looked(what: &str) -> Looked {
    match what {
        "print" => Looked::Print,
        "baton" => Looked::Baton,
        "transition" => Looked::Transition,
        "move" => Looked::Move,
        "package" => Looked::Package,
        _ if what.starts_with("consent") => Looked::Consents,
        _ => match what.strip_prefix(PREVIEW) {
            Some(areas) => Looked::Preview { areas: areas.split_whitespace().flat_map(str::parse).collect() },
            None => Looked::Log,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_at_is_told_by_its_sort_and_never_by_its_id() {
        let told = [
            ("case", Looked::Log),
            ("family", Looked::Log),
            ("looks", Looked::Log),
            ("entry 3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05", Looked::Log),
            ("print", Looked::Print),
            ("baton", Looked::Baton),
            ("transition", Looked::Transition),
            ("move", Looked::Move),
            ("package", Looked::Package),
            ("consents", Looked::Consents),
            (
                "preview of writing attendance language",
                Looked::Preview {
                    areas: ["attendance", "language"].map(|code| code.parse().expect("a code")).into(),
                },
            ),
            ("consent preview", Looked::Consents),
            ("consent 3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05", Looked::Consents),
        ];
        for (what, sort) in told {
            assert_eq!(looked(what), sort, "{what}");
        }
    }
}
