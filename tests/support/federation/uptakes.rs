//! A service's leader answers whether the service takes a case.

use stafett_protocol::grant::Grant;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::Write;
use stafett_protocol::uptake::{Uptake, UptakeAnswer};

use super::people::News;
use super::{CaseAt, Federation};
use crate::names::service_code;

impl Federation {
    /// Says that a service cannot take a case. Returns to how many grants that answers.
    pub fn decline(&mut self, node: OrganisationNumber, case: CaseAt, service: &str, why: &str) -> usize {
        let reason = why.parse().expect("a line");
        self.answer(node, case, service, &UptakeAnswer::CannotTake { reason })
    }

    /// Says that a service takes a case after all. Returns to how many grants that answers.
    pub fn take(&mut self, node: OrganisationNumber, case: CaseAt, service: &str) -> usize {
        self.answer(node, case, service, &UptakeAnswer::Taken)
    }

    fn answer(
        &mut self,
        node: OrganisationNumber,
        case: CaseAt,
        service: &str,
        answer: &UptakeAnswer,
    ) -> usize {
        let (now, store) = (self.now, &self.nodes[&node].store);
        let is_meant = |grant: &Grant| grant.case == case.case && grant.service == service_code(service);
        let grants = store.received.values().filter(|received| received.counts(now));
        let grants = grants.map(|received| &received.grant).filter(|grant| is_meant(grant));
        let uptakes = grants.map(|grant| {
            let before = store.said.get(&grant.grant).map(|(said, _)| said.said_at);
            Uptake::of(grant, answer.clone(), before, now)
        });
        let uptakes: Vec<Uptake> = uptakes.collect();
        let count = uptakes.len();
        let writes = uptakes.iter().cloned().map(Write::UptakeSaid).collect();
        self.commit_of_people(node, writes, &News { uptakes, ..News::default() });
        count
    }

    /// Returns why a partner's service cannot take a case, as the owner's node has it.
    pub fn declined(&self, case: CaseAt, partner: OrganisationNumber, service: &str) -> Option<String> {
        let store = &self.nodes[&case.owner].store;
        let heard = store.heard.values().map(stafett_protocol::signed::Verified::statement);
        let is_meant = |uptake: &&Uptake| {
            uptake.case == case.case && uptake.partner == partner && uptake.service == service_code(service)
        };
        let last = heard.filter(is_meant).max_by_key(|uptake| uptake.said_at)?;
        last.answer.reason().map(|reason| reason.as_str().to_owned())
    }
}
