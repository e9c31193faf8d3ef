//! The family is asked.

use stafett_protocol::consent::{Consent, ConsentKind, Controller};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::ConsentId;
use stafett_protocol::ledger::statement::Said;

use super::people::AskFor;
use super::{CaseAt, Federation};
use crate::names::areas;

impl Federation {
    /// Asks the family.
    pub fn ask(&mut self, case: CaseAt, ask: &AskFor<'_>) -> ConsentId {
        self.ask_for(case, ask, ConsentKind::Share)
    }

    /// Asks the family whether the case may move.
    pub fn ask_to_move(&mut self, case: CaseAt, ask: &AskFor<'_>) -> ConsentId {
        self.ask_for(case, ask, ConsentKind::Transfer)
    }

    fn ask_for(&mut self, case: CaseAt, ask: &AskFor<'_>, kind: ConsentKind) -> ConsentId {
        let label = self.next_label();
        let id = ConsentId::from_random(self.chance.half(format!("{label} consent")));
        let replaced = ask
            .supersedes
            .map(|replaced| &self.nodes[&case.owner].store.ledgers[&case.case].consents()[&replaced]);
        let consent = Consent {
            kind,
            version: replaced.map_or(1, |record| record.consent().version + 1),
            areas: areas(ask.areas),
            kinds: EntryKind::ALL.into_iter().filter(|kind| *kind != EntryKind::CaseCard).collect(),
            exceptions: ask.exceptions.iter().copied().collect(),
            direction: ask.direction,
            purpose: "Samarbeid om barnet.".to_owned(),
            supersedes: ask.supersedes,
            controller: Controller { organisation: ask.service.host, sector: ask.sector },
            ..Consent::sharing(id, ask.service.clone(), ask.from, ask.until)
        };
        self.say(case, &label, vec![Said::ConsentAsked { consent }]);
        id
    }
}
