//! Whether services take cases: one answer for each grant, the last one, until the grant ends.

use std::collections::BTreeMap;

use stafett_protocol::id::GrantId;
use stafett_protocol::link::snapshot::{HeardUptake, SaidUptake};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::Write;

use super::Store;

impl Store {
    pub(super) fn apply_uptake(&mut self, write: Write) {
        match write {
            Write::UptakeSaid(uptake) => {
                let received = self.received.get(&uptake.grant);
                let is_open = received.is_some_and(|received| received.ended_at.is_none());
                let known = self.said.get(&uptake.grant);
                if is_open && known.is_none_or(|(known, _)| known.said_at < uptake.said_at) {
                    self.said.insert(uptake.grant, (uptake, false));
                }
            }
            Write::UptakeKept { grant, said_at } => {
                if let Some((known, is_kept)) = self.said.get_mut(&grant) {
                    *is_kept |= known.said_at == said_at;
                }
            }
            Write::UptakeHeard(uptake) => {
                let statement = uptake.statement();
                let grant =
                    self.ledgers.get(&statement.case).and_then(|view| view.grants().get(&statement.grant));
                let is_open = grant.is_some_and(|grant| grant.ended_at.is_none());
                let known = self.heard.get(&statement.grant);
                if is_open && known.is_none_or(|known| known.statement().said_at < statement.said_at) {
                    self.heard.insert(statement.grant, uptake);
                }
            }
            other => self.apply_baton(other),
        }
    }

    pub(super) fn said_to(&self, owner: OrganisationNumber) -> BTreeMap<GrantId, SaidUptake> {
        let said = self.said.iter().filter(|(_, (uptake, _))| uptake.owner == owner);
        said.map(|(grant, (uptake, is_kept))| {
            (*grant, SaidUptake { uptake: uptake.clone(), is_kept: *is_kept, sent: false })
        })
        .collect()
    }

    pub(super) fn heard_from(&self, partner: OrganisationNumber) -> BTreeMap<GrantId, HeardUptake> {
        let heard = self.heard.iter().filter(|(_, uptake)| uptake.statement().partner == partner);
        heard
            .map(|(grant, uptake)| {
                (*grant, HeardUptake { uptake: uptake.statement().clone(), is_durable: true })
            })
            .collect()
    }
}
